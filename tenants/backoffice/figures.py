"""What the back office shows of every shop: how large, how busy, when last."""

from datetime import UTC, datetime, timedelta

from django.db.models import BigIntegerField, Count, DateTimeField, IntegerField, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from tenants import consumption, tenancy
from tenants.models import ApiKey, UsageHour


def tenants() -> QuerySet:
    """All shops with orders, products, calls of 30 days and last activity: one query, by indexes."""
    shop = tenancy.across().model
    since = timezone.now() - timedelta(days=30)
    usage = UsageHour.objects.across_tenants().filter(tenant=OuterRef("pk"))
    calls = usage.filter(hour__gte=since).exclude(meter__in=consumption.REFUSED).exclude(api_key_id=0)
    keys = ApiKey.objects.across_tenants().filter(tenant=OuterRef("pk"))
    last = keys.order_by().values("tenant").annotate(at=Max("last_used_at")).values("at")
    never = datetime(1970, 1, 1, tzinfo=UTC)
    return tenancy.across().annotate(
        order_count=counted(shop, "orders"),
        product_count=counted(shop, "products"),
        call_count=Coalesce(summed(calls), 0, output_field=BigIntegerField()),
        last_active_at=Subquery(last, output_field=DateTimeField()),
        activity=Coalesce(Subquery(last), never, output_field=DateTimeField()),  # sorts "never" before all
    )


def counted(shop: type, relation: str) -> Coalesce:
    """The number of a shop's rows in a relation, as a subquery: two joins would multiply the rows."""
    model = shop._meta.get_field(relation).related_model  # type: ignore[attr-defined]
    rows = model.objects.across_tenants().filter(tenant=OuterRef("pk")).order_by().values("tenant")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)


def summed(rows: QuerySet) -> Subquery:
    return Subquery(
        rows.order_by().values("tenant").annotate(n=Sum("count")).values("n"), output_field=BigIntegerField()
    )
