"""The month's calls: who used nearly all of a plan's, or all, hears of it once. What follows is the plan's to say."""

from datetime import datetime, timedelta

from django.db.models import BigIntegerField, Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.urls import reverse
from django.utils import timezone

from luxebrain.lib import figures
from tenants import epochs, notices, tenancy
from tenants.models import Plan, Tenant, UsageHour

Then = Plan.WhenUsedUp
LIMITED = "recommendations"  # the meter that a plan may hold back; all others always go on
THROTTLED, OVER = "throttled", "over_limit"
REFUSED = frozenset({THROTTLED, OVER})  # meters of calls that were refused: they use nothing up
NEARLY = 80  # per cent
LATELY = timedelta(hours=2)  # only who calls comes nearer to the limit
_REST = "; events, shop data, webhooks, batch jobs and these pages go on"
_THEN = {
    Then.GOES_ON: "nothing is held back",
    Then.POPULAR: f"every list holds the best sellers{_REST}",
    Then.REFUSE: f"recommendations are refused (402){_REST}",
}


def month(tenant: Tenant, now: datetime) -> tuple[datetime, datetime]:
    """When the shop's month began and when the next one does, in its own time zone."""
    start = now.astimezone(tenant.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start, (start + timedelta(days=32)).replace(day=1)


def follows(plan: Plan) -> str:
    """What follows on this plan once the month's calls are used up, to stand within a sentence."""
    return _THEN[Then(plan.when_used_up)]


def watch(*, now: datetime | None = None) -> int:
    """Looks at every shop that called lately; returns how many were told something."""
    now = now or timezone.now()
    told = 0
    for tenant_id in _near(now):
        try:
            with tenancy.enter(tenant_id) as tenant:
                told += _judge(tenant, now)
        except tenancy.NoSuchTenant:
            continue
    return told


def _calls(rows: QuerySet[UsageHour]) -> QuerySet[UsageHour]:
    return rows.exclude(api_key_id=0).exclude(meter__in=REFUSED)


def _near(now: datetime) -> list[int]:
    """The shops that may have used so much, with a day more than any time zone's month has. Shop by shop through the
    index on its hours, so that what is older costs nothing."""
    rows = UsageHour.objects.across_tenants().filter(tenant=OuterRef("pk")).order_by()
    began = (now - timedelta(days=1)).replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    sums = _calls(rows.filter(hour__gte=began)).values("tenant").annotate(n=Sum("count"))
    shops = tenancy.across().filter(Exists(rows.filter(hour__gte=now - LATELY))).order_by()
    used = shops.annotate(used=Subquery(sums.values("n"), output_field=BigIntegerField()) * 100)
    return list(used.filter(used__gte=F("plan__requests_per_month") * NEARLY).values_list("pk", flat=True))


def _judge(entered: Tenant, now: datetime) -> bool:
    """Whether the shop was told. Two that look at once take turns at the shop's row."""
    rows = Tenant.objects.using(entered.alias).select_related("plan").select_for_update(of=("self",))
    tenant = rows.get(pk=entered.pk)
    start, end = month(tenant, now)
    limit = tenant.plan.requests_per_month
    calls = _calls(tenant.usage_hours.filter(hour__gte=start)).aggregate(n=Sum("count"))["n"] or 0
    if limit is None or calls * 100 < NEARLY * limit:
        return False
    full = calls >= limit
    if full and tenant.used_up_until != end:
        tenant.used_up_until = end
        tenant.save(update_fields=["used_up_until"])
        epochs.bump(tenant, "keys")
    kind = f"usage.{'used_up' if full else 'nearly'}.{tenant.plan_id}"  # once a month for each plan that it was on
    if tenant.notices.filter(kind=kind, created_at__gte=start).exists():
        return False
    title = "Your plan's calls of this month are used up" if full else f"{NEARLY} % of your plan's calls are used"
    used = f"{figures.number(calls)} of {figures.number(limit)} calls of the {tenant.plan.name} plan"
    when = f"Until they begin anew on {end.day} {end:%B}," if full else "Once they are used up,"
    notices.tell(
        tenant, kind, title=title, text=f"{used}. {when} {follows(tenant.plan)}.", tone="bad" if full else "warning",
        right="usage.read", path=reverse("panel:usage", kwargs={"slug": tenant.slug}),
    )  # fmt: skip
    return True
