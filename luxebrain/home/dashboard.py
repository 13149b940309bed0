"""The staff's overview: what needs somebody, computed across tenants through the operators' role."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from anomalies import counting, wording
from anomalies.models import Severity
from luxebrain.home import health, model_cards, news
from luxebrain.home.cards import Card, guard, show
from luxebrain.home.context import address
from luxebrain.lib import markup
from luxebrain.lib.pages import render_page
from modelregistry.models import ModelAlias
from recommendations.models import ImportRun, TrainingRun
from tenants import audit_changes, tenancy
from tenants.access import staff_page
from tenants.models import AuditEntry, ErrorGroup, Tenant, UsageHour, Work

STALE_DAYS = 7
LISTED = 5


def tenant_page(tenant: Tenant) -> str:
    return address("tenant", slug=tenant.slug) or address("tenants")


def attention() -> dict[str, Any]:
    """What needs somebody, most urgent first; each is a sentence with a link."""
    now = timezone.now()
    day_ago = now - timedelta(days=1)
    errors_url = address("errors")
    open_errors = ErrorGroup.objects.using("ops").filter(state=ErrorGroup.State.OPEN)
    work = Work.objects.using("ops")
    dead = work.filter(state=Work.State.DEAD).count()
    late = work.filter(state=Work.State.PENDING, due_at__lt=now - timedelta(seconds=health.BACKLOG_SECONDS)).count()
    trainings = TrainingRun.objects.across_tenants().filter(state="failed", finished_at__gte=day_ago)
    imports = ImportRun.objects.across_tenants().filter(state="failed", started_at__gte=day_ago)
    without, stale = models_missing(now)
    counts = counting.of_platform(only_open=True)
    found = [
        ("bad", open_errors.count(), "open error,open errors", "in pages and workers", f"{errors_url}?state=open"),
        ("bad", counts.high, "anomaly of high severity,anomalies of high severity", _shops_with("high"),
         f"{address('anomalies')}?severity=high"),
        ("bad", dead, "piece of work given up,pieces of work given up", "after five attempts", f"{errors_url}#dead"),
        ("warning", counts.medium, "anomaly of medium severity,anomalies of medium severity", _shops_with("medium"),
         f"{address('anomalies')}?severity=medium"),
        ("warning", late, "piece of work late,pieces of work late", "due for two minutes", f"{errors_url}#health"),
        ("warning", trainings.count(), "training failed,trainings failed", "in the last 24 hours", address("models")),
        ("warning", imports.count(), "import failed,imports failed", "in the last 24 hours", address("tenants")),
        ("warning", len(without), "shop without a model,shops without a model",
         "past the cold start: " + _names(without), address("models")),
        ("warning", len(stale), "stale model,stale models", "over a week: " + _names(stale), address("models")),
    ]  # fmt: skip
    worker = health.worker()
    items = [
        {"tone": tone, "title": markup.plural(count, words), "text": text, "url": url}
        for tone, count, words, text, url in found
        if count
    ]
    if not worker.ok:
        items.insert(
            0, {"tone": "bad", "title": "The worker is silent", "text": worker.text, "url": f"{errors_url}#health"}
        )
    return {"items": items, "checked_at": now}


def models_missing(now: Any) -> tuple[list[str], list[str]]:
    """(shops past the cold start without a model, shops whose model is older than a week)."""
    champions = ModelAlias.objects.across_tenants().filter(name=ModelAlias.CHAMPION, model=settings.MODEL_NAME)
    made = dict(champions.values_list("tenant_id", "version__created_at"))
    countable = Count("orders", filter=Q(orders__is_countable=True))
    shops = tenancy.across().filter(state=Tenant.State.ACTIVE).annotate(n=countable).order_by("name")
    warm = [shop for shop in shops if shop.n >= settings.COLD_START_ORDERS]
    without = [shop.name for shop in warm if shop.pk not in made]
    stale = [shop.name for shop in shops if shop.pk in made and made[shop.pk] < now - timedelta(days=STALE_DAYS)]
    return without, stale


def _shops_with(severity: str) -> str:
    """Whose open incidents they are; a platform incident is nobody's own."""
    rows = counting.everywhere().filter(state="new", severity=severity).order_by("tenant__name")
    return _names(list(rows.values_list("tenant__name", flat=True).distinct())) or "of the platform"


