"""One customer handed out, and erased everywhere, also from what arrives late."""

import shutil
import uuid
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, connections
from django.utils import timezone

from luxebrain.lib import redis
from recommendations import (
    answer_log,
    applying,
    batch_packing,
    candidates,
    history,
    inbox,
    ingest,
    privacy,
    privacy_places,
    shapes,
    storage,
    suppression,
    training_work,
)
from tenants import errors, idempotency, work
from tests import make
from tests.recommendations import shops

WHO, SESSION = "zz-planted-7f3a91", "zz-visit-7f3a91"
ERASE = {privacy.TASK}


@pytest.fixture(autouse=True)
def _no_copies():
    suppression.forget()
    candidates.forget()


def event(**fields):
    given = {"type": "view", "customer_id": WHO, "session_id": SESSION, "product_id": "tea-1", **fields}
    return shapes.events(given, now=timezone.now(), since={"": timezone.now() - timedelta(days=90)}, currency="EUR")[0]


def order(number, **fields):
    return {
        "id": number,
        "ordered_at": timezone.now().isoformat(),
        "customer_id": WHO,
        "session_id": SESSION,
        "lines": [{"product_id": "tea-1", "quantity": 1, "unit_price": "5.00"}],
        **fields,
    }


def erase():
    """The first look, which must not fail."""
    work.run_due(tasks=ERASE)
    failed = [row.error for row in work.Work.objects.using("ops").filter(task=privacy.TASK).exclude(error="")]
    assert not failed, failed[0]


def settle():
    """Lets the second look of an erasure be due now."""
    with connections["ops"].cursor() as cursor:
        cursor.execute("update tenants_work set due_at = now() where task = %s and state = 'pending'", [privacy.TASK])
    suppression.forget()
    work.run_due(tasks=ERASE)


def everything():
    """Every text of every table, every key and value of the cache server, every file and log: place → text."""
    found = {}
    with connections["owner"].cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            cursor.execute(f"select coalesce(string_agg(t::text, ' '), '') from {table} t")
            found[table] = cursor.fetchone()[0]
    client = redis.client()
    for key in client.scan_iter("*"):
        found[f"valkey {key!r}"] = key.decode() + str(
            client.lrange(key, 0, -1)
            if client.type(key) == b"list"
            else client.get(key)
            if client.type(key) == b"string"
            else client.hgetall(key)
            if client.type(key) == b"hash"
            else ""
        )
    for folder in (settings.MODELS_DIR, settings.UPLOADS_DIR, settings.LOGS_DIR):
        for path in Path(folder).rglob("*"):
            if path.is_file():
                found[str(path)] = path.read_bytes().decode("latin-1")
    return found


def folders(tenant):
    home = Path(settings.MODELS_DIR) / "tenant_models" / "recommendation" / str(tenant.pk)
    return {path.name for path in home.iterdir()}


def holding(*texts):
    hexed = [text.encode().hex() for text in texts]
    return sorted(place for place, text in everything().items() if any(one in text for one in (*texts, *hexed)))


@pytest.fixture
def planted(acme):
    """The customer in every place there is; files that earlier tests left are not hers."""
    for folder in (settings.MODELS_DIR, settings.UPLOADS_DIR):
        for left in Path(folder).iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    shops.stock(acme)
    shops.sell(acme)
    with make.inside(acme) as tenant:
        for number in range(2):
            ingest.orders(tenant, [order(f"o-{number}")], now=timezone.now())
        ingest.customers(tenant, [{"id": WHO, "attributes": {"nick": WHO}}], now=timezone.now())
    shops.fit(acme)
    inbox.keep(acme.pk, event() + event(type="click", recommendation_id="rec_" + "0" * 32))
    inbox.drain()
    inbox.keep(acme.pk, event())
    inbox.tell_history(acme.pk, event())
    api = make.Api(make.key(acme))
    sent = {"country": "FR"}
    assert api("put", f"/api/v1/customers/{WHO}", sent, **{idempotency.HEADER: "k-1"}).status_code == 200
    assert api.get(f"/api/v1/recommendations?customer_id={WHO}&session_id={SESSION}").status_code == 200
    answer_log.flush()
    acme.attributions.create(
        order_external_id="o-0",
        product_external_id="tea-1",
        amount=5,
        currency="EUR",
        recommendation_id="rec_" + "0" * 32,
        clicked_at=timezone.now(),
        ordered_at=timezone.now(),
    )
    hook = {"source": "woocommerce", "digest": b"1" * 32}
    acme.webhook_receipts.create(topic="customer.updated", kind="customer", object_id=WHO, payload={"id": WHO}, **hook)
    acme.webhook_receipts.create(
        topic="order.created",
        kind="order",
        object_id="o-0",
        payload={"customer_id": WHO},
        **hook | {"digest": b"2" * 32},
    )
    acme.audiences.create(name="Few", asked={"kind": "ids", "ids": [WHO]})
    acme.audience_pieces.create(audience=acme.audiences.create(asked={"kind": "file"}, size=1), position=0, ids=[WHO])
    job = acme.batch_jobs.create(audience={"kind": "ids", "ids": [WHO]}, asked={"session_id": SESSION}, total=1)
    acme.batch_chunks.create(job=job, number=0, first=0, size=1, customers=batch_packing.pack_ids([WHO]))
    acme.tombstones.create(kind="customer", external_id=WHO, deleted_at=timezone.now())
    name = storage.new_name()
    storage.path(acme.pk, name).write_text(f"id,country\n{WHO},FR\n")
    run = acme.import_runs.create(
        kind="customers",
        source="a.csv",
        stored=name,
        examples=[{"id": WHO}],
        problems=[{"line": 1, "field": "id", "message": "?", "value": WHO}],
    )
    acme.import_pieces.create(run=run, number=1, part=1, kind="customers", made={WHO: "x"}, changed={WHO: ["x", {}]})
    acme.import_pieces.create(
        run=run,
        number=2,
        part=1,
        kind="orders",
        made={},
        changed={"o-0": ["x", {"customer": WHO, "session_id": SESSION, "lines": []}]},
    )
    name = storage.new_name()
    storage.path(acme.pk, name).write_text(f"id\n{WHO}\n")
    acme.export_runs.create(kind="customers", format="csv", state="done", stored=name)
    try:
        raise IntegrityError(f"Key (external_id)=({WHO}) exists")
    except IntegrityError as error:
        errors.record(error, source="worker", tenant_id=acme.pk, path=f"/api/v1/customers/{WHO}")
    return acme


