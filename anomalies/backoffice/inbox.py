"""The inbox: incidents of all shops, the chosen one beside them, its filters in the address."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from anomalies import actions, charting, counting, metrics, silence, triage, wording
from anomalies.models import AnomalyIncident, PlatformIncident, SavedView, Severity, State
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.markup import build_query
from luxebrain.lib.pages import Column, ListPage, render_page, wants_fragment
from tenants.access import may_operate, staff_page
from tenants.models import User
from tenants.picking import ShopField

TABS = (
    ("open", "Open", (State.NEW,)),
    ("acknowledged", "Acknowledged", (State.ACKNOWLEDGED,)),
    ("archived", "Archived", (State.ARCHIVED,)),
    ("resolved", "Resolved", (State.RESOLVED,)),
    ("all", "All", tuple(State)),
)
REFRESH_SECONDS = 20


class IncidentFilter(FilterForm):
    severity = forms.ChoiceField(label="Severity", choices=[("", "Any severity"), *reversed(Severity.choices)])
    metric = forms.ChoiceField(label="Type", choices=[("", "Any type"), *metrics.choices()])
    tenant = ShopField(label="Tenant", placeholder="Any tenant")


def tab_of(query: QueryDict) -> tuple[str, str, tuple[State, ...]]:
    asked = query.get("tab", "open")
    return next((tab for tab in TABS if tab[0] == asked), TABS[0])


def listing_of(request: HttpRequest) -> ListPage:
    states = tab_of(request.GET)[2]
    rows = counting.everywhere().filter(state__in=states).annotate(rank=Severity.ranked())
    rows = rows.select_related("tenant__plan", "owner")
    return ListPage(
        request, rows, template="anomalies/backoffice/inbox.html",
        columns=(
            Column("Choose", hidden_label=True), Column("Severity", "severity"), Column("What happened"),
            Column("Tenant", "tenant"), Column("Seen", "count", numeric=True), Column("Last", "last"), Column("Status"),
        ),
        search=("tenant__name", "tenant__slug", "metric"), filters=IncidentFilter,
        sorts={"severity": ("rank", "last_seen_at"), "tenant": "tenant__name", "count": "count",
               "last": "last_seen_at"},
        default_sort="-last", nouns=("incident", "incidents"), keeps=("tab",),
    )  # fmt: skip


@require_safe
@staff_page()
def inbox(request: Any) -> HttpResponse:
    """The page, its list (every 20 s) or the pane of one incident."""
    chosen = _chosen(request)
    if request.htmx and request.htmx.target == "detail":
        return render_page(request, "anomalies/backoffice/inbox.html", _pane(request, chosen), fragment="detail")
    listing = listing_of(request)
    for row in listing.rows:
        row.said, row.status = wording.say(row), wording.state_of(row)
        row.url = listing.url(id=row.pk, page=listing.number)
    counts = counting.of_platform()
    context = {
        "counts": counts,
        "tabs": _tabs(request, counts),
        "today": counting.signals(counting.everywhere()),
        "shared": _shared(),
        "holes": silence.everywhere(),
        "refresh": REFRESH_SECONDS,
        "fragment": wants_fragment(request),
        "refresh_url": request.get_full_path(),
        "chosen_pk": chosen.pk if chosen else 0,
        "views": list(SavedView.objects.using("ops").filter(user=request.user)[:20]),
        "may_write": may_operate(request),
        "query": request.GET.urlencode(),
        "verdicts": AnomalyIncident.Verdict.choices[1:],
        **_pane(request, chosen),
    }
    return listing.render(context)


def _shared() -> list[PlatformIncident]:
    rows = list(PlatformIncident.objects.using("ops").exclude(state=State.RESOLVED))
    for row in rows:
        row.title, row.tone = wording.platform_title(row), wording.TONES[Severity(row.severity)]
        row.who = (row.facts.get("who") or {}).get("subjects", [])
    return rows


def _tabs(request: HttpRequest, counts: counting.Counts) -> list[dict[str, Any]]:
    now = tab_of(request.GET)[0]
    numbers = {"open": counts.open, "acknowledged": counts.acknowledged, "archived": counts.archived}
    return [
        {
            "label": label, "count": numbers.get(name) or None, "current": name == now,
            "url": request.path + build_query(request.GET, tab=name if name != "open" else "", id=""),
        }
        for name, label, _ in TABS
    ]  # fmt: skip


def _chosen(request: HttpRequest) -> AnomalyIncident | None:
    asked = request.GET.get("id", "")
    return find(int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 18 else None


def find(pk: int) -> AnomalyIncident | None:
    rows: QuerySet[AnomalyIncident] = AnomalyIncident.objects.across_tenants()
    return rows.select_related("tenant__plan", "owner", "platform").filter(pk=pk).first()


def _pane(request: Any, incident: AnomalyIncident | None) -> dict[str, Any]:
    if incident is None:
        return {"incident": None}
    chart, happened = charting.around(incident)
    group = incident.group or incident
    near = incident.tenant.anomaly_incidents.filter(group=group).exclude(pk=incident.pk)
    beside = [row for row in [group, *near[:8]] if row.pk != incident.pk]
    return {
        "incident": incident,
        "said": wording.say(incident, names=wording.names_of(incident)),
        "status": wording.state_of(incident),
        "chart": chart,
        "silent": silence.of_metric(incident.tenant, incident.metric),
        "happened": happened,
        "cause": _cause(incident),
        "standing": actions.standing(incident),
        "slow": actions.offered(incident),
        "beside": [{"pk": row.pk, "title": wording.title(row)} for row in beside],
        "history": _history(incident),
        "undoable": triage.undoable(incident),
        "notices": list(incident.notices.using("ops").order_by("-pk")[:5]),
        "colleagues": User.objects.using("ops").exclude(platform_role="").filter(is_active=True).order_by("name"),
        "verdicts": AnomalyIncident.Verdict.choices[1:],
        "may_write": may_operate(request),
        "query": request.GET.urlencode(),
        "now": timezone.now(),
    }


def _cause(incident: AnomalyIncident) -> tuple[str, str] | None:
    """(words, address) of where the staff looks for the likely cause; None where only the shop's own pages show it."""
    slug, metric = incident.tenant.slug, metrics.get(incident.metric)
    if metric.link == "models":
        return "What was live then", reverse("models-live", args=[slug])
    if metric.link == "api-keys" or (incident.facts.get("who") or {}).get("keys"):
        return "Its keys", f"{reverse('tenant', args=[slug])}#keys"
    received = reverse("tenant-deliveries", args=[slug])
    return {
        "webhook_rejections": ("What was rejected", f"{received}?state=rejected"),
        "webhook_forgeries": ("What its server sent", received),
        "webhook_off": ("What it was sent", reverse("tenant-sent", args=[slug])),
        "errors": ("The errors", reverse("errors")),
        "batch_failures": ("The batch queue", reverse("monitoring")),
        "batch_failed": ("The batch queue", reverse("monitoring")),
    }.get(incident.metric)


