"""What the versions of all shops did, one row per shop: for the platform's pages."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, FilteredRelation, FloatField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils import timezone

from modelregistry import measures
from modelregistry.models import DailyPerformance, ModelAlias
from modelregistry.performance import Totals
from tenants import tenancy
from tenants.models import Tenant

SORTS = {
    "name": "name",
    "shown": ("shown", "name"),
    "ctr": ("rate", "name"),
    "conversion": ("converted", "name"),
    "orders": ("ordered", "name"),
    "ndcg": ("ndcg", "name"),
}


def rows(days: int) -> QuerySet[Tenant]:
    """Shops with the sums of the last `days` days and the version in service, read as the operators."""
    champion = Q(model_aliases__name=ModelAlias.CHAMPION, model_aliases__model=settings.MODEL_NAME)
    ndcg = Cast(KeyTextTransform("ndcg@10", F("served__version__metrics")), FloatField())
    zero = 0.0
    return (
        tenancy.across()
        .exclude(state=Tenant.State.CLOSED)
        .annotate(
            served=FilteredRelation("model_aliases", condition=champion),
            number=F("served__version__number"),
            scope=F("served__version__scope"),
            ndcg=Coalesce(ndcg, zero),
            shown=_sum("impressions", days),
            clicked=_sum("clicks", days),
            bought=_sum("bought", days),
            ordered=_sum("orders", days),
        )
        .annotate(
            rate=Coalesce(Cast("clicked", FloatField()) / NullIf(Cast("shown", FloatField()), zero), zero),
            converted=Coalesce(Cast("bought", FloatField()) / NullIf(Cast("clicked", FloatField()), zero), zero),
        )
    )  # fmt: skip


def _sum(field: str, days: int) -> Coalesce:
    since = timezone.now().date() - timedelta(days=days - 1)
    own = DailyPerformance.objects.across_tenants().filter(tenant=OuterRef("pk"), day__gte=since)
    return Coalesce(Subquery(own.order_by().values("tenant").annotate(n=Sum(field)).values("n")), 0)


def told(row: Any) -> dict[str, Any]:
    """One shop as a table shows it: shares with their intervals, or why there are none."""
    totals = Totals(shown=row.shown, clicked=row.clicked, bought=row.bought, orders=row.ordered)
    ctr, _, conversion = measures.online(totals, 0)
    return {
        "tenant": row, "number": row.number, "totals": totals, "ctr": ctr, "conversion": conversion,
        "ndcg": row.ndcg or None, "scope": "Isolated" if row.scope == "tenant" else "Shared",
    }  # fmt: skip
