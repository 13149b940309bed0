"""Builders with sensible defaults: make.tenant, make.member, make.key, make.product, make.order …"""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone

from tenants import api_keys, tenancy
from tenants.models import Tenant, User

PASSWORD = "correct horse battery"
_numbers = count(1)


def tenant(slug: str = "", **fields: Any) -> Tenant:
    """A shop as the operators see it (alias "ops"): its rows can be made and read without a context."""
    slug = slug or f"shop-{next(_numbers)}"
    plan = fields.pop("plan", "growth")
    row = Tenant(slug=slug, name=fields.pop("name", slug.title()), plan_id=plan, **fields)
    row.save(using="ops")
    return row


def user(name: str, **fields: Any) -> User:
    from allauth.account.models import EmailAddress

    email = fields.pop("email", f"{name}@example.com")
    person = User.objects.create_user(email, fields.pop("password", PASSWORD), name=name.title(), **fields)
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    return person


def member(of: Tenant, name: str, *, role: str = "owner") -> User:
    person = user(name)
    of.memberships.create(user=person, role=role)
    return person


def key(of: Tenant, *, kind: str = "sk", mode: str = "live", **options: Any) -> str:
    """The secret of a new key."""
    if kind == "pk":
        options.setdefault("origins", ["https://shop.example"])
    return api_keys.issue(of, name="test", kind=kind, mode=mode, by=None, **options)[1]


def product(of: Tenant, external_id: str = "", **fields: Any) -> Any:
    external_id = external_id or f"p-{next(_numbers)}"
    fields.setdefault("title", f"Product {external_id}")
    fields.setdefault("price", Decimal("10.00"))
    fields.setdefault("currency", of.currency)
    return of.products.create(external_id=external_id, **fields)


def customer(of: Tenant, external_id: str = "") -> Any:
    return of.customers.create(external_id=external_id or f"c-{next(_numbers)}")


def order(of: Tenant, products: list[str], *, customer: Any = None, days_ago: float = 1, **fields: Any) -> Any:
    """An order with one line per product id at 10.00."""
    row = of.orders.create(
        external_id=fields.pop("external_id", f"o-{next(_numbers)}"),
        customer=customer,
        currency=of.currency,
        total=Decimal(10 * len(products)),
        ordered_at=timezone.now() - timedelta(days=days_ago),
        **fields,
    )
    for position, name in enumerate(products):
        of.order_lines.create(
            order=row, position=position, product_external_id=name, quantity=1, unit_price=Decimal("10.00")
        )
    return row


@contextmanager
def inside(of: Tenant):
    """The tenant as the application sees it: entered, through the role that policies bind."""
    with tenancy.enter(of.pk) as entered:
        yield entered


class Api:
    """The public API as a shop's server speaks it."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.client = Client(raise_request_exception=False)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        options: dict[str, Any] = {"headers": {"authorization": f"Bearer {self.secret}", **headers}}
        if body is not None:
            options |= {"data": body, "content_type": "application/json"}
        return getattr(self.client, method.lower())(path, **options)

    def get(self, path: str, **headers: str) -> Any:
        return self("get", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("post", path, {} if body is None else body, **headers)
