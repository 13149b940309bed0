"""The set-up checklist of a shop."""

from typing import Any

from django.conf import settings
from django.db.models import Count, Max

from luxebrain.home.context import address
from luxebrain.lib import markup
from modelregistry import versions
from recommendations import popular
from tenants import access
from tenants.models import Tenant


def steps(tenant: Tenant, member: access.Member, days: int = 0) -> dict[str, Any]:
    """The set-up checklist: every tick comes from the shop's data."""
    orders, products = popular.countable_orders(tenant), tenant.products.count()
    needed = settings.COLD_START_ORDERS
    version = versions.champion(tenant)
    keys = tenant.api_keys.filter(revoked_at__isnull=True).aggregate(n=Count("id"), used=Max("last_used_at"))
    called = bool(keys["used"]) or tenant.usage_hours.exists()
    shown = (
        tenant.daily_performance.filter(impressions__gt=0).exists() or tenant.events.filter(kind="impression").exists()
    )
    people = tenant.memberships.count()
    invited = tenant.invitations.filter(accepted_at__isnull=True, withdrawn_at__isnull=True).exists()
    may = member.may

    def page(name: str, right: str) -> str:
        return address(f"panel:{name}", slug=tenant.slug) if may(right) else ""

    found = [
        (
            "Connect your shop",
            called,
            "first call received" if called else "key made, no call yet" if keys["n"] else "make an API key",
            page("api-keys", "keys.read"),
        ),
        (
            "Send your catalogue",
            products > 0,
            markup.plural(products, "product,products"),
            page("catalogue", "catalogue.read"),
        ),
        (
            f"First {needed} orders",
            orders >= needed,
            "past cold start" if orders >= needed else f"{orders} of {needed}",
            page("orders", "catalogue.read"),
        ),
        (
            "First model trained",
            version is not None,
            f"{version} serving" if version else "starts by itself",
            page("models", "models.read"),
        ),
        (
            "First recommendation shown",
            shown,
            "" if shown else "send impression events",
            page("recommendations", "recommendations.read"),
        ),
        ("Invite your team", people > 1 or invited, markup.plural(people, "person,people"), page("team", "team.read")),
    ]
    return {"steps": [{"label": a, "done": b, "note": c, "url": d} for a, b, c, d in found]}
