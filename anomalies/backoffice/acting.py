"""What the staff does about incidents from the inbox: one at a time, or many at once."""

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST

from anomalies import actions, platform, triage
from anomalies.backoffice.inbox import find
from anomalies.models import AnomalyIncident, PlatformIncident, State
from luxebrain.lib.markup import plural
from luxebrain.lib.problems import Problem
from tenants import audit
from tenants.access import staff_page
from tenants.models import Tenant, User

DONE = {
    "acknowledge": "Acknowledged. It is open again after four hours if it goes on.",
    "resolve": "Resolved.",
    "archive": "Archived.",
    "reopen": "Open again.",
    "note": "Kept with the incident.",
    "assign": "Assigned.",
    "undo": "Undone.",
    "take_back": "What was done is taken back.",
    "throttle": "The key is throttled. It is as fast as before when the time is over.",
}


def back(request: Any, pk: int | None = None) -> HttpResponse:
    """To the list as it was, with this incident beside it."""
    query = QueryDict(request.POST.get("query", "")[:500], mutable=True)
    if pk is not None:
        query["id"] = str(pk)
    return redirect("/anomalies" + (f"?{query.urlencode()}" if query else ""))


def do(verb: str, tenant: Tenant, pk: int, given: Any, by: User) -> AnomalyIncident:
    """One verb with the fields of a form. Raises Problem; Http404 for an unknown verb."""
    note = given.get("note", "")[:2000]
    if verb == "acknowledge":
        return triage.acknowledge(tenant, pk, by=by, note=note)
    if verb == "resolve":
        return triage.resolve(tenant, pk, by=by, verdict=given.get("verdict", ""), note=note)
    if verb == "archive":
        kind = given.get("kind", "escalates")
        return triage.archive(tenant, pk, by=by, kind=kind, until=_until(given), note=note)
    if verb == "reopen":
        return triage.reopen(tenant, pk, by=by, note=note)
    if verb == "note":
        return triage.add_note(tenant, pk, by=by, note=note)
    if verb == "assign":
        return triage.assign(tenant, pk, by=by, owner=_owner(given.get("owner", "")))
    if verb == "undo":
        return triage.undo(tenant, pk, by=by)
    if verb in ("take_back", "throttle"):
        if verb == "take_back":
            actions.take_back(tenant, pk, by=by)
        else:
            slow = {name: given.get(name, "") for name in ("per_minute", "minutes")}
            actions.throttle(tenant, pk, by=by, **slow)
        return tenant.anomaly_incidents.get(pk=pk)
    raise Http404


def _until(given: Any) -> datetime | None:
    asked = given.get("until", "")
    if asked.isdecimal() and len(asked) < 4:  # days
        return timezone.now() + timedelta(days=int(asked))
    try:
        day = parse_date(asked)
    except ValueError:
        return None
    return timezone.make_aware(datetime.combine(day, time(9))) if day else None


def _owner(text: str) -> User | None:
    if not text:
        return None
    staff = User.objects.using("ops").exclude(platform_role="")
    found = staff.filter(pk=int(text)).first() if text.isascii() and text.isdecimal() and len(text) < 18 else None
    if found is None:
        raise Problem("There is no such colleague.", fields={"owner": "Choose one of the list."}, status=422)
    return found


@require_POST
@staff_page(may="platform.write")
def act(request: Any, pk: int, verb: str) -> HttpResponse:
    incident = find(pk)
    if incident is None or verb not in DONE:
        raise Http404
    try:
        do(verb, incident.tenant, pk, request.POST, request.user)
        messages.success(request, DONE[verb])
    except Problem as problem:
        messages.error(request, problem.detail)
    return back(request, pk)


@require_POST
@staff_page(may="platform.write")
def bulk(request: Any) -> HttpResponse:
    """The same verb for all that are ticked; each succeeds or is refused by itself."""
    verb = request.POST.get("verb", "")
    if verb not in DONE:
        raise Http404
    pks = [int(pk) for pk in request.POST.getlist("ids") if pk.isascii() and pk.isdecimal() and len(pk) < 18]
    if not pks:
        messages.info(request, "Tick the incidents first.")
        return back(request)
    found = AnomalyIncident.objects.across_tenants().filter(pk__in=pks).select_related("tenant__plan")
    shops = {row.pk: row.tenant for row in found}
    try:
        done, refused = triage.in_bulk(shops.get, pks, lambda shop, pk: do(verb, shop, pk, request.POST, request.user))
    except Problem as problem:
        messages.error(request, problem.detail)
        return back(request)
    if done:
        messages.success(request, f"{plural(done, 'incident,incidents')}: {DONE[verb]}")
    if refused:
        messages.error(request, f"Not changed: {'; '.join(refused[:5])}")
    return back(request)


@require_POST
@staff_page(may="platform.write")
def resolve_shared(request: Any, pk: int) -> HttpResponse:
    """Ends a platform incident; the shops' own speak for themselves again."""
    incident = PlatformIncident.objects.using("ops").exclude(state=State.RESOLVED).filter(pk=pk).first()
    if incident is None:
        raise Http404
    note = request.POST.get("note", "")[:500]
    platform.resolve(incident, by=request.user, note=note, now=timezone.now())
    audit.record(None, "platform_incident.resolved", by=request.user, target=f"{incident.metric} #{pk}", reason=note)
    messages.success(request, "Resolved for the platform.")
    return back(request)