def _history(incident: AnomalyIncident) -> list[Any]:
    lines = list(incident.history.using("ops").select_related("actor").order_by("-pk")[:30])
    for line in lines:
        line.words = wording.act_of(line)
    return lines


@require_POST
@staff_page()
def save_view(request: Any) -> HttpResponse:
    """Keeps the filters under a name, of this person alone; the same name again replaces it."""
    name = " ".join(request.POST.get("name", "").split())[:60]
    query = QueryDict(request.POST.get("query", "")[:500], mutable=True)
    for passing in ("id", "page"):
        query.pop(passing, None)
    if name:
        kept = {"query": query.urlencode()}
        SavedView.objects.using("ops").update_or_create(user=request.user, name=name, defaults=kept)
    return redirect(f"/anomalies?{query.urlencode()}" if query else "anomalies")


@require_POST
@staff_page()
def drop_view(request: Any, pk: int) -> HttpResponse:
    if not SavedView.objects.using("ops").filter(user=request.user, pk=pk).delete()[0]:
        raise Http404
    return redirect("anomalies")


@require_safe
@staff_page()
def badge(request: HttpRequest) -> HttpResponse:
    """The count beside the menu entry, asked for every 30 s."""
    return render_page(request, "anomalies/badge.html", {"counts": counting.of_platform(only_open=True)})
