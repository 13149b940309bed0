"""What the published schema says of the views of rows: methods, answers, statuses and examples."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema

from recommendations.api import examples, filters, sent, serializers

LIMIT = OpenApiParameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}, description="Rows of a page"
)
CURSOR = OpenApiParameter("cursor", str, description="next_cursor of the page before")


def many(name: str, of: type, sends: type, narrowing: tuple[filters.Filter, ...]) -> Callable[[type], type]:
    """Describes a list: GET and POST."""
    return with_methods(
        get=extend_schema(
            summary=f"List {name}",
            description=f"A page of the {name}, oldest first; next_cursor leads to the next page.",
            operation_id=f"{name}_list",
            parameters=[LIMIT, CURSOR, *(each.described for each in narrowing)],
            responses={200: serializers.listed(name, of)},
        ),
        post=extend_schema(
            summary=f"Send {name}",
            description=f"One object or up to 1,000. A row replaces what was known of its id; each row is answered, so "
            f"that one bad row of the {name} does not lose the others: 200 as soon as one could be taken, with the "
            "others refused by name in `results`; 400 when none could.",
            operation_id=f"{name}_send",
            request=sent.one_or_many(name, sends),
            responses={200: serializers.RowsTaken},
            examples=examples.sending(name),
        ),
    )


def one(name: str, of: type) -> Callable[[type], type]:
    """Describes one row: GET, PUT, PATCH and DELETE."""
    return with_methods(
        get=extend_schema(
            summary=f"Read one {name}",
            description="By the shop's own id.",
            operation_id=f"{name}_read",
            responses={200: of},
        ),
        put=extend_schema(
            summary=f"Replace one {name}",
            description=f"Makes the {name} what is sent, and makes it if there is none: what is left out takes its "
            "default. 409 when a newer state is stored.",
            operation_id=f"{name}_replace",
            request=sent.WHOLE[name],
            responses={200: of, 201: of},
        ),
        patch=extend_schema(
            summary=f"Change one {name}",
            description="Changes the named fields alone. They are merged with what is stored and checked as a whole; "
            "lists and objects are replaced whole. Two changes at once never undo each other.",
            operation_id=f"{name}_change",
            request=sent.PART[name],
            responses={200: of},
            examples=examples.changing(name),
        ),
        delete=extend_schema(
            summary=f"Delete one {name}",
            description=_DELETED[name] + " Deleting it again is a 404.",
            operation_id=f"{name}_delete",
            request=None,
            responses={204: None},
        ),
    )


_DELETED = {
    "product": "What was bought of it stays in the orders.",
    "customer": "The orders stay, and are nobody's.",
    "order": "With its lines; what it brought is taken out of the figures.",
}


def with_methods(**decorated: Callable[..., Any]) -> Callable[[type], type]:
    def describe(view: type) -> type:
        for method, decorate in decorated.items():
            setattr(view, method, decorate(_own(view, method)))
        return view

    return describe


def _own(view: type, method: str) -> Callable[..., Any]:
    """The view's own copy of a handler, so that describing one view says nothing of its sisters."""
    inherited = getattr(view, method)

    def handler(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        return inherited(self, request, *args, **kwargs)

    handler.__name__ = method
    return handler
