"""Placements and rules over the API: list, make, read, change, remove."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from luxebrain.lib.problems import NotFound, Problem
from recommendations import placements, queries, rules
from recommendations.api import bodies, control_schemas, paging
from recommendations.models import Placement, Rule
from recommendations.told import time
from tenants.api.base import TenantView

_GONE = "There is nothing here, or it is not yours."
_COLUMNS = {"active": "is_active", "type": "kind"}  # field of the API: column, where they differ
_KEYS = {"code": "code", "rule_id": "pk"}  # parameter of the address: column


def told_placement(row: Placement) -> dict[str, Any]:
    told = {name: getattr(row, _COLUMNS.get(name, name)) for name in control_schemas.PLACEMENT}
    return {**told, "type": queries.SPOKEN.get(row.kind, row.kind), "updated_at": time(row.updated_at)}


def told_rule(row: Rule) -> dict[str, Any]:
    told = {name: getattr(row, _COLUMNS.get(name, name)) for name in control_schemas.RULE}
    now = timezone.now()
    return {
        "id": row.pk, **told, "owner": row.owner.email if row.owner else None, "state": rules.state_of(row, now),
        "starts_at": time(row.starts_at), "ends_at": time(row.ends_at), "updated_at": time(row.updated_at),
    }  # fmt: skip


def given(request: Any, names: dict[str, Any]) -> dict[str, Any]:
    """The body as columns; fields that there are not are told by name. Raises Problem."""
    values = {_COLUMNS.get(name, name): value for name, value in bodies.known(request, names).items()}
    if "kind" in values:
        if not isinstance(values["kind"], str) or values["kind"] not in queries.KINDS:
            raise Problem(
                "Some fields are not right.", fields={"type": f"Must be one of {', '.join(queries.spoken())}."}
            )
        values["kind"] = queries.KINDS[values["kind"]]
    return values


def spoken(problem: Problem) -> Problem:
    """The same with the fields as the API calls them."""
    names = {column: name for name, column in _COLUMNS.items()}
    for error in problem.errors:
        error["field"] = names.get(error["field"], error["field"])
    return problem


class _Many(TenantView):
    http_method_names = ["get", "post", "options"]
    scope = {"GET": "control:read", "POST": "control:write"}
    plural = ""

    def get(self, request: Any) -> Response:
        asked = bodies.query(request.query_params, allowed=("limit", "cursor"))
        found, following = paging.page(
            self.rows(), tenant_id=self.tenant.pk, kind=self.plural, cursor=asked.get("cursor"),
            limit=bodies.limit(asked.get("limit")),
        )  # fmt: skip
        return Response({self.plural: [self.told(row) for row in found], "next_cursor": following})

    def post(self, request: Any) -> Response:
        values = given(request, self.fields)
        try:
            row = self.use.create(self.tenant, by=f"key {request.auth.label}", **values)
        except Problem as problem:
            raise spoken(problem) from None
        return Response(self.told(row), status=201)


class _One(TenantView):
    http_method_names = ["get", "patch", "delete", "options"]
    scope = {"GET": "control:read", "PATCH": "control:write", "DELETE": "control:write"}

    def get(self, request: Any, **which: Any) -> Response:
        bodies.query(request.query_params, allowed=())
        return Response(self.told(self.find(which)))

    def patch(self, request: Any, **which: Any) -> Response:
        values = given(request, self.fields)
        row = self.find(which)
        if not values:
            raise Problem("Name at least one field to change.")
        try:
            changed = self.use.update(self.tenant, row, by=f"key {request.auth.label}", **values)
        except Problem as problem:
            raise spoken(problem) from None
        return Response(self.told(changed))

    def delete(self, request: Any, **which: Any) -> Response:
        bodies.query(request.query_params, allowed=())
        self.use.remove(self.tenant, self.find(which), by=f"key {request.auth.label}")
        return Response(status=204)

    def find(self, which: dict[str, Any]) -> Any:
        """The row, locked when it is to be written. Raises NotFound."""
        if not all(str(value).isprintable() for value in which.values()):
            raise NotFound(_GONE)
        rows = self.rows()
        if self.request.method != "GET":
            rows = rows.select_for_update(of=("self",))
        row = rows.filter(**{_KEYS[name]: value for name, value in which.items()}).first()
        if row is None:
            raise NotFound(_GONE)
        return row


class _OfPlacements:
    plural, use, fields = "placements", placements, control_schemas.PLACEMENT
    told = staticmethod(told_placement)

    def rows(self) -> Any:
        return self.tenant.placements.all()  # type: ignore[attr-defined]


class _OfRules:
    plural, use, fields = "rules", rules, control_schemas.RULE
    told = staticmethod(told_rule)

    def rows(self) -> Any:
        return self.tenant.rules.select_related("owner")  # type: ignore[attr-defined]


@control_schemas.many("placement")
class PlacementsView(_OfPlacements, _Many):
    """All placements of a shop."""


@control_schemas.one("placement", parameter=OpenApiParameter("code", str, OpenApiParameter.PATH))
class PlacementView(_OfPlacements, _One):
    """One placement by its code."""


@control_schemas.many("rule")
class RulesView(_OfRules, _Many):
    """All rules of a shop."""


@control_schemas.one("rule", parameter=OpenApiParameter("rule_id", int, OpenApiParameter.PATH))
class RuleView(_OfRules, _One):
    """One rule by its id."""
