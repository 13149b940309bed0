"""A shop's alerts: its own incidents in plain words, and the two things to do about one."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from anomalies import actions, banners, charting, counting, metrics, silence, triage, watched, wording
from anomalies.models import AnomalyIncident, Severity, State
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage, render_page
from luxebrain.lib.problems import Conflict, Problem
from tenants.access import tenant_page
from tenants.models import Tenant, User

TABS = (("open", "Open", (State.NEW, State.ACKNOWLEDGED)), ("past", "Past", (State.RESOLVED, State.ARCHIVED)))


class AlertFilter(FilterForm):
    severity = forms.ChoiceField(label="Severity", choices=[("", "Any severity"), *reversed(Severity.choices)])
    metric = forms.ChoiceField(label="Kind", choices=[("", "Any kind"), *metrics.choices()])


@require_safe
@tenant_page(may="alerts.read")
def alerts(request: Any) -> HttpResponse:
    asked = request.GET.get("tab", "open")
    name, _, states = next((tab for tab in TABS if tab[0] == asked), TABS[0])
    counts = counting.of_tenant(request.tenant)
    listing = ListPage(
        request, request.tenant.anomaly_incidents.filter(state__in=states).select_related("tenant", "owner")
        .annotate(rank=Severity.ranked()),
        template="anomalies/panel/alerts.html",
        columns=(Column("Severity", "severity"), Column("What happened"), Column("Seen", "count", numeric=True),
                 Column("Began", "began"), Column("Last", "last"), Column("Status")),
        sorts={
            "severity": ("rank", "last_seen_at"), "count": "count", "began": "first_seen_at", "last": "last_seen_at",
        },
        default_sort="-severity" if name == "open" else "-last",
        filters=AlertFilter, nouns=("alert", "alerts"), keeps=("tab",),
    )  # fmt: skip
    for row in listing.rows:
        row.said, row.status = wording.say(row), wording.state_of(row)
    tabs = [
        {"label": label, "current": tab == name, "url": f"{request.path}?tab={tab}",
         "count": (counts.open + counts.acknowledged) or None if tab == "open" else None}
        for tab, label, _ in TABS
    ]  # fmt: skip
    rows = watched.of_tenant(request.tenant)
    return listing.render({
        "tabs": tabs, "tab": name, "counts": counts, "refresh_url": request.get_full_path(), "watched": rows,
        "silent": [one for one in rows if one.tone == "warning"],
    })  # fmt: skip


def find(request: Any, pk: int) -> AnomalyIncident:
    found = request.tenant.anomaly_incidents.select_related("tenant", "owner").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_safe
@tenant_page(may="alerts.read")
def alert(request: Any, pk: int) -> HttpResponse:
    incident = find(request, pk)
    chart, happened = charting.around(incident)
    may_act = request.membership.may("alerts.write") and incident.state != State.RESOLVED
    if may_act:
        for one in happened:
            one["expect"] = "" if one.get("window") else _expect_url(incident, one)
    said = wording.say(incident, names=wording.names_of(incident))
    own = _own(request.tenant)
    context = {
        "incident": incident,
        "said": said,
        "owner": _called(own, incident.owner),
        "status": wording.state_of(incident),
        "sentence": wording.sentence(incident),
        "chart": chart,
        "silent": silence.of_metric(request.tenant, incident.metric),
        "happened": happened,
        "link": f"panel:{said.link}" if said.link else "",
        "history": history(own, incident),
        "may_act": may_act,
        "undoable": _undoable(own, incident) if request.membership.may("alerts.write") else "",
        "standing": actions.standing(incident),
        "slow": actions.offered(incident) if request.membership.may("keys.write") else None,
        "may_undo": request.membership.may(_right(incident, "take_back")),
    }
    return render_page(request, "anomalies/panel/alert.html", context)


def _expect_url(incident: AnomalyIncident, one: dict[str, Any]) -> str:
    """The form of an expected time, filled in with what happened: from then on for a day."""
    until = max(one["at"], incident.last_seen_at) + timedelta(days=1)
    times = {"from": one["at"].isoformat(), "until": until.isoformat()}
    asked = {"metric": incident.metric, "reason": one["text"], **times}
    return f"{reverse('panel:expected-new', args=[incident.tenant.slug])}?{urlencode(asked)}"


def _own(tenant: Tenant) -> set[int]:
    """Who belongs to the shop, by their user's key."""
    return set(tenant.memberships.values_list("user_id", flat=True))


