"""The parts of the overview pages: each is computed, drawn and failing on its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from tenants import errors

Compute = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Card:
    """A part: its name in the address, what computes its context, and the template that draws it."""

    name: str
    compute: Compute
    template: str


def show(request: HttpRequest, card: Card, *args: Any, alias: str = "default", **context: Any) -> SafeString:
    """The card's markup. Raises what the card raises: the address of a single card answers with 500."""
    with transaction.atomic(using=alias):  # a failing query must not take the page's transaction with it
        return render_to_string(card.template, {**context, **card.compute(*args), "card": card}, request)


def guard(request: HttpRequest, card: Card, *args: Any, alias: str = "default", **context: Any) -> SafeString:
    """The card's markup, or a card that says it could not be loaded: the rest of the page stands."""
    try:
        return show(request, card, *args, alias=alias, **context)
    except Exception as error:  # noqa: BLE001  (the door at which a card's failure stops)
        error_id = errors.record(
            error,
            source="web",
            request_id=getattr(request, "request_id", ""),
            tenant_id=getattr(getattr(request, "tenant", None), "pk", None),
            user_id=getattr(request.user, "pk", None),
            method=request.method or "",
            path=f"{request.path}#{card.name}",
        )
        return render_to_string("home/broken.html", {"error_id": error_id, "request_id": request.request_id}, request)  # type: ignore[attr-defined]
