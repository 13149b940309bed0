"""The places where something is held of a customer: how each hands it out, and how each erases it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import connections
from django.db.models import Q

from modelregistry import artefact_places, store
from modelregistry.artifacts import ArtifactError, ArtifactUnreachable
from recommendations import arms, history, listed_spans, saved_audiences, shoppers, storage, told
from recommendations.algorithms.bundle import Bundle, BundleDamaged
from tenants import epochs, errors
from tenants.models import Tenant

CHUNK = 5_000


@dataclass(frozen=True)
class Subject:
    """A customer of a shop, and the sessions that are theirs alone."""

    customer: str
    sessions: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        return [history.subject(customer=self.customer), *(history.subject(session=one) for one in self.sessions)]


Erase = Callable[[Tenant, Subject], int]
Export = Callable[[Tenant, Subject], Any]


@dataclass(frozen=True)
class Place:
    """`erase` may run again and counts what it took away; `export` gives JSON values."""

    name: str
    label: str
    erase: Erase
    export: Export | None = None


PLACES: list[Place] = []


def register(name: str, label: str, erase: Erase, export: Export | None = None) -> None:
    """Names one more place; whoever keeps something of a customer says so here, in one line."""
    PLACES.append(Place(name, label, erase, export))


def run(tenant: Tenant, statement: str, subject: Subject, **more: Any) -> int:
    """One statement of ours with %(tenant)s, %(customer)s and %(sessions)s; how many rows it changed."""
    values = {"tenant": tenant.pk, "customer": subject.customer, "sessions": list(subject.sessions), **more}
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(statement, values)
        return max(0, cursor.rowcount)


_HIS_EVENTS = (
    "(e.customer_external_id = %(customer)s "
    "or (e.session_id = any(%(sessions)s) and e.customer_external_id = ''))"
)
_HIS_WAITING = (
    "(e ->> 'customer_external_id' = %(customer)s or (e ->> 'session_id' = any(%(sessions)s) "
    "and coalesce(e ->> 'customer_external_id', '') = ''))"
)


def sessions_of(tenant: Tenant, customer: str) -> tuple[str, ...]:
    """Sessions that name this customer in events or orders, and no other customer."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_SESSIONS, {"tenant": tenant.pk, "customer": customer})
        return tuple(row[0] for row in cursor.fetchall())


_SESSIONS = """
with his as (
    select session_id from recommendations_event
    where tenant_id = %(tenant)s and customer_external_id = %(customer)s and session_id <> ''
    union select o.session_id from recommendations_order o join recommendations_customer c
        on c.tenant_id = o.tenant_id and c.id = o.customer_id
    where o.tenant_id = %(tenant)s and c.external_id = %(customer)s and o.session_id <> ''
    union select e ->> 'session_id' from recommendations_eventbatch b, jsonb_array_elements(b.events) e
    where b.tenant_id = %(tenant)s and e ->> 'customer_external_id' = %(customer)s and e ->> 'session_id' <> ''
)
select session_id from his where not exists (
    select 1 from recommendations_event e where e.tenant_id = %(tenant)s and e.session_id = his.session_id
      and e.customer_external_id not in ('', %(customer)s))
order by 1
"""


def _his_events(tenant: Tenant, subject: Subject) -> Any:
    own = Q(customer_external_id=subject.customer)
    return tenant.events.filter(own | Q(customer_external_id="", session_id__in=subject.sessions))


def _erase_events(tenant: Tenant, subject: Subject) -> int:
    return run(tenant, f"delete from recommendations_event e where e.tenant_id = %(tenant)s and {_HIS_EVENTS}", subject)  # noqa: S608


def _erase_waiting(tenant: Tenant, subject: Subject) -> int:
    """Events that are accepted and not drained: taken out of their batches."""
    return run(
        tenant,
        "update recommendations_eventbatch b set events = coalesce((select jsonb_agg(e) from "  # noqa: S608
        f"jsonb_array_elements(b.events) e where {_HIS_WAITING} is not true), '[]') where b.tenant_id = %(tenant)s "
        f"and exists (select 1 from jsonb_array_elements(b.events) e where {_HIS_WAITING})",
        subject,
    )


def _his_lists(tenant: Tenant, subject: Subject) -> Any:
    own = Q(customer_external_id=subject.customer)
    return tenant.served_lists.filter(own | Q(customer_external_id="", session_id__in=subject.sessions))


def _erase_lists(tenant: Tenant, subject: Subject) -> int:
    gone = _his_lists(tenant, subject).delete()[0]
    if gone:
        listed_spans.forget(tenant)
    return gone


