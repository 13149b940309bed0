"""Every route of the project, found by walking the resolver, and how to ask for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

# Views of libraries that carry no mark of ours: route → audience, and why.
LIBRARY = {
    "api/schema": ("anyone", "the published description of the API"),
    "api/docs": ("anyone", "the same as a page"),
}
# What stands for a parameter when any value will do: nothing with this name exists.
SAMPLES = {
    "int": "999999",
    "slug": "none-such",
    "str": "none-such",
    "path": "none-such",
    "uuid": "00000000-0000-0000-0000-000000000000",
}


@dataclass(frozen=True)
class Route:
    """One way in: its path with <parameters>, its view, and for whom it is."""

    pattern: str
    view: Any
    name: str
    parameters: tuple[tuple[str, str], ...]

    @property
    def audience(self) -> tuple[str, str] | None:
        """("tenant", right), ("staff", right), ("person", ""), ("anyone", ""), ("key", scope) or None."""
        view = getattr(self.view, "cls", getattr(self.view, "view_class", self.view))
        scope = getattr(view, "scope", None)
        if scope is not None:
            return ("key", scope)
        said = getattr(self.view, "audience", None) or getattr(view, "audience", None)
        return said or ((LIBRARY[self.pattern][0], "") if self.pattern in LIBRARY else None)

    def path(self, **values: str) -> str:
        """The address; parameters not given are filled with samples."""
        path = "/" + self.pattern
        for name, kind in self.parameters:
            value = str(values.get(name, SAMPLES.get(kind, "none-such")))
            for spelled in (f"<{kind}:{name}>", f"<{name}>"):
                path = path.replace(spelled, value)
        return path

    @property
    def is_plain(self) -> bool:
        """Needs no parameter but the shop's slug."""
        return all(name == "slug" and self.pattern.startswith("t/") for name, _ in self.parameters)


def walk(resolver: URLResolver | None = None, prefix: str = "", held: tuple = ()) -> Iterator[Route]:
    for entry in (resolver or get_resolver()).url_patterns:
        pattern = prefix + str(entry.pattern)
        kinds = held
        if isinstance(entry.pattern, RoutePattern):
            kinds += tuple((name, kind_of(converter)) for name, converter in entry.pattern.converters.items())
        if isinstance(entry, URLResolver):
            yield from walk(entry, pattern, kinds)
        elif isinstance(entry, URLPattern):
            yield Route(pattern, entry.callback, entry.name or "", kinds)


def kind_of(converter: Any) -> str:
    return type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")


ALL = list(walk())


def of(*audiences: str) -> list[Route]:
    """Routes for one of these audiences that can be asked for (patterns by regular expression cannot)."""
    return [
        route
        for route in ALL
        if route.audience and route.audience[0] in audiences and not {"(", "^"} & set(route.pattern)
    ]
