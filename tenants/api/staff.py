"""Base of the API for the platform's staff, under /api/admin/: signed in by session, by right of the platform."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.views import APIView

from luxebrain.lib import jsonbody
from luxebrain.lib.problems import Forbidden, NotFound, Problem
from tenants import tenancy
from tenants.access import PLATFORM_RIGHTS
from tenants.models import Tenant

Kind = Callable[[Any], Any]  # returns the value, or raises ValueError with a sentence


class StaffSession(SessionAuthentication):
    """The session of the back office; writes carry its CSRF token in X-CSRFToken."""

    def authenticate_header(self, request: Any) -> str:
        return "Session"


class StaffMay(BasePermission):
    """The platform role must have the right that the view names."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if request.user is None:
            return False
        rights = PLATFORM_RIGHTS.get(request.user.platform_role, frozenset())
        if not rights:
            raise Forbidden("This is for the platform's staff.")
        if view.audience[1] not in rights:
            raise Forbidden("Your platform role is read only.")
        return True


class StaffView(APIView):
    """Subclasses set `audience = ("staff", right)`. Tenants are named by slug and reached as the operators do."""

    authentication_classes = [StaffSession]
    permission_classes = [StaffMay]
    audience = ("staff", "platform.write")
    accepts = "anything"  # who asks is looked at before the body is; `sent` reads it as strictly

    def tenant(self, slug: str) -> Tenant:
        """Raises NotFound."""
        found = tenancy.named(slug)
        if found is None:
            raise NotFound("There is no such shop.")
        return found

    def sent(self, needed: Mapping[str, Kind], optional: Mapping[str, Kind] | None = None) -> dict[str, Any]:
        """The fields of the JSON body and no others. Raises Problem with a reason per field."""
        body = jsonbody.body(self.request._request)
        if type(body) is not dict:
            raise Problem("Send one JSON object.")
        return read(body, needed, optional or {})


def read(given: Mapping[str, Any], needed: Mapping[str, Kind], optional: Mapping[str, Kind]) -> dict[str, Any]:
    """The named values of `given`, each through its kind. Raises Problem with a reason per field."""
    wrong = {str(name)[:60]: "There is no such field." for name in given if name not in {*needed, *optional}}
    wrong |= {name: "Send this field." for name in needed if name not in given}
    found = {}
    for name, kind in {**needed, **optional}.items():
        if name in given:
            try:
                found[name] = kind(given[name])
            except ValueError as error:
                wrong[name] = str(error)
    if wrong:
        raise Problem("Some fields are not right.", fields=wrong)
    return found


def text(most: int, *, least: int = 1) -> Kind:
    def check(value: Any) -> str:
        if type(value) is not str or not least <= len(value.strip()) <= most or not value.isprintable():
            raise ValueError(f"Must be text of {least} to {most} visible characters.")
        return value.strip()

    return check


def moment(value: Any) -> datetime:
    """An instant of this age with its offset."""
    try:
        found = parse_datetime(value) if type(value) is str else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1970 <= found.year <= 2200:
        raise ValueError("Must be a time with an offset, such as 2026-05-01T12:00:00Z.")
    return found


def whole(least: int, most: int) -> Kind:
    def check(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"Must be a whole number from {least} to {most}.")
        return value

    return check
