"""Products, customers and orders over the API: send, list, read, replace, change, delete."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.response import Response

from luxebrain.lib import problems
from recommendations import rows, shapes
from recommendations.api import bodies, described, filters, paging, sent, serializers
from tenants.api.base import TenantView


class ListView(TenantView):
    """Sends and lists rows of one kind."""

    http_method_names = ["get", "post", "options"]
    scope = {"GET": "catalogue:read", "POST": "catalogue:write"}
    meter = "catalogue"
    kind: rows.Kind
    narrowing: tuple[filters.Filter, ...] = ()

    def get(self, request: Any) -> Response:
        allowed = ["limit", "cursor", *(each.name for each in self.narrowing)]
        given = bodies.query(request.query_params, allowed=allowed)
        found, following = paging.page(
            filters.narrowed(self.kind.of(self.tenant), self.narrowing, given),
            tenant_id=self.tenant.pk,
            kind=self.kind.name,
            cursor=given.get("cursor"),
            limit=bodies.limit(given.get("limit")),
        )
        return Response({self.kind.name: self.kind.told(self.tenant, found), "next_cursor": following})

    def post(self, request: Any) -> HttpResponse:
        bodies.query(request.query_params, allowed=())
        given = bodies.rows(request._request, name=self.kind.name, most=shapes.MAX_ROWS)
        results = self.kind.take(self.tenant, given, now=timezone.now())
        counts = {
            "kept": sum(result["status"] in ("created", "updated") for result in results),
            "unchanged": sum(result["status"] == "unchanged" for result in results),
            "refused": sum(result["status"] == "refused" for result in results),
        }
        if counts["refused"] == len(results):
            errors = [{"index": r["index"], **error} for r in results for error in r["errors"]]
            return problems.respond(
                request._request,
                status=400,
                code="invalid",
                detail="No row could be taken.",
                errors=errors,
                results=results,
                **counts,
            )
        return Response({**counts, "results": results, "request_id": request._request.request_id})


class OneView(TenantView):
    """One row by the shop's own id; a stranger's is as unknown as one that never was."""

    http_method_names = ["get", "put", "patch", "delete", "options"]
    scope = {
        "GET": "catalogue:read", "PUT": "catalogue:write", "PATCH": "catalogue:write", "DELETE": "catalogue:write",
    }  # fmt: skip
    meter = "catalogue"
    kind: rows.Kind

    def get(self, request: Any, external_id: str) -> Response:
        bodies.query(request.query_params, allowed=())
        return Response(self.kind.tell(self.tenant, external_id))

    def put(self, request: Any, external_id: str) -> Response:
        given = self._body(request)
        told, is_new = rows.replace(self.tenant, self.kind, external_id, given, now=timezone.now())
        return Response(told, status=201 if is_new else 200)

    def patch(self, request: Any, external_id: str) -> Response:
        given = self._body(request)
        return Response(rows.change(self.tenant, self.kind, external_id, given, now=timezone.now()))

    def delete(self, request: Any, external_id: str) -> Response:
        bodies.query(request.query_params, allowed=())
        rows.delete(self.tenant, self.kind, external_id)
        return Response(status=204)

    def _body(self, request: Any) -> Any:
        bodies.query(request.query_params, allowed=())
        return bodies.read(request._request)


@described.many("products", serializers.Product, sent.Product, filters.PRODUCTS)
class ProductsView(ListView):
    kind, narrowing = rows.PRODUCTS, filters.PRODUCTS


@described.one("product", serializers.Product)
class ProductView(OneView):
    kind = rows.PRODUCTS


@described.many("customers", serializers.Customer, sent.Customer, filters.CUSTOMERS)
class CustomersView(ListView):
    kind, narrowing = rows.CUSTOMERS, filters.CUSTOMERS


@described.one("customer", serializers.Customer)
class CustomerView(OneView):
    kind = rows.CUSTOMERS


@described.many("orders", serializers.Order, sent.Order, filters.ORDERS)
class OrdersView(ListView):
    kind, narrowing = rows.ORDERS, filters.ORDERS


@described.one("order", serializers.Order)
class OrderView(OneView):
    kind = rows.ORDERS
