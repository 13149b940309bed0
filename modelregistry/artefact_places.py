"""Where artefacts lie: the folder of every version by scope, model and tenant; names that leave it are refused."""

from __future__ import annotations

import re
from pathlib import Path

NAME = re.compile(r"[a-z0-9_-]{1,64}")
# Folders by scope: isolated models lie apart from those of the common training.
SCOPES = {"tenant": "tenant_models", "shared": "shared_models"}
# Where the folders of versions lie, as globs under the root.
HOMES = ("shared/*", *(f"{folder}/*/*" for folder in SCOPES.values()))
_FOLDERS = "|".join(SCOPES.values())
_PLACE = re.compile(
    rf"(?:(?:{_FOLDERS})/{NAME.pattern}|shared)/{NAME.pattern}/(?P<number>[1-9][0-9]{{0,17}})(?:\.[0-9a-f]{{1,64}})?"
)


def path_of(root: Path, *, tenant: str | None, model: str, version: int, scope: str = "tenant") -> Path:
    """Where an artefact lies: a tenant's by its scope (SCOPES), or everybody's where tenant is None."""
    check_name("model", model)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError(f"version must be a positive whole number, not {version!r}")
    if tenant is None:
        return root / "shared" / model / str(version)
    check_name("tenant", tenant)
    return root / SCOPES[scope] / model / tenant / str(version)


def is_place(text: str) -> bool:
    """Whether this is what `path_of` or `save_again` would make of a version, relative to the root."""
    return _PLACE.fullmatch(text) is not None


def number_in(place: str) -> int:
    """The number of the version that lies at a place."""
    found = _PLACE.fullmatch(place)
    if found is None:
        raise ValueError(f"{place!r} is no place of an artefact")
    return int(found["number"])


def home_of(*, tenant: str | None, model: str, scope: str = "tenant") -> str:
    """The folder of all versions, relative to the root."""
    return path_of(Path(), tenant=tenant, model=model, version=1, scope=scope).parent.as_posix()


def scope_of(relative: str) -> str:
    """The scope under which an artefact lies, from its path in the models directory."""
    folder = relative.partition("/")[0]
    return next((scope for scope, name in SCOPES.items() if name == folder), "shared")


def check_name(what: str, name: str) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"{what} must be 1 to 64 of a-z, 0-9, _ and -, not {name!r}")
