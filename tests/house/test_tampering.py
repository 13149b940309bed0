"""What somebody slips into the cache server, the broker, the mail and the logs (T2, T15, T22, T24, T31)."""

import contextlib
import json
import pickle

import orjson
import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import DatabaseError
from psycopg2 import ProgrammingError

from luxebrain.lib import logs, redis
from recommendations import candidates, popular
from tenants import gate, tasks, work
from tenants.models import Work
from tests import hostile, make
from tests.tenants.test_gate import credential


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('a pickle ran')",))


@pytest.fixture
def two_shops(acme, globex):
    """The same product and customer ids in both, what they sell named after the shop."""
    for shop in (acme, globex):
        make.product(shop, "p-1", title=f"Of {shop.slug}")
        make.product(shop, f"only-{shop.slug}", title=f"Only {shop.slug}")
    return {shop.slug: make.Api(make.key(shop)) for shop in (acme, globex)}


def ids(answer):
    assert answer.status_code == 200, answer.content
    return {item["product_id"] for item in answer.json()["items"]}


def test_a_strangers_list_under_our_name_is_never_served(two_shops, acme, globex):
    """T2: another shop first, the same ids; then its list written under our key by hand: a miss and an alarm."""
    assert "only-globex" in ids(two_shops["globex"].get("/api/v1/recommendations?customer_id=c"))
    client = redis.client()
    theirs = client.get(popular.key(globex.pk))
    assert theirs
    epoch = orjson.loads(theirs)[1].encode()
    assert popular.recall(theirs, tenant_id=globex.pk, epoch=epoch)
    assert popular.recall(theirs, tenant_id=acme.pk, epoch=epoch) is None
    client.set(popular.key(acme.pk), theirs)
    client.set(popular.cold_key(acme.pk), client.get(popular.cold_key(globex.pk)))
    candidates.forget()
    assert "only-globex" not in ids(two_shops["acme"].get("/api/v1/recommendations?customer_id=c"))
    assert popular.recall_cold(f"{globex.pk}:1".encode(), tenant_id=acme.pk) is None
    lines = (settings.LOGS_DIR / "luxebrain.log").read_text()
    assert "popular.foreign" in lines


def test_another_calls_answer_is_not_taken_for_ours(acme, globex, monkeypatch):
    """T2: a client library that mixes two answers of one connection is noticed, and the call goes on without."""
    gate.enter(credential(acme), meter="m")
    script = gate._script
    answers = {}

    def mixed(keys, args):
        answers.setdefault("first", script(keys, args))
        return answers["first"]

    monkeypatch.setattr(gate, "_script", mixed)
    assert not gate.enter(credential(globex, key_id=2), meter="m").blind
    passage = gate.enter(credential(acme), meter="m")
    assert passage.blind
    assert passage.allowed


def test_a_pickle_in_the_cache_is_refused(two_shops, acme):
    """T15"""
    bomb = pickle.dumps(Bomb())
    client = redis.client()
    for name in (popular.key(acme.pk), popular.cold_key(acme.pk)):
        client.set(name, bomb)
    candidates.forget()
    assert ids(two_shops["acme"].get("/api/v1/recommendations?customer_id=c"))
    client.set(cache.make_key("planted"), bomb)
    with pytest.raises(orjson.JSONDecodeError):
        cache.get("planted")


@pytest.fixture
def note(db, monkeypatch):
    seen = []
    monkeypatch.setitem(work._handlers, "test.note", lambda lease: seen.append((lease.tenant_id, lease.subject)))
    return seen


@pytest.mark.parametrize(
    "message",
    [0, -1, 10**30, "1 or 1=1", "'; drop table tenants_work; --", None, [1], {"id": 1}, True, "__import__('os')", 1.5],
)
def test_a_forged_message_does_nothing(acme, note, message):
    """T31: a message is the id of a row; anything else finds none, and what is not due is not done."""
    work.enqueue(acme, "test.note", subject="not yet", delay_seconds=3600)
    row = Work.objects.using("ops").get(task="test.note")
    for given in (message, row.pk):
        with contextlib.suppress(DatabaseError, ProgrammingError):  # refused by the database as no id
            tasks.run(given)
    assert note == []
    assert Work.objects.using("ops").get(pk=row.pk).state == Work.State.PENDING


def test_a_message_cannot_say_whose_work_it_is(acme, globex, note):
    """T31: the id of globex's work in an envelope of acme's: it is done once, as globex's."""
    work.enqueue(globex, "test.note", subject="theirs")
    row = Work.objects.using("ops").get(task="test.note")
    tasks.run.apply(args=(row.pk,), headers={"tenant_id": acme.pk}).get()
    tasks.run.apply(args=(row.pk,), headers={"tenant_id": acme.pk}).get()
    with pytest.raises(TypeError):
        tasks.run(row.pk, acme.pk)
    assert note == [(globex.pk, "theirs")]


@pytest.mark.parametrize("text", [*hostile.LINES, "<!channel> & <b>", "x" * 10_000])
def test_a_letter_keeps_its_headers(acme, ana, text):
    """T22: names of shops and people stand in letters, never in their headers beside what we wrote."""
    from tenants import members

    acme.name, ana.name = text, text
    members.invite(acme, email="new@example.com", role="analyst", by=ana)
    message = mail.outbox[-1].message()
    assert set(map(str.lower, message.keys())) <= {
        "content-type",
        "mime-version",
        "subject",
        "from",
        "to",
        "date",
        "message-id",
        "reply-to",
        "auto-submitted",
        "list-unsubscribe",
        "x-auto-response-suppress",
    }
    assert message["To"] == "new@example.com"
    assert "\n" not in str(mail.outbox[-1].subject)


def test_a_line_of_the_log_is_one_event(db, client):
    """T24: as many lines as events, whatever is in them; what a terminal obeys is written out."""
    path = settings.LOGS_DIR / "luxebrain.log"
    log = logs.get("test")
    log.warning("first")
    before = len(path.read_bytes().splitlines())
    for text in hostile.TEXTS:
        log.warning("hostile", text=text, x=[text[:100]], y={text[:50]: 1})
    written = path.read_bytes().splitlines()[before:]
    assert len(written) == len(hostile.TEXTS)
    for line in written:
        assert json.loads(line)["event"] == "hostile"
        assert all(32 <= byte < 127 for byte in line)
        assert len(line) < 20_000
    client.get("/api/v1/products", headers={"user-agent": "a\x1b[31m", "x-request-id": 'a"}\\u000a{"event": "forged"}'})
    assert '"event": "forged"' not in path.read_text().replace('\\"', "")
