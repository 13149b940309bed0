"""Roles and what each may do; who is a member of which shop; the guards of the pages."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse

from tenants import tenancy
from tenants.models import Tenant, User

_READ = {
    "overview.read", "recommendations.read", "models.read", "catalogue.read", "usage.read", "team.read", "alerts.read",
}
RIGHTS: dict[str, frozenset[str]] = {
    "analyst": frozenset(_READ | {"models.train", "batch.write"}),
    "developer": frozenset(
        _READ
        | {"keys.read", "keys.write", "catalogue.write", "data.export", "models.train", "recommendations.write"}
        | {"batch.write", "alerts.write"}
    ),
    "owner": frozenset(
        _READ
        | {"keys.read", "keys.write", "catalogue.write", "data.export", "models.train", "models.write", "team.write"}
        | {"settings.write", "privacy.write", "recommendations.write", "batch.write", "alerts.write", "audit.read"}
    ),
}
PLATFORM_RIGHTS: dict[str, frozenset[str]] = {
    "analyst": frozenset({"platform.read"}),
    "operator": frozenset({"platform.read", "platform.write"}),
}


@dataclass(frozen=True, slots=True)
class Member:
    """A person's membership, with what a menu needs to know of the shop."""

    tenant_id: int
    slug: str
    name: str
    state: str
    role: str
    plan: str

    def may(self, right: str) -> bool:
        return right in RIGHTS.get(self.role, frozenset())


def may_operate(request: Any) -> bool:
    """Whether this person may change things of the platform, or only look; of somebody on its staff."""
    return "platform.write" in PLATFORM_RIGHTS.get(request.user.platform_role, frozenset())


def memberships(user: User) -> list[Member]:
    """All shops of a person: asked before any tenant is entered, so through a look-up of its own."""
    with connections["default"].cursor() as cursor:
        cursor.execute("select tenant_id, slug, name, state, role, plan from auth_memberships(%s)", [user.pk])
        return [Member(*row) for row in cursor.fetchall()]


def membership(user: User, *, slug: str) -> Member | None:
    return next((member for member in memberships(user) if member.slug == slug), None)


def tenant_page(*, may: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page of the tenant panel: TenantMiddleware has entered the tenant; the role must have `may`."""

    def guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.tenant is None:
                raise Http404
            kwargs.pop("slug", None)
            if not request.membership.may(may):
                raise PermissionDenied("Your role does not allow this. Ask an owner of the shop.")
            return view(request, *args, **kwargs)

        guarded.audience = ("tenant", may)  # type: ignore[attr-defined]
        return guarded

    return guard


def staff_page(*, may: str = "platform.read") -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page of the back office: 404 for everybody who is not on the platform's staff."""

    def guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            rights = PLATFORM_RIGHTS.get(request.user.platform_role, frozenset())
            if not rights:
                raise PermissionDenied("This page is for the platform's staff.")
            if may not in rights:
                raise PermissionDenied("Your platform role is read only.")
            return view(request, *args, **kwargs)

        guarded.audience = ("staff", may)  # type: ignore[attr-defined]
        return guarded

    return guard


def shop_named(slug: str) -> Tenant:
    """The shop that an address of the back office names. Raises Http404."""
    found = tenancy.named(slug)
    if found is None:
        raise Http404
    return found


def anyone(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Marks a page that needs nobody signed in."""
    view.audience = ("anyone", "")  # type: ignore[attr-defined]
    return view


def person_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the signed-in person's own: their account, not a shop's."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.audience = ("person", "")  # type: ignore[attr-defined]
    return guarded
