"""Saved audiences over the API: list, save, read with their count, change, remove; and a rule counted alone."""

from typing import Any

from rest_framework.response import Response

from luxebrain.lib.problems import NotFound, Problem
from recommendations import audience_files, audience_looks, audiences, saved_audiences
from recommendations.api import audience_schemas, bodies, paging
from recommendations.models import Audience
from recommendations.told import time
from tenants.api.base import TenantView

FILENAME = "sent ids"
SAMPLE = 3


def told(row: Audience, *, is_listed: bool = False) -> dict[str, Any]:
    asked, ids = dict(row.asked), row.size
    if "ids" in asked:
        ids = len(asked["ids"])
        if is_listed:
            del asked["ids"]
    return {
        "id": row.pk, "name": row.name, "audience": asked, "ids": ids, "filename": row.filename or None,
        "created_by": row.maker, "created_at": time(row.created_at), "changed_at": time(row.changed_at),
    }  # fmt: skip


def counted(look: audience_looks.Look) -> dict[str, Any]:
    return {"n": look.n, "is_more": look.is_more, "reason": look.why or None}


def whose(body: dict[str, Any]) -> dict[str, Any]:
    """What the use cases take for a rule or for ids; nothing where neither is named. Raises Problem."""
    if "audience" in body and "customer_ids" in body:
        raise Problem("Some fields are not right.", fields={"customer_ids": "Send audience or customer_ids."})
    if "customer_ids" in body:
        ids = audience_files.sent(body["customer_ids"], field="customer_ids", most=audience_schemas.MOST_IDS)
        return {"ids": ids, "filename": FILENAME}
    return {"asked": body["audience"]} if "audience" in body else {}


class SavedView(TenantView):
    """Views of saved audiences; `key` is who asks, for the audit trail."""

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.key = f"key {request.auth.label}"

    def answer(self, row: Audience, *, status: int = 200, **more: Any) -> Response:
        look = audience_looks.look(self.tenant, {"kind": "saved", "id": row.pk})
        return Response({**told(row), "customers": counted(look), **more}, status=status)

    def find(self, audience_id: int) -> Audience:
        """Raises NotFound, for a stranger's audience too."""
        if audience_id >= 2**63:
            raise NotFound("There is no such audience.")
        return saved_audiences.find(self.tenant, audience_id, to_change=self.request.method != "GET")


@audience_schemas.many
class AudiencesView(SavedView):
    """All saved audiences of a shop, and a new one."""

    http_method_names = ["get", "post", "options"]
    scope = {"GET": "batch:read", "POST": "batch:write"}

    def get(self, request: Any) -> Response:
        asked = bodies.query(request.query_params, allowed=("limit", "cursor"))
        found, following = paging.page(
            saved_audiences.named(self.tenant).select_related("created_by"), tenant_id=self.tenant.pk,
            kind="audiences", cursor=asked.get("cursor"), limit=bodies.limit(asked.get("limit")),
        )  # fmt: skip
        return Response({"audiences": [told(row, is_listed=True) for row in found], "next_cursor": following})

    def post(self, request: Any) -> Response:
        body = bodies.known(request, audience_schemas.FIELDS)
        what = whose(body)
        if not what:
            raise Problem("Some fields are not right.", fields={"audience": "Send audience or customer_ids."})
        keep = saved_audiences.keep_ids if "ids" in what else saved_audiences.save
        name = body.get("name")
        return self.answer(keep(self.tenant, name="" if name is None else name, by=self.key, **what), status=201)


@audience_schemas.one
class AudienceView(SavedView):
    """One saved audience by its id."""

    http_method_names = ["get", "patch", "delete", "options"]
    scope = {"GET": "batch:read", "PATCH": "batch:write", "DELETE": "batch:write"}

    def get(self, request: Any, audience_id: int) -> Response:
        bodies.query(request.query_params, allowed=())
        return self.answer(self.find(audience_id))

    def patch(self, request: Any, audience_id: int) -> Response:
        body = bodies.known(request, audience_schemas.FIELDS)
        row = self.find(audience_id)
        if not body:
            raise Problem("Name at least one field to change.")
        what = whose(body)
        return self.answer(
            saved_audiences.change(self.tenant, row, name=body.get("name", row.name), by=self.key, **what)
        )

    def delete(self, request: Any, audience_id: int) -> Response:
        bodies.query(request.query_params, allowed=())
        bodies.nothing(request._request)
        saved_audiences.remove(self.tenant, self.find(audience_id).pk, by=self.key)
        return Response(status=204)


class AudienceCountView(SavedView):
    """How many customers a rule finds, before it is saved."""

    http_method_names = ["post", "options"]
    scope = {"POST": "batch:read"}

    @audience_schemas.count
    def post(self, request: Any) -> Response:
        asked = audiences.read(self.tenant, bodies.known(request, ("audience",)).get("audience"))
        look = audience_looks.look(self.tenant, asked, sample=SAMPLE)
        return Response({"audience": asked, "customers": counted(look), "sample": look.sample})
