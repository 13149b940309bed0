"""Products, customers and orders over the API: send, list, read, delete."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from luxebrain.lib import problems
from recommendations import fields, ingest, shapes
from recommendations.api import bodies, paging, serializers
from tenants.api.base import TenantView

_PARAMETERS = [
    OpenApiParameter("limit", int, description="1 to 100; 50 when left out"),
    OpenApiParameter("cursor", str, description="next_cursor of the page before"),
    OpenApiParameter("updated_since", str, description="Only rows changed since this time (with an offset)"),
]
_SEARCH = OpenApiParameter("search", str, description="Only products whose title contains this")


def schema(name: str, of: type, *, search: bool = False, one: bool = False) -> Callable[[type], type]:
    """Describes a list view, or the view of one row."""

    def describe(view: type) -> type:
        handlers: dict[str, Any] = {}
        if one:
            handlers["get"] = extend_schema(
                summary=f"Read one of the {name}", description="By the shop's own id.", responses={200: of}
            )
            if hasattr(view, "delete"):
                handlers["delete"] = extend_schema(
                    summary=f"Delete one of the {name}",
                    description="What was bought of it stays in the orders.",
                    responses={204: None},
                )
        else:
            handlers["get"] = extend_schema(
                summary=f"List {name}",
                description=f"A page of the {name}, oldest first; next_cursor leads to the next page.",
                operation_id=f"{name}_list",
                parameters=[*_PARAMETERS, *([_SEARCH] if search else [])],
                responses={200: serializers.listed(name, of)},
            )
            handlers["post"] = extend_schema(
                summary=f"Send {name}",
                description=f"One object or up to 1,000. A row replaces what was known of its id; "
                f"each row is answered, so that one bad row of the {name} does not lose the others.",
                request=serializers.one_or_many(name, of),
                responses={200: serializers.RowsTaken},
            )
        for method, decorate in handlers.items():
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


class ListView(TenantView):
    """Sends and lists rows of one kind."""

    http_method_names = ["get", "post", "options"]
    scope = {"GET": "catalogue:read", "POST": "catalogue:write"}
    kind = ""
    searchable = False

    def rows(self) -> QuerySet:
        raise NotImplementedError

    def shown(self, rows: list[Any]) -> list[dict[str, Any]]:
        raise NotImplementedError

    def get(self, request: Any) -> Response:
        allowed = ["limit", "cursor", "updated_since", *(["search"] if self.searchable else [])]
        given = bodies.query(request.query_params, allowed=allowed)
        rows = self.rows()
        if "updated_since" in given:
            rows = rows.filter(updated_at__gte=_moment(given["updated_since"], "updated_since"))
        if given.get("search"):
            rows = rows.filter(title__icontains=given["search"])
        found, following = paging.page(
            rows,
            tenant_id=self.tenant.pk,
            kind=self.kind,
            cursor=given.get("cursor"),
            limit=bodies.limit(given.get("limit")),
        )
        return Response({self.kind: self.shown(found), "next_cursor": following})

    def post(self, request: Any) -> HttpResponse:
        rows = bodies.rows(request._request, name=self.kind, most=shapes.MAX_ROWS)
        results = getattr(ingest, self.kind)(self.tenant, rows, now=timezone.now())
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
    """Reads one row by the shop's own id; a stranger's is as unknown as one that never was."""

    http_method_names = ["get", "options"]
    scope: Any = {"GET": "catalogue:read"}
    listing: type[ListView]

    def get(self, request: Any, external_id: str) -> Response:
        bodies.query(request.query_params, allowed=())
        listing = self.listing()
        listing.tenant = self.tenant
        row = listing.rows().filter(external_id=_known(external_id)).first()
        if row is None:
            raise problems.NotFound("There is nothing here, or it is not yours.")
        return Response(listing.shown([row])[0])


def _known(external_id: str) -> str:
    try:
        return fields.identifier(external_id.removesuffix("/"))
    except fields.Refused:
        raise problems.NotFound("There is nothing here, or it is not yours.") from None


def _moment(text: str, name: str) -> Any:
    try:
        return fields.moment(text.replace(" ", "+"))  # a + in a query is a space to those who forget to encode it
    except fields.Refused as refused:
        raise problems.Problem("A parameter is not right.", fields={name: refused.message}) from None


def _time(value: Any) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None


@schema("products", serializers.Product, search=True)
class ProductsView(ListView):
    kind, searchable = "products", True

    def rows(self) -> QuerySet:
        return self.tenant.products.all()

    def shown(self, rows: list[Any]) -> list[dict[str, Any]]:
        return [
            {
                "id": row.external_id,
                "title": row.title,
                "description": row.description,
                "url": row.url,
                "image_url": row.image_url,
                "price": None if row.price is None else str(row.price),
                "currency": row.currency,
                "categories": row.categories,
                "brand": row.brand,
                "tags": row.tags,
                "attributes": row.attributes,
                "stock": row.stock,
                "published": row.is_published,
                "updated_at": _time(row.source_updated_at),
            }
            for row in rows
        ]


@schema("customers", serializers.Customer)
class CustomersView(ListView):
    kind = "customers"

    def rows(self) -> QuerySet:
        return self.tenant.customers.all()

    def shown(self, rows: list[Any]) -> list[dict[str, Any]]:
        return [
            {
                "id": row.external_id,
                "country": row.country,
                "attributes": row.attributes,
                "updated_at": _time(row.source_updated_at),
            }
            for row in rows
        ]


@schema("orders", serializers.Order)
class OrdersView(ListView):
    kind = "orders"

    def rows(self) -> QuerySet:
        return self.tenant.orders.select_related("customer")

    def shown(self, rows: list[Any]) -> list[dict[str, Any]]:
        lines: dict[int, list[dict[str, Any]]] = {}
        for line in self.tenant.order_lines.filter(order_id__in=[row.pk for row in rows]).order_by("position"):
            lines.setdefault(line.order_id, []).append(
                {
                    "product_id": line.product_external_id,
                    "quantity": line.quantity,
                    "unit_price": str(line.unit_price),
                }
            )
        return [
            {
                "id": row.external_id,
                "customer_id": row.customer.external_id if row.customer else "",
                "session_id": row.session_id,
                "status": row.state,
                "currency": row.currency,
                "total": str(row.total),
                "ordered_at": _time(row.ordered_at),
                "lines": lines.get(row.pk, []),
                "updated_at": _time(row.source_updated_at),
            }
            for row in rows
        ]


@schema("products", serializers.Product, one=True)
class ProductView(OneView):
    http_method_names = ["get", "delete", "options"]
    scope = {"GET": "catalogue:read", "DELETE": "catalogue:write"}
    listing = ProductsView

    def delete(self, request: Any, external_id: str) -> Response:
        if not ingest.delete_product(self.tenant, _known(external_id)):
            raise problems.NotFound("There is nothing here, or it is not yours.")
        return Response(status=204)


@schema("customers", serializers.Customer, one=True)
class CustomerView(OneView):
    listing = CustomersView


@schema("orders", serializers.Order, one=True)
class OrderView(OneView):
    listing = OrdersView
