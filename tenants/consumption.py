"""What a shop used of its plan: per day, meter and key, this month and the last 30 days, and the forecast."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import ceil

from django.db.models import Sum
from django.db.models.functions import TruncDay

from luxebrain.lib import redis
from tenants import quota, usage
from tenants.models import ApiKey, Tenant
from tenants.quota import OVER, REFUSED, THROTTLED

DAYS = 30
FORECAST_DAYS = 7  # complete days that the forecast looks back at
FORECAST_LEAST = 3  # fewer complete days than this are no base for one
LABELS = {
    "recommendations": "Recommendations",
    "events": "Events",
    "catalogue": "Catalogue",
    "api_calls": "Other calls",
    "inferences": "Recommendations computed in batches",
    "webhooks": "Webhook deliveries",
    "webhook_rejections": "Webhook deliveries rejected",
    "webhook_forgeries": "Webhook deliveries with a wrong signature",
    THROTTLED: "Refused: too many a minute",
    OVER: "Refused: the month's calls were used up",
}


@dataclass(slots=True)
class Report:
    """Counts of one shop. `calls` are API calls; meters counted without a key are shown, not limited."""

    today: date
    month_starts: date
    month_ends: date
    limit: int | None
    month: Counter[str] = field(default_factory=Counter)
    recent: Counter[str] = field(default_factory=Counter)
    keys_month: Counter[int] = field(default_factory=Counter)
    keys_recent: Counter[int] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)
    calls: int = 0
    is_fresh: bool = True

    def add(self, *, meter: str, key: int, day: date, count: int) -> None:
        is_call = key != 0 and meter not in REFUSED
        if day >= self.month_starts:
            self.month[meter] += count
            if is_call:
                self.calls += count
                self.keys_month[key] += count
        if day > self.today - timedelta(days=DAYS):
            self.recent[meter] += count
            if is_call:
                self.keys_recent[key] += count
        if is_call:
            self.days[day] += count

    @property
    def share(self) -> float | None:
        return self.calls / self.limit if self.limit else None

    @property
    def forecast(self) -> int | None:
        """Calls by the end of the month at the pace of the last complete days; None = not enough data."""
        if self.pace is None:
            return None
        left = (self.month_ends - self.today).days
        return max(self.calls, round(self.calls - self.days[self.today] + self.pace * (left + 1)))

    @property
    def pace(self) -> float | None:
        """Calls a day over the last complete days; None = not enough data."""
        known = [day for day in self.days if day < self.today]
        span = min((self.today - min(known)).days, FORECAST_DAYS) if known else 0
        if span < FORECAST_LEAST:
            return None
        return sum(self.days[self.today - timedelta(days=n)] for n in range(1, span + 1)) / span

    @property
    def runs_out(self) -> date | None:
        """The day of this month on which the plan's calls are used up at that pace; None where they last, are used up
        already, or nothing is known."""
        if not self.limit or not self.pace or self.calls >= self.limit or (self.forecast or 0) < self.limit:
            return None
        days = ceil((self.limit - (self.calls - self.days[self.today])) / self.pace)
        return min(self.today + timedelta(days=max(0, days - 1)), self.month_ends)

    @property
    def by_day(self) -> list[tuple[date, int]]:
        first = self.today - timedelta(days=DAYS - 1)
        return [(first + timedelta(days=n), self.days[first + timedelta(days=n)]) for n in range(DAYS)]

    @property
    def meters(self) -> list[dict[str, object]]:
        names = sorted(set(self.month) | set(self.recent), key=lambda name: (name in REFUSED, -self.recent[name]))
        return [{"label": label(name), "month": self.month[name], "recent": self.recent[name]} for name in names]

    def keys(self, tenant: Tenant) -> list[dict[str, object]]:
        rows: dict[int, ApiKey] = {key.pk: key for key in tenant.api_keys.all()}
        used = sorted(self.keys_month.keys() | self.keys_recent.keys(), key=lambda pk: -self.keys_recent[pk])
        return [{"key": rows.get(pk), "month": self.keys_month[pk], "recent": self.keys_recent[pk]} for pk in used]


def label(meter: str) -> str:
    return LABELS.get(meter, meter.replace("_", " ").replace("-", " ").capitalize())


def report(tenant: Tenant, *, now: datetime) -> Report:
    """Counts what was folded into rows and what still lies in the cache server. Days are the shop's."""
    local = now.astimezone(tenant.zone)
    month, next_month = quota.month(tenant, now)
    since = min(month, (local - timedelta(days=DAYS)).replace(hour=0, minute=0, second=0, microsecond=0))
    found = Report(local.date(), month.date(), (next_month - timedelta(days=1)).date(), tenant.plan.requests_per_month)
    rows = (
        tenant.usage_hours.filter(hour__gte=since)
        .annotate(day=TruncDay("hour", tzinfo=tenant.zone))
        .values_list("meter", "api_key_id", "day")
        .annotate(total=Sum("count"))
    )
    for meter, key, day, count in rows:
        found.add(meter=meter, key=key, day=day.astimezone(tenant.zone).date(), count=count)
    _add_unfolded(found, tenant, now=now)
    return found


def _add_unfolded(found: Report, tenant: Tenant, *, now: datetime) -> None:
    """The counters of this hour, and of the last one if beat has not folded them yet."""
    hour = int(now.timestamp()) // 3600
    try:
        pipe = redis.client().pipeline(transaction=False)
        for each in (hour - 1, hour):
            pipe.hgetall(usage.hour_key(tenant.pk, each))
        answers = pipe.execute()
    except redis.Unreachable:
        found.is_fresh = False
        return
    for each, counters in zip((hour - 1, hour), answers, strict=True):
        day = datetime.fromtimestamp(each * 3600, UTC).astimezone(tenant.zone).date()
        for name, count in counters.items():
            meter, _, key = name.decode().partition("|")
            found.add(meter=meter, key=int(key or 0), day=day, count=int(count))


def holdings(tenant: Tenant) -> list[dict[str, object]]:
    """What the shop has of the things that a plan limits by number. limit None = without limit."""
    from tenants import members

    plan = tenant.plan
    now = datetime.now(UTC)
    live = sum(1 for key in tenant.api_keys.filter(revoked_at=None) if key.is_live(now))
    people = tenant.memberships.count() + members.pending(tenant).count()
    products = tenant.products.count()  # type: ignore[attr-defined]  (the recommendations app's rows)
    return [
        {"code": "products", "label": "Products", "used": products, "limit": plan.products},
        {"code": "members", "label": "Members, open invitations included", "used": people, "limit": plan.members},
        {"code": "api_keys", "label": "API keys in use", "used": live, "limit": plan.api_keys},
    ]
