"""The demo's shops are opened: by sign-up as any shop, with their people and keys."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from demo import cast, dataset, keys, people
from tenants import profile, signup
from tenants.models import Tenant


def open_shops(shops: Iterable[cast.Shop]) -> tuple[dict[str, Tenant], int]:
    """Every demo shop by slug, and how many of them are new."""
    for person in cast.PEOPLE:
        if person.is_staff:
            people.ensure(person)
    found = people.shops()
    opened = [shop for shop in shops if shop.slug not in found]
    for shop in opened:
        found[shop.slug] = sign_up(shop)
    return found, len(opened)


def sign_up(shop: cast.Shop) -> Tenant:
    owner = people.owner(shop)
    facts = {"name": shop.name, "currency": dataset.CURRENCY, "time_zone": shop.time_zone}
    tenant = signup.open(slug=shop.slug, plan=shop.plan, owner=owner, by=None, **facts)
    profile.update(tenant, **facts, website=cast.SOURCE_PAGE, by=owner)
    tenant.is_demo = True
    tenant.save(update_fields=["is_demo"])
    return tenant


def furnish(tenant: Tenant, shop: cast.Shop, *, base_url: str) -> None:
    """Its people and keys, for a storefront at this address."""
    for person in cast.PEOPLE:
        if person.shop == shop.slug:
            people.join(tenant, person)
    keys.ensure(tenant, origins=origins(base_url))


def origins(base_url: str) -> list[str]:
    """Where the storefront is opened from: the address given, and the other name of this machine."""
    parts = urlsplit(base_url)
    names = {parts.hostname or ""}
    if names & {"127.0.0.1", "localhost"}:
        names = {"127.0.0.1", "localhost"}
    port = f":{parts.port}" if parts.port else ""
    return sorted(f"{parts.scheme}://{name}{port}" for name in names)
