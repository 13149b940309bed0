"""A shop's overview: what its recommendations earned, what to do next, what is in service."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Sum
from django.utils import timezone

from luxebrain.home import onboarding
from luxebrain.lib import charts, markup
from modelregistry import performance, versions
from modelregistry.models import ModelAlias
from recommendations import popular, readiness, tracking
from tenants import access
from tenants.models import Tenant

PERIODS = (7, 28, 90)
SHOWN_VERSIONS = 3


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
            "note": note if change else f"too little to compare in the {found.days} days before",
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
    last = timezone.now().astimezone(tenant.zone).date()
    first = last - timedelta(days=days - 1)
    shares = performance.shares_by_day(tenant, first=first, last=last)
    shown: dict[int, int] = {}
    for share in shares:
        shown[share.version] = shown.get(share.version, 0) + share.shown
    chosen = sorted(sorted(shown, key=lambda number: -shown[number])[:SHOWN_VERSIONS], reverse=True)
    spread = [first + timedelta(days=n) for n in range(days)]
    series = [_series(number, shares, spread, banded=number == chosen[0]) for number in chosen]
    marks = _activations(tenant, spread)
    sentence = f"Click-through rate by model version over {days} days, with 95 % intervals."
    return {
        "chart": charts.line(
            series,
            [f"{day.day} {day:%b}" for day in spread],
            sentence=sentence,
            text=markup.percent,
            events=marks,
            label_ends=False,  # the legend names them, and a narrow screen needs the room
        ),
        "legend": [(one.name, charts.TONES[n % len(charts.TONES)]) for n, one in enumerate(series)],
        "banded": series[0].name if series else "",
        "total": sum(shown.values()),
        "days": days,
    }


def _series(number: int, shares: list[performance.Share], spread: list[date], *, banded: bool) -> charts.Series:
    found = {share.day: share for share in shares if share.version == number}
    here = [found.get(day) for day in spread]
    low = [share.low if share else None for share in here] if banded else None
    high = [share.high if share else None for share in here] if banded else None
    return charts.Series(version_name(number), [share.rate if share else None for share in here], low, high)


def version_name(number: int) -> str:
    return f"v{number}" if number else "popular"


def _activations(tenant: Tenant, spread: list[date]) -> list[charts.Event]:
    moves = tenant.alias_moves.filter(name=ModelAlias.CHAMPION, model=settings.MODEL_NAME)
    recent = moves.filter(moved_at__gte=timezone.now() - timedelta(days=len(spread) + 1)).select_related("version")
    found = {}
    for move in recent.order_by("moved_at"):
        day = move.moved_at.astimezone(tenant.zone).date()
        if day in spread:
            found[spread.index(day)] = f"v{move.version.number} activated"  # the last one of a day is what stayed
    return [charts.Event(at, text) for at, text in found.items()]


def model(tenant: Tenant, member: access.Member, days: int = 0) -> dict[str, Any]:
    """The version in service, and how it did offline beside the one before it."""
    version = versions.champion(tenant)
    if version is None:
        return {"version": None, "run": tenant.training_runs.first()}
    move = tenant.alias_moves.filter(name=ModelAlias.CHAMPION, model=version.model, version=version)
    move = move.select_related("previous").first()
    before = move.previous.metrics if move and move.previous else {}
    quality = version.metrics.get("ndcg@10")
    return {
        "version": version,
        "quality": quality,
        "quality_change": markup.change(quality, before.get("ndcg@10")),
        "coverage": version.metrics.get("coverage@10"),
        "learned_from": version.counts,
        "since": move.moved_at if move else None,
    }


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