def test_nothing_is_left_of_an_erased_customer(planted, ana, signed_in):
    """D13, T23: tables, cache server, files: nothing but the certificate's digest."""
    before = holding(WHO, SESSION)
    assert len(before) >= 12, before
    request = privacy.request_erasure(planted, WHO, by=ana)
    erase()
    settle()
    request.refresh_from_db()
    assert request.state == "done"
    logs = {place for place in before if "/logs/" in place}  # the message of the planted exception
    assert set(holding(WHO, SESSION)) - logs == set()
    counts = {row["place"]: row["erased"] for row in request.certificate["places"]}
    assert {name for name, n in counts.items() if n == 0} == set(), counts
    assert request.certificate["customer_digest"] == request.digest
    assert request.certificate_digest == suppression.fingerprint(
        orjson.dumps(request.certificate, option=orjson.OPT_SORT_KEYS)
    )
    assert planted.orders.filter(external_id__in=["o-0", "o-1"]).count() == 2, "the shop's sums stay"
    assert planted.attributions.get().amount == 5


def test_the_model_serves_on_without_the_person(planted):
    api = make.Api(make.key(planted))
    ask = f"/api/v1/recommendations?customer_id={WHO}"
    assert api.get(ask).json()["strategy_reason"] is None
    files = folders(planted)
    privacy.request_erasure(planted, WHO, by="test")
    work.run_due(tasks=ERASE)
    answer = api.get(ask).json()
    assert (answer["strategy"], answer["strategy_reason"], answer["degraded"]) == ("model", "no_history", False)
    assert api.get("/api/v1/recommendations?customer_id=t-1").json()["strategy_reason"] is None
    left = folders(planted)
    assert len(left) == len(files)
    assert left.isdisjoint(files), "the old files are gone"


def test_nothing_late_brings_the_person_back(planted):
    """The tombstone: late events, orders, imports and questions leave no trace of them."""
    privacy.request_erasure(planted, WHO, by="test")
    erase()
    settle()
    api = make.Api(make.key(planted))
    assert api.post("/api/v1/events", {"type": "view", "customer_id": WHO, "product_id": "tea-1"}).status_code == 202
    assert api.post("/api/v1/events", {"type": "view", "session_id": SESSION, "product_id": "tea-1"}).status_code == 202
    inbox.drain()
    answer = api.post("/api/v1/customers", {"id": WHO}).json()["results"][0]
    assert answer["reason"] == "This customer was erased; nothing is kept of them."
    assert api.post("/api/v1/orders", order("late")).json()["kept"] == 1
    assert api.get(f"/api/v1/recommendations?customer_id={WHO}").status_code == 200
    late = planted.orders.get(external_id="late")
    assert (late.customer_id, late.session_id) == (None, "")
    assert [place for place in holding(WHO, SESSION) if "/logs/" not in place] == []
    other = api.post("/api/v1/customers", {"id": "somebody-else"}).json()["results"][0]
    assert other["status"] == "created"


def test_a_crash_in_the_middle_is_gone_on_with(planted, monkeypatch):
    """Each place is emptied and counted in one transaction; a second run adds what was left."""
    fail = privacy_places.Place("history", "x", lambda t, s: 1 / 0)
    places = list(privacy_places.PLACES)
    at = [place.name for place in places].index("history")
    request = privacy.request_erasure(planted, WHO, by="test")
    monkeypatch.setattr(privacy_places, "PLACES", [*places[:at], fail, *places[at + 1 :]])
    work.run_due(tasks=ERASE)
    request.refresh_from_db()
    counted = request.places["events"]
    assert counted >= 2
    assert request.state == "queued"
    monkeypatch.setattr(privacy_places, "PLACES", places)
    settle()
    settle()
    request.refresh_from_db()
    assert (request.state, request.places["events"]) == ("done", counted)


