"""Privacy: hand out all that is held of one customer, or erase it everywhere, with a certificate."""

from typing import Any

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone

from luxebrain.lib import sealed
from luxebrain.lib.problems import NotFound, Problem
from recommendations import fields, privacy_places, suppression, training
from recommendations.models import PrivacyRequest
from recommendations.models.privacy import SUBJECT
from recommendations.privacy_places import Subject
from tenants import audit, tenancy, work
from tenants.models import Tenant, User
from tenants.work import Lease

TASK = "recommendations.erase"
# After this every process knows of the erasure, and what it let through before has arrived.
SETTLE_SECONDS = 2 * suppression.CACHE_SECONDS
OPEN = (PrivacyRequest.State.QUEUED, PrivacyRequest.State.SETTLING)


def request_export(tenant: Tenant, external_id: Any, *, by: User | str) -> dict[str, Any]:
    """All that is held of this customer, as JSON values. That it was asked for is kept, what it said is not.

    Raises Problem for what cannot be an id, NotFound when nothing is held.
    """
    customer = _id(external_id)
    subject = Subject(customer, privacy_places.sessions_of(tenant, customer))
    held = {place.name: place.export(tenant, subject) for place in privacy_places.PLACES if place.export}
    if not any(held.values()):
        raise NotFound("Nothing is held of this customer.")
    with tenant.atomic():
        row = _row(tenant, PrivacyRequest.Kind.EXPORT, customer, by)
        row.state, row.finished_at = PrivacyRequest.State.DONE, timezone.now()
        row.places = {name: len(rows) for name, rows in held.items()}
        row.save(force_insert=True, using=tenant.alias)
        audit.record(tenant, "privacy.exported", by=by, target=str(row.public_id))
    return {"customer_id": customer, "sessions": list(subject.sessions), **held}


def request_erasure(tenant: Tenant, external_id: Any, *, by: User | str) -> PrivacyRequest:
    """Asks for the erasure; from now on nothing of this customer is taken in. Asking twice is one request.

    Also for an id that is not known: it may be on its way. Raises Problem for what cannot be an id.
    """
    customer = _id(external_id)
    with tenant.atomic():
        row = _row(tenant, PrivacyRequest.Kind.ERASURE, customer, by)
        row.sealed_subject = _seal(Subject(customer))
        try:
            with transaction.atomic(using=tenant.alias):
                row.save(force_insert=True, using=tenant.alias)
        except IntegrityError:
            return tenant.privacy_requests.get(kind=row.kind, digest=row.digest, state__in=OPEN)
        suppression.add(tenant, f"c:{customer}")
        work.enqueue(tenant, TASK, subject=row.pk, key=f"erase:{row.pk}")
        audit.record(tenant, "privacy.erasure_requested", by=by, target=str(row.public_id))
    return row


def find(tenant: Tenant, public_id: Any) -> PrivacyRequest:
    """Raises NotFound."""
    row = tenant.privacy_requests.filter(public_id=public_id).first()
    if row is None:
        raise NotFound("There is nothing here, or it is not yours.")
    return row


@work.handler(TASK)
def erase(lease: Lease) -> None:
    """Twice through all places: at once, and when no process can let anything through any more.

    Each place is emptied and counted in one transaction, so a repetition counts what was left only.
    """
    assert lease.tenant_id is not None
    second = bool(lease.payload.get("again"))
    with tenancy.enter(lease.tenant_id) as tenant:
        row = tenant.privacy_requests.filter(pk=int(lease.subject), state__in=OPEN).first()
        if row is None:
            return
        if second and training.under_way(tenant):
            raise work.RetryLater(30)  # it has read the person's orders, and has yet to save its model
        subject = _subject(row)
        found = privacy_places.sessions_of(tenant, subject.customer)
        subject = Subject(subject.customer, tuple(sorted({*subject.sessions, *found})))
        suppression.add(tenant, *subject.keys)
        row.sealed_subject = _seal(subject)
        row.save(update_fields=["sealed_subject"])
    for place in privacy_places.PLACES:
        lease.renew()
        with tenancy.enter(lease.tenant_id) as tenant:
            row = tenant.privacy_requests.select_for_update().get(pk=row.pk)
            row.places[place.name] = row.places.get(place.name, 0) + place.erase(tenant, subject)
            row.save(update_fields=["places"])
    with tenancy.enter(lease.tenant_id) as tenant:
        privacy_places.discard_old_copies(tenant)
        if second:
            _certify(tenant, row)
        else:
            tenant.privacy_requests.filter(pk=row.pk).update(state=PrivacyRequest.State.SETTLING)
            again = {"again": True}
            work.enqueue(tenant, TASK, subject=row.pk, payload=again, key=f"settle:{row.pk}",
                         delay_seconds=SETTLE_SECONDS)
        lease.finish("default")


def _certify(tenant: Tenant, row: PrivacyRequest) -> None:
    """The proof: who asked, when, what was erased where. It knows the person by digest only."""
    row.state, row.finished_at, row.sealed_subject = PrivacyRequest.State.DONE, timezone.now(), ""
    row.certificate = {
        "request": str(row.public_id),
        "shop": tenant.slug,
        "customer_digest": row.digest,
        "asked_by": row.asked_label,
        "asked_at": row.created_at.isoformat(),
        "finished_at": row.finished_at.isoformat(),
        "places": [
            {"place": place.name, "what": place.label, "erased": row.places.get(place.name, 0)}
            for place in privacy_places.PLACES
        ],
        "models": "Versions are kept without the person's name and history; the next training reads without them.",
    }
    row.certificate_digest = suppression.fingerprint(orjson.dumps(row.certificate, option=orjson.OPT_SORT_KEYS))
    row.save()
    audit.record(tenant, "privacy.erased", by="LuxeBrain", target=str(row.public_id), details=row.places)


def _row(tenant: Tenant, kind: str, customer: str, by: User | str) -> PrivacyRequest:
    person = by if isinstance(by, User) else None
    name = suppression.digest(suppression.key_of(tenant), f"c:{customer}").hex()
    return PrivacyRequest(
        tenant=tenant, kind=kind, digest=name, asked_by=person, asked_label=str(by)[:160], created_at=timezone.now()
    )


def _id(given: Any) -> str:
    try:
        return fields.identifier(given)
    except fields.Refused as refused:
        raise Problem("Some fields are not right.", fields={"customer_id": refused.message}) from None


def _seal(subject: Subject) -> str:
    text = orjson.dumps([subject.customer, subject.sessions]).decode()
    return sealed.seal(text, purpose=SUBJECT)


def _subject(row: PrivacyRequest) -> Subject:
    customer, sessions = orjson.loads(sealed.unseal(row.sealed_subject, purpose=SUBJECT))
    return Subject(customer, tuple(sessions))