def _erase_attributions(tenant: Tenant, subject: Subject) -> int:
    """The sums stay; the names of the lists and of orders made of the person are replaced by chance."""
    return run(tenant, _LOOSEN, subject)


# Before events and orders lose the person, because it is found by them.
_LOOSEN = """
with salt as materialized (select gen_random_uuid()::text as salt), his as (
    select a.id from recommendations_attribution a
    where a.tenant_id = %(tenant)s and (a.order_external_id in (
        select o.external_id from recommendations_order o join recommendations_customer c
            on c.tenant_id = o.tenant_id and c.id = o.customer_id
        where o.tenant_id = %(tenant)s and c.external_id = %(customer)s)
      or a.recommendation_id in (select e.recommendation_id from recommendations_event e
        where e.tenant_id = %(tenant)s and e.customer_external_id = %(customer)s and e.recommendation_id <> ''))
)
update recommendations_attribution a set
    recommendation_id = 'rec_' || substr(md5(salt || a.recommendation_id), 1, 12)
        || substr(a.recommendation_id, 17, 12) || substr(md5(a.recommendation_id || salt), 1, 8),
    order_external_id = case when a.order_external_id like 'event:%%'
        then 'event:' || md5(salt || a.order_external_id) else a.order_external_id end
from salt, his where a.tenant_id = %(tenant)s and a.id = his.id
"""


def _erase_orders(tenant: Tenant, subject: Subject) -> int:
    """Orders stay as the shop's sums, of nobody. Their time of change stays: no figure is counted anew."""
    own = Q(customer__external_id=subject.customer) | Q(customer=None, session_id__in=subject.sessions)
    found = tenant.orders.filter(own).values_list("pk", flat=True)
    return tenant.orders.filter(pk__in=list(found)).update(customer=None, session_id="")


def _erase_history(tenant: Tenant, subject: Subject) -> int:
    shoppers.erase(tenant.pk, subject.customer)
    return history.forget(tenant.pk, subject.keys) + arms.forget(tenant.pk, subject.keys)


def _erase_answers(tenant: Tenant, subject: Subject) -> int:
    """Answers kept for a repeated call that name the person."""
    return run(
        tenant,
        "delete from tenants_idempotentanswer where tenant_id = %(tenant)s "
        "and position(convert_to(to_json(%(customer)s::text)::text, 'UTF8') in body) > 0",
        subject,
    )


def _erase_receipts(tenant: Tenant, subject: Subject) -> int:
    """Deliveries of webhooks about the person, or about an order of theirs: emptied, still counted."""
    # Some vendors' ids are numbers; in JSON 12 is not "12".
    number = int(subject.customer) if re.fullmatch(r"[1-9][0-9]{0,17}", subject.customer) else subject.customer
    found = run(tenant, _EMPTY_RECEIPTS, subject, ids=orjson.dumps({"id": subject.customer, "n": number}).decode())
    return found + tenant.tombstones.filter(kind="customer", external_id=subject.customer).delete()[0]


_EMPTY_RECEIPTS = """
update recommendations_webhookreceipt set payload = '{}', reading = '{}', headers = '{}', errors = '[]',
    reason = 'The person was erased.', object_id = case when kind in ('customer', 'privacy') then '' else object_id end
where tenant_id = %(tenant)s and payload <> '{}' and (
    (kind in ('customer', 'privacy') and object_id = %(customer)s)
    or jsonb_path_exists(payload, '$.** ? (@.customer_id == $id || @.customer_id == $n || @.customer.id == $id
        || @.customer.id == $n)', %(ids)s::jsonb))
"""


def _erase_imports(tenant: Tenant, subject: Subject) -> int:
    """What imports keep: samples and refused rows, former states for an undo, the files themselves."""
    quoted = f'"{subject.customer}"'
    found = 0
    for run_ in tenant.import_runs.all():
        if any(quoted in str(part).replace("'", '"') for part in (run_.problems, run_.examples, run_.columns)):
            tenant.import_runs.filter(pk=run_.pk).update(problems=[], examples=[], columns=[])
            found += 1
        for name in filter(None, (run_.stored, run_.report)):
            found += _remove_file(storage.path(tenant.pk, name), subject)
    return found + run(tenant, _FORGET_PIECES, subject)