def _names(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def figures() -> dict[str, Any]:
    now = timezone.now()
    hours = UsageHour.objects.across_tenants().filter(hour__gte=now - timedelta(hours=49))
    this_hour = now.replace(minute=0, second=0, microsecond=0)

    def calls(first: Any, until: Any) -> int:
        return hours.filter(hour__gte=first, hour__lt=until).aggregate(n=Sum("count"))["n"] or 0

    last_hour = calls(this_hour - timedelta(hours=1), this_hour)
    before = calls(this_hour - timedelta(hours=2), this_hour - timedelta(hours=1))
    last_day = calls(this_hour - timedelta(hours=24), this_hour + timedelta(hours=1))
    day_before = calls(this_hour - timedelta(hours=48), this_hour - timedelta(hours=24))
    counts = dict(tenancy.across().order_by().values_list("state").annotate(n=Count("pk")))
    open_errors = ErrorGroup.objects.using("ops").filter(state=ErrorGroup.State.OPEN).count()
    return {
        "tiles": [
            _tile("API calls, last full hour", last_hour, markup.change(last_hour, before), _beside(before, "hour"),
                  "Calls of all shops, counted by the clock hour."),
            _tile("API calls, 24 hours", last_day, markup.change(last_day, day_before), _beside(day_before, "24 hours"),
                  "Calls of all shops, this hour included."),
            _tile("Active shops", counts.get("active", 0), None,
                  f"{counts.get('suspended', 0)} suspended, {counts.get('closed', 0)} closed", "", address("tenants")),
            _tile("Open errors", open_errors, None, "grouped by the place in the code", "", address("errors")),
        ]
    }  # fmt: skip


def _beside(count: int, span: str) -> str:
    return f"vs the {span} before" if count else f"none in the {span} before"


def _tile(label: str, value: int, change: Any, note: str, text: str, url: str = "") -> dict[str, Any]:
    return {"label": label, "value": markup.compact(value), "change": change, "note": note, "help": text, "url": url}


def tenants() -> dict[str, Any]:
    rows = tenancy.across().order_by("plan__position").values("plan__name", "state").annotate(n=Count("pk"))
    plans: dict[str, dict[str, Any]] = {}
    for row in rows:
        plan = plans.setdefault(
            row["plan__name"], {"name": row["plan__name"], "active": 0, "suspended": 0, "closed": 0}
        )
        plan[row["state"]] += row["n"]
    return {"plans": list(plans.values()), "tenants_url": address("tenants")}


def failures() -> dict[str, Any]:
    """The newest trainings and imports that failed, of any age."""
    trainings = TrainingRun.objects.across_tenants().filter(state="failed").select_related("tenant")
    imports = ImportRun.objects.across_tenants().filter(state="failed").select_related("tenant").defer("problems")
    found = [("Training", run.tenant, run.error, run.finished_at) for run in trainings.order_by("-id")[:LISTED]]
    found += [
        (f"Import of {run.source}", run.tenant, run.error, run.started_at) for run in imports.order_by("-id")[:LISTED]
    ]
    found = sorted((row for row in found if row[3]), key=lambda row: row[3], reverse=True)[:LISTED]
    return {"failed": [{"what": a, "shop": b.name, "url": tenant_page(b), "error": c, "at": d} for a, b, c, d in found]}


def audit() -> dict[str, Any]:
    acts = AuditEntry.objects.using("ops").exclude(action__startswith="demo.")  # marks of the demo are no acts
    entries = acts.select_related("tenant").order_by("-id")[:8]
    return {"entries": audit_changes.tell(entries), "audit_url": address("audit")}


def checklist() -> dict[str, Any]:
    """The first-run checklist of the platform, ticked from what is there."""
    smtp = settings.EMAIL_URL.startswith("smtp")
    parts = {part.name: part for part in health.look((health.cache, health.broker, health.worker))}
    shops = tenancy.across().filter(is_demo=False).count()
    mail = "sent by SMTP" if smtp else "kept as files; set LUX_EMAIL_URL"
    opened = f"{shops} beside the demo" if shops else "none but demo shops"
    steps = [
        ("Cache server", parts["cache"].ok, parts["cache"].text, ""),
        ("Broker", parts["broker"].ok, parts["broker"].text, ""),
        ("Worker heartbeat", parts["worker"].ok, parts["worker"].text, ""),
        ("E-mail", smtp, mail, ""),
        ("First shop", shops > 0, opened, address("tenants")),
    ]
    return {"steps": [{"label": a, "done": b, "note": c, "url": d} for a, b, c, d in steps]}


def anomalies() -> dict[str, Any]:
    """Open incidents by severity, and five of them: the worst, and of these the newest."""
    counts = counting.of_platform()
    open_ = counting.everywhere().filter(state="new").annotate(rank=Severity.ranked())
    rows = open_.select_related("tenant").order_by("-rank", "-last_seen_at")[:LISTED]
    url = address("anomalies")
    found = [{"said": wording.say(row), "shop": row.tenant.name, "at": row.last_seen_at, "url": f"{url}?id={row.pk}"}
             for row in rows]  # fmt: skip
    return {"counts": counts, "rows": found, "url": url}


CARDS = {
    card.name: card
    for card in (
        Card("figures", figures, "home/dashboard.html#figures"),
        Card("attention", attention, "home/dashboard.html#attention"),
        Card("models", model_cards.platform, "home/dashboard.html#models"),
        Card("anomalies", anomalies, "home/dashboard.html#anomalies"),
        Card("tenants", tenants, "home/dashboard.html#tenants"),
        Card("failures", failures, "home/dashboard.html#failures"),
        Card("audit", audit, "home/dashboard.html#audit"),
        Card("checklist", checklist, "home/dashboard.html#checklist"),
    )
}


@require_safe
@staff_page()
def dashboard(request: HttpRequest) -> HttpResponse:
    drawn = {name: guard(request, card, alias="ops") for name, card in CARDS.items()}
    return render_page(request, "home/dashboard.html", {"drawn": drawn, "news": news.newest(request.user)})


@require_safe
@staff_page()
def dashboard_card(request: Any, name: str) -> HttpResponse:
    """One part of the dashboard. As a page of its own it is the dashboard."""
    if name not in CARDS:
        raise Http404
    if not request.htmx:
        return redirect("dashboard")
    return HttpResponse(show(request, CARDS[name], alias="ops"))