def _called(own: set[int], person: User | None) -> str:
    """The staff stays without a name among the shop's people."""
    return str(person) if person is not None and person.pk in own else "LuxeBrain's staff"


def _undoable(own: set[int], incident: AnomalyIncident) -> str:
    """The last act, in words, if one of the shop's people did it; "" otherwise."""
    last = triage.undoable(incident)
    return wording.act_of(last) if last is not None and last.actor_id in own else ""


def history(own: set[int], incident: AnomalyIncident) -> list[Any]:
    """The newest lines. What the platform's staff wrote stays among the staff."""
    lines = list(incident.history.select_related("actor").order_by("-pk")[:20])
    for line in lines:
        line.words = wording.act_of(line)
        line.said = line.note if line.actor_id is None or line.actor_id in own else ""
        line.by = "" if line.actor_id is None else _called(own, line.actor)
    return lines


@require_POST
@tenant_page(may="alerts.write")
def act(request: Any, pk: int, verb: str) -> HttpResponse:
    """look: somebody looks into it; expected: it ends, and the same is not raised for a while; note: words;
    undo: of what one of the shop did last; throttle, take_back: of those who may change keys, or models."""
    incident = find(request, pk)
    note = request.POST.get("note", "")[:2000]
    try:
        if verb == "look":
            triage.acknowledge(request.tenant, pk, by=request.user, note=note)
            messages.success(request, "Noted that you look into it.")
        elif verb == "expected":
            triage.resolve(request.tenant, pk, by=request.user, verdict="expected", note=note)
            messages.success(request, "Resolved as expected. The same is not raised again for two hours.")
        elif verb == "note":
            triage.add_note(request.tenant, pk, by=request.user, note=note)
            messages.success(request, "Kept with the alert.")
        elif verb == "undo":
            if not _undoable(_own(request.tenant), incident):
                raise Conflict("There is nothing to undo.")
            triage.undo(request.tenant, pk, by=request.user)
            messages.success(request, "Undone.")
        elif verb in ("throttle", "take_back"):
            messages.success(request, _slow(request, incident, verb))
        else:
            raise Http404
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("panel:alert", slug=request.tenant.slug, pk=pk)


def _slow(request: Any, incident: AnomalyIncident, verb: str) -> str:
    """Throttles the key behind it, or takes back what was done; returns the words."""
    if not request.membership.may(_right(incident, verb)):
        raise PermissionDenied("Your role does not allow this. Ask an owner of the shop.")
    if verb == "take_back":
        return actions.take_back(request.tenant, incident.pk, by=request.user)
    given = {name: request.POST.get(name, "") for name in ("per_minute", "minutes")}
    return actions.throttle(request.tenant, incident.pk, by=request.user, **given)


def _right(incident: AnomalyIncident, verb: str) -> str:
    is_model = actions.standing_kind(incident) == "roll_back"
    return "models.write" if is_model and verb == "take_back" else "keys.write"


@require_POST
@tenant_page(may="alerts.read")
def dismiss(request: Any, pk: int) -> HttpResponse:
    """Takes the banner of this alert away for this person, until it gets worse."""
    banners.dismiss(find(request, pk), by=request.user)
    return redirect("panel:alert", slug=request.tenant.slug, pk=pk) if not request.htmx else banner(request)


@require_safe
@tenant_page(may="alerts.read")
def banner_part(request: Any) -> HttpResponse:
    return banner(request)


def banner(request: Any) -> HttpResponse:
    context = {"alert": banners.of(request.tenant, request.user), "may_act": request.membership.may("alerts.write")}
    return render_page(request, "anomalies/panel/banner.html", context)