def _remove_file(path: Path, subject: Subject) -> int:
    """Deletes a file that names the person; a packed one (Parquet) cannot be searched and goes as well."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        is_packed = file.read(4) == b"PAR1"
        file.seek(0)
        wanted, tail, found = subject.customer.encode(), b"", is_packed
        while not found and (block := file.read(1 << 20)):
            found = wanted in tail + block
            tail = block[-len(wanted) :]
    if found:
        path.unlink(missing_ok=True)
    return int(found)


def _erase_exports(tenant: Tenant, subject: Subject) -> int:
    """Files made of the shop's rows, people among them: they can be made again."""
    found = tenant.export_runs.exclude(stored="")
    for run_ in found:
        storage.remove(tenant.pk, run_.stored)
        tenant.export_runs.filter(pk=run_.pk).update(state="gone", stored="")
    return len(found)


_FORGET_PIECES = """
update recommendations_importpiece p set made = p.made - case when p.kind = 'orders' then '' else %(customer)s end,
    changed = case when p.kind <> 'orders' then p.changed - %(customer)s else (
        select coalesce(jsonb_object_agg(key, case when value -> 1 ->> 'customer' = %(customer)s
            then jsonb_set(jsonb_set(value, '{1,customer}', 'null'), '{1,session_id}', '""') else value end), '{}')
        from jsonb_each(p.changed)) end
where p.tenant_id = %(tenant)s and (
    (p.kind in ('customers', 'buyers') and (p.made ? %(customer)s or p.changed ? %(customer)s))
    or (p.kind = 'orders' and jsonb_path_exists(p.changed, '$.*[1] ? (@.customer == $id)',
        jsonb_build_object('id', %(customer)s::text))))
"""


def _erase_models(tenant: Tenant, subject: Subject) -> int:
    """Every version is written again without the name and the history; the old files go."""
    names = [subject.customer, *(f"s:{one}" for one in subject.sessions)]
    owner, struck = str(tenant.pk), 0
    for version in tenant.model_versions.filter(model=settings.MODEL_NAME).exclude(artifact_path=""):
        try:
            loaded = store.load(version.artifact_path, tenant=owner, digest=version.digest)
            cleaned = Bundle.from_arrays(loaded.arrays, loaded.manifest).without(names)
        except ArtifactUnreachable:  # it may be whole, and the person in it: again later
            raise
        except (ArtifactError, BundleDamaged):  # not readable is not servable: nothing may stay of it
            struck += store.discard(version.artifact_path)
            continue
        if cleaned is None:
            continue
        saved = store.save_again(
            tenant=owner, model=settings.MODEL_NAME, version=version.number,
            arrays=cleaned.arrays(), manifest=loaded.manifest | cleaned.manifest(),
            scope=artefact_places.scope_of(version.artifact_path),
        )
        version.artifact_path, version.digest = saved.place, saved.digest
        version.size_bytes = saved.size_bytes
        version.save(update_fields=["artifact_path", "digest", "size_bytes"])
        struck += 1
    if struck:
        epochs.bump(tenant, "model")
    return struck


def discard_old_copies(tenant: Tenant) -> int:
    """Folders that no version names any more. After the commit of `_erase_models`, and repeated."""
    rows = tenant.model_versions.filter(model=settings.MODEL_NAME)
    named = set(rows.values_list("artifact_path", flat=True))
    latest = max(rows.values_list("number", flat=True), default=0)
    found = 0
    for place in store.copies(tenant=str(tenant.pk), model=settings.MODEL_NAME):
        if artefact_places.number_in(place) <= latest and place not in named:
            found += store.discard(place)
    return found


register("attributions", "Attributed sales: loosened from the person", _erase_attributions)
register(
    "events", "Events", _erase_events,
    lambda t, s: told.events(t, list(_his_events(t, s).order_by("occurred_at"))),
)
register(
    "lists", "Lists that were answered", _erase_lists,
    lambda t, s: told.lists(list(_his_lists(t, s).order_by("at"))),
)
register("inbox", "Events on their way in", _erase_waiting)
register(
    "orders", "Orders: kept, of nobody", _erase_orders,
    lambda t, s: told.orders(t, list(t.orders.filter(customer__external_id=s.customer).select_related("customer"))),
)
register(
    "customer", "The customer's own row", lambda t, s: t.customers.filter(external_id=s.customer).delete()[0],
    lambda t, s: told.customers(t, list(t.customers.filter(external_id=s.customer))),
)
register("history", "What they did lately, in the cache server", _erase_history)
register("answers", "Answers kept for repeated calls", _erase_answers)
register("receipts", "Deliveries of webhooks", _erase_receipts)
register("imports", "Imported files and what would undo them", _erase_imports)
register("exports", "Export files", _erase_exports)
register("audiences", "Saved audiences that name the person", lambda t, s: saved_audiences.forget(t, s.customer))
register("errors", "Reports of errors", lambda t, s: errors.forget(t, s.customer))
register("models", "Trained models", _erase_models)
