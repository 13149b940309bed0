"""A shop's overview: what its recommendations earned, what to do next, what is in service."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Sum
from django.utils import timezone

from luxebrain.home import onboarding
from luxebrain.lib import markup
from modelregistry import graphs
from modelregistry.models import ModelAlias
from recommendations import popular, readiness, tracking
from tenants import access
from tenants.models import Tenant

PERIODS = (7, 28, 90)


def greeting(tenant: Tenant, name: str) -> str:
    hour = timezone.now().astimezone(tenant.zone).hour
    words = "Good morning" if 5 <= hour < 12 else "Good afternoon" if 12 <= hour < 18 else "Good evening"
    first = name.split()[0] if name.split() else ""
    return f"{words}, {first}" if first else words


def figures(tenant: Tenant, member: access.Member, days: int) -> dict[str, Any]:
    found = tracking.summary(tenant, days=days)
    return {
        "summary": found,
        "tiles": _tiles(found, tenant.attribution_hours),
        "earned": headline(found),
        "next_step": _next(tenant, member, found),
    }


def headline(found: tracking.Summary) -> str:
    """What the recommendations earned; "" while there is nothing to say."""
    amounts = [(found.currency, found.revenue.value), *found.other_revenue]
    return " and ".join(markup.money(amount, currency) for currency, amount in amounts if amount)


def _next(tenant: Tenant, member: access.Member, found: tracking.Summary) -> str:
    if found.orders:
        return ""
    if found.clicked:
        return f"Lists were clicked {markup.number(found.clicked)} times; no order has followed a click yet."
    if found.served.value:
        return f"{markup.plural(found.served.value, 'list was,lists were')} shown; none has been clicked yet."
    waiting = next((step for step in onboarding.steps(tenant, member)["steps"] if not step["done"]), None)
    return f"No recommendation was shown in this period. Next step: {waiting['label'].lower()}." if waiting else ""


def _tiles(found: tracking.Summary, hours: int) -> list[dict[str, Any]]:
    note = f"vs previous {found.days} days"
    least = tracking.ENOUGH_LISTS

    def few(figure: tracking.Figure, what: str) -> str:
        if figure.enough:
            return ""
        return f"{markup.number(found.served.value)} of {least} lists shown" if found.served.value < least else what

    def tile(label: str, figure: tracking.Figure, value: str, text: str, *, points: bool = False, missing: str = ""):
        moved = figure.change is not None and not missing
        change = markup.change(figure.value, figure.previous, points=points) if moved else None
        return {
            "label": label,
            "value": value,
            "help": text,
            "missing": missing,
            "change": change,
            "note": note if change else "too little before to compare",
        }

    others = ", ".join(markup.money(amount, code) for code, amount in found.other_revenue)
    return [
        tile(
            "Recommendations shown",
            found.served,
            markup.compact(found.served.value),
            "Lists of recommendations that shoppers saw, each counted once a day, from your impression events.",
        ),
        tile(
            "Click-through rate",
            found.ctr,
            markup.percent(found.ctr.value),
            "Lists with at least one click ÷ lists shown.",
            points=True,
            missing=few(found.ctr, ""),
        ),
        tile(
            "Conversion rate",
            found.conversion,
            markup.percent(found.conversion.value),
            f"Lists whose clicked product was bought within {hours} hours of the click ÷ lists clicked.",
            points=True,
            missing=few(found.conversion, "No list was clicked"),
        ),
        tile(
            "Attributed revenue",
            found.revenue,
            markup.money(found.revenue.value, found.currency),
            f"What shoppers paid for products that they had clicked in a recommendation up to {hours} hours before; "
            "the last click counts. Cancelled and refunded orders are taken out."
            + (f" Besides: {others}." if others else ""),
        ),
    ]


def ctr_chart(tenant: Tenant, member: access.Member, days: int) -> dict[str, Any]:
    """Click-through by version and day, with what was put into service."""
    return {**graphs.daily(tenant, "ctr", graphs.days(tenant, days)), "days": days}


def cold_start(tenant: Tenant, member: access.Member, days: int = 0) -> dict[str, Any]:
    """How far the shop is from personal recommendations, or when it got there (R27)."""
    needed = settings.COLD_START_ORDERS
    orders = popular.countable_orders(tenant)
    if orders < needed:
        return {
            "cold": True,
            "orders": orders,
            "needed": needed,
            "left": needed - orders,
            "share": 100 * orders // needed,
        }
    tenth = tenant.orders.countable().order_by("created_at").values_list("created_at", flat=True)
    first = tenant.alias_moves.filter(name=ModelAlias.CHAMPION).order_by("moved_at").values_list("moved_at", flat=True)
    return {
        "cold": False,
        "orders": orders,
        "needed": needed,
        "reached_at": tenth[needed - 1],
        "personal_at": first.first(),
    }


def ready(tenant: Tenant, member: access.Member, days: int = 0) -> dict[str, Any]:
    """What kinds of recommendation the shop's data is enough for, and the next one."""
    needs = readiness.needs(readiness.of(tenant))
    return {"ready": sum(need.done for need in needs), "kinds": len(needs),
            "next": next((need for need in needs if not need.done), None)}


def earners(tenant: Tenant, member: access.Member, days: int) -> dict[str, Any]:
    """The recommended products that brought the most, in the shop's currency."""
    today = timezone.now().astimezone(tenant.zone)
    first = today.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    rows = list(
        tenant.attributions.filter(ordered_at__gte=first, currency=tenant.currency)
        .values(product=F("product_external_id"))
        .annotate(amount=Sum("amount"), orders=Count("order_external_id", distinct=True))
        .order_by("-amount", "product")[:6]
    )
    known = {p.external_id: p for p in tenant.products.filter(external_id__in=[row["product"] for row in rows])}
    return {"earners": [{**row, "known": known.get(row["product"])} for row in rows], "days": days}