def test_a_session_shared_with_somebody_else_stays_theirs(acme):
    both = {"occurred_at": timezone.now(), "kind": "view", "session_id": "shared"}
    for who in (WHO, "other"):
        acme.events.create(id=uuid.uuid4(), customer_external_id=who, **both)
    acme.events.create(id=uuid.uuid4(), **both)
    privacy.request_erasure(acme, WHO, by="test")
    work.run_due(tasks=ERASE)
    assert sorted(acme.events.values_list("customer_external_id", flat=True)) == ["", "other"]


def test_it_hands_out_what_is_held(planted, globex):
    """D13: orders with lines, events, the customer's row; asked for by key, refused to strangers."""
    api = make.Api(make.key(planted))
    held = api.get(f"/api/v1/customers/{WHO}/export").json()
    assert held["customer_id"] == WHO
    assert [row["id"] for row in held["orders"]] == ["o-0", "o-1"]
    assert {row["type"] for row in held["events"]} == {"view", "click"}
    assert held["customer"][0]["country"] == "FR"
    row = planted.privacy_requests.get()
    assert (row.kind, row.state, row.places["orders"]) == ("export", "done", 2)
    assert WHO not in str(row.__dict__)
    stranger = make.Api(make.key(globex))
    assert stranger.get(f"/api/v1/customers/{WHO}/export").status_code == 404


def test_the_api_erases_once_and_says_how_far_it_is(acme, globex):
    api = make.Api(make.key(acme))
    first, second = (api.post("/api/v1/privacy/erasures", {"customer_id": WHO}) for _ in range(2))
    assert (first.status_code, first.json()["id"]) == (202, second.json()["id"])
    url = first.json()["status_url"]
    assert api.get(url).json()["state"] == "queued"
    work.run_due(tasks=ERASE)
    settle()
    told = api.get(url).json()
    assert (told["state"], told["certificate"]["shop"]) == ("done", "acme")
    assert make.Api(make.key(globex)).get(url).status_code == 404
    for body in ({}, {"customer_id": 1.5}, {"customer_id": ""}, {"customer_id": WHO, "more": 1}, []):
        assert api.post("/api/v1/privacy/erasures", body).status_code == 400
    few = make.Api(make.key(acme, scopes=["catalogue:write"]))
    assert few.post("/api/v1/privacy/erasures", {"customer_id": WHO}).status_code == 403


def test_shops_are_erased_apart(acme, globex):
    """T1: the same id in another shop stays, and its digest differs."""
    for tenant in (acme, globex):
        make.order(tenant, ["a"], customer=make.customer(tenant, WHO))
    mine = privacy.request_erasure(acme, WHO, by="test")
    theirs = privacy.request_erasure(globex, "somebody", by="test")
    work.run_due(tasks=ERASE)
    assert not acme.customers.exists()
    assert globex.customers.get().external_id == WHO
    assert privacy.request_erasure(globex, WHO, by="test").digest != mine.digest != theirs.digest


def test_the_next_training_is_asked_for(planted):
    """The flag on the run: what the model learnt of the person goes with the next training."""
    assert not training_work.erased_since(planted, timezone.now() - timedelta(days=1))
    privacy.request_erasure(planted, WHO, by="test")
    work.run_due(tasks=ERASE)
    settle()
    champion = planted.model_versions.get()
    assert training_work.due(planted) == "erasure"
    planted.training_runs.create(reason="erasure", state="succeeded")
    assert not training_work.erased_since(planted, champion.created_at)


def test_history_of_somebody_else_stays(planted):
    inbox.tell_history(planted.pk, event(customer_id="t-0", session_id="other"))
    privacy.request_erasure(planted, WHO, by="test")
    work.run_due(tasks=ERASE)
    assert redis.client().exists(history.key(planted.pk, "c:t-0"))


def test_a_late_delivery_is_counted_and_emptied(acme):
    """Neither the row comes back, nor does the log of deliveries keep what it said."""
    privacy.request_erasure(acme, WHO, by="test")
    reading = {"action": "upsert", "data": {"id": WHO}}
    row = acme.webhook_receipts.create(
        source="generic",
        topic="customer",
        kind="customer",
        object_id=WHO,
        payload={"id": WHO},
        reading=reading,
        digest=b"3" * 32,
    )
    with make.inside(acme) as tenant:
        applying.apply(tenant, row.pk, erase=privacy.request_erasure)
    row.refresh_from_db()
    assert (row.object_id, row.payload, row.reading) == ("", {}, {})
    assert "erased" in row.reason
    assert not acme.customers.exists()
