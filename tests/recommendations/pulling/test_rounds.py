"""Reading a shop's own API: all of it once, then what changed, through faults, limits and crashes."""

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as project
from django.db import connections as databases
from django.utils import timezone

from recommendations.models import StoreConnection
from recommendations.pulling import connections, rounds, shops
from tenants import work
from tenants.models import Work
from tests import make
from tests.recommendations.pulling import shops as fake
from tests.webserver import serving

CREDENTIALS = {"woocommerce": {"key": fake.KEY, "secret": fake.SECRET}, "shopify": {"token": fake.TOKEN}}
ALL = ["products", "customers", "orders"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(rounds, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def open_shop(settings):
    """open_shop(fake.Woo(...)) → the address; closed when the test ends."""
    with contextlib.ExitStack() as stack:

        def start(shop):
            server = stack.enter_context(serving(shop))
            settings.OUTBOUND_ALLOWED = [*settings.OUTBOUND_ALLOWED, server.url]
            shop.server = server
            return server.url

        yield start


def connect(tenant, user, source, address, resources=ALL):
    with make.inside(tenant) as inside:
        return connections.connect(
            inside, source=source, address=address, credentials=CREDENTIALS[source], resources=resources, by=user
        )


def pull():
    work.run_due(tasks={connections.TASK})


def state(connection):
    return StoreConnection.objects.across_tenants().get(pk=connection.pk)


def ids(tenant, relation):
    with make.inside(tenant) as inside:
        return set(getattr(inside, relation).values_list("external_id", flat=True))


def again(connection):
    """The next round, as the timetable starts it; waits that were asked for are over."""
    with databases["ops"].cursor() as cursor:
        cursor.execute("update recommendations_storeconnection set next_at = now() - interval '1 minute'")
        cursor.execute("update tenants_work set due_at = now() where state = 'pending'")
    connections.fan_out()
    pull()
    return state(connection)


def test_it_reads_a_woocommerce_shop_once_and_then_what_changed(acme, ana, open_shop):
    """A full reading in pages, then only what is new, with an overlap; newer rows win."""
    shop = fake.Woo(
        {
            "products": [fake.woo_product(n, n) for n in range(1, 251)],
            "customers": [fake.woo_customer(n) for n in range(1, 121)],
            "orders": [fake.woo_order(n, n) for n in range(9000, 9120)],
        }
    )
    made = connect(acme, ana, "woocommerce", open_shop(shop))
    pull()
    found = state(made)
    assert (found.state, found.last_error, found.pending, found.refused) == ("active", "", [], 0)
    assert ids(acme, "products") == {str(n) for n in range(1, 251)}
    assert ids(acme, "orders") == {str(n) for n in range(9000, 9120)}
    assert {str(n) for n in range(1, 121)} <= ids(acme, "customers")
    assert found.first_done_at
    assert found.last_success_at
    assert found.next_at > timezone.now() + timedelta(minutes=3)

    shop.server.asked.clear()
    shop.items["products"][0] = fake.woo_product(1, 999, status="draft")
    shop.items["products"].append(fake.woo_product(777, 1000))
    found = again(made)
    assert "777" in ids(acme, "products")
    with make.inside(acme) as inside:
        assert not inside.products.get(external_id="1").is_published
    asked = shop.server.asked
    assert [one.path.rpartition("/")[2] for one in asked] == ["products", "orders"]  # customers: once a day
    assert asked[0].query["modified_after"] == fake.gmt(250 - 2)
    assert len(asked) == 2


def test_it_reads_a_shopify_shop_by_its_cursors(acme, ana, open_shop):
    """page_info stands alone, and the link's own host is never asked."""
    shop = fake.Shopify({"products": [fake.shopify_product(7_880_321_196_742_000 + n, n) for n in range(230)]})
    made = connect(acme, ana, "shopify", open_shop(shop), ["products", "orders"])
    pull()
    found = state(made)
    assert (found.last_error, found.pending, found.kept) == ("", [], 230)
    assert "7880321196742229" in ids(acme, "products")
    asked = [one for one in shop.server.asked if one.path.endswith("products.json")]
    assert [("page_info" in one.query) for one in asked[1:]] == [False, True, True]
    shop.server.asked.clear()
    shop.items["products"].append(fake.shopify_product(5, 600))
    again(made)
    assert "5" in ids(acme, "products")
    assert shop.server.asked[0].query["updated_at_min"].startswith(fake.gmt(229 - 2))


def test_it_goes_on_where_a_token_is_no_longer_taken(acme, ana, open_shop):
    shop = fake.Shopify({"products": [fake.shopify_product(n, n) for n in range(1, 231)]})
    shop.after_page = lambda kind, offset: setattr(shop, "stale_tokens", True)
    made = connect(acme, ana, "shopify", open_shop(shop), ["products"])
    pull()
    assert (len(ids(acme, "products")), state(made).last_error) == (230, "")


def test_it_misses_nothing_when_the_list_changes_while_it_is_read(acme, ana, open_shop):
    """Rows that move to the end let all others slip forward by one; the time that was reached does not slip."""
    shop = fake.Woo({"products": [fake.woo_product(n, n) for n in range(1, 301)]})
    moved = iter([(10, 400), (20, 401), (120, 402)])

    def change(kind, page):
        if (step := next(moved, None)) and kind == "products":
            number, minutes = step
            shop.items["products"] = [one for one in shop.items["products"] if one["id"] != number]
            shop.items["products"].append(fake.woo_product(number, minutes))

    made = connect(acme, ana, "woocommerce", open_shop(shop), ["products"])
    shop.after_page = change
    pull()
    assert len(ids(acme, "products")) == 300
    assert not state(made).pending


def test_it_gets_through_a_bulk_edit_of_one_second(acme, ana, open_shop):
    """250 rows with the same time: pages are counted where time stands still."""
    shop = fake.Woo({"products": [fake.woo_product(n, 5) for n in range(1, 251)]})
    made = connect(acme, ana, "woocommerce", open_shop(shop), ["products"])
    pull()
    assert (len(ids(acme, "products")), state(made).pending) == (250, [])


class Killed(BaseException):
    """What a kill -9 leaves behind: nothing after this line ran."""


@pytest.mark.parametrize("moment", ["before the rows", "after the rows", "before the commit"])
def test_it_goes_on_after_a_crash_at_any_line(acme, ana, open_shop, monkeypatch, moment):
    """Rows and the place after them are one transaction: after the crash nothing is missing, nothing twice."""
    shop = fake.Woo({"products": [fake.woo_product(n, n) for n in range(1, 321)]})
    made = connect(acme, ana, "woocommerce", open_shop(shop), ["products"])
    real, calls = rounds._take, []

    def dying(tenant, connection, kind, rows, *, now):
        calls.append(len(rows))
        dies = len(calls) == 2
        if dies and moment == "before the rows":
            raise Killed
        real(tenant, connection, kind, rows, now=now)
        if dies and moment == "after the rows":
            raise Killed
        if dies:
            monkeypatch.setattr(type(connection), "save", lambda *args, **options: (_ for _ in ()).throw(Killed()))

    monkeypatch.setattr(rounds, "_take", dying)
    save = StoreConnection.save
    with pytest.raises(Killed):
        pull()
    monkeypatch.setattr(StoreConnection, "save", save)
    monkeypatch.setattr(rounds, "_take", real)
    kept = ids(acme, "products")
    assert len(kept) == 100  # the first page, and nothing of the second
    assert state(made).cursors["products"]["done"] == 100
    with databases["ops"].cursor() as cursor:  # the lease of the dead worker runs out
        cursor.execute("update tenants_work set state = 'pending', due_at = now() where state = 'running'")
    pull()
    found = state(made)
    assert (len(ids(acme, "products")), found.kept, found.pending) == (320, 320, [])


@pytest.mark.parametrize("fault", [
    (429, {"Retry-After": "7"}, b""), (503, {}, b"<html>maintenance</html>"), (500, {}, b""), (502, {}, b""),
    (200, {}, b'[{"id": 1, "na'), (200, {}, b""), (200, {}, b"\xff\xfe"),
])  # fmt: skip
def test_it_waits_and_tries_again(acme, ana, open_shop, fault):
    """429, faults and broken answers: the pause grows, nothing is lost, the connection stays."""
    shop = fake.Woo({"products": [fake.woo_product(n, n) for n in range(1, 4)]})
    made = connect(acme, ana, "woocommerce", open_shop(shop), ["products"])
    shop.faults = [fault, fault]
    pull()
    first = state(made)
    assert (first.state, first.failures) == ("active", 1)
    assert first.last_error.endswith(".")
    waiting = Work.objects.using("ops").get(task=connections.TASK, state="pending")
    least = 7 if fault[0] == 429 else 1
    assert waiting.due_at > timezone.now() + timedelta(seconds=least - 0.6)
    assert waiting.attempts == 0
    assert again(made).failures == 2
    found = again(made)
    assert (found.failures, found.last_error, found.pending, len(ids(acme, "products"))) == (0, "", [], 3)


@pytest.mark.parametrize(("source", "fault", "said"), [
    ("woocommerce", (401, {}, {"code": "x"}), "does not accept this key"),
    ("woocommerce", (401, {}, {"code": "woocommerce_rest_cannot_view"}), "may not read products"),
    ("shopify", (403, {}, {}), "may not read products"),
    ("woocommerce", (404, {}, b""), "No shop was found"),
    ("woocommerce", (200, {}, b"<!doctype html><p>hi"), "not the address of the shop's API"),
    ("woocommerce", (200, {}, {"ok": 1}), "not the API of WooCommerce"),
    ("shopify", (200, {}, []), "not the API of Shopify"),
    ("woocommerce", (301, {"Location": "https://169.254.169.254/"}, b""), "another address"),
])  # fmt: skip
def test_it_stops_and_says_why_when_only_people_can_mend_it(acme, ana, open_shop, source, fault, said):
    """Expired credentials and the like: state, a plain sentence, no further calls until somebody acts."""
    shop = fake.Woo() if source == "woocommerce" else fake.Shopify()
    made = connect(acme, ana, source, open_shop(shop), ["products"])
    shop.faults = [fault]
    pull()
    found = state(made)
    assert (found.state, said in found.last_error) == ("refused", True), found.last_error
    asked = len(shop.server.asked)
    again(made)
    assert len(shop.server.asked) == asked
    with make.inside(acme) as inside:
        connections.change(inside, inside.store_connections.get(pk=made.pk), credentials=CREDENTIALS[source], by=ana)
    pull()
    assert (state(made).state, state(made).last_error, state(made).pending) == ("active", "", [])


def test_it_leaves_a_full_bucket_alone(acme, ana, open_shop):
    """Shopify's leaky bucket: above three quarters the shop is left until it is half empty."""
    shop = fake.Shopify({"products": [fake.shopify_product(n, n) for n in range(1, 201)]})
    made = connect(acme, ana, "shopify", open_shop(shop), ["products"])
    shop.bucket = "38/40"
    asked = len(shop.server.asked)
    pull()
    assert len(shop.server.asked) == asked + 1
    waiting = Work.objects.using("ops").get(task=connections.TASK, state="pending")
    assert waiting.due_at > timezone.now() + timedelta(seconds=8)
    shop.bucket = "3/40"
    assert (again(made).pending, len(ids(acme, "products"))) == ([], 200)


def test_it_asks_no_more_than_twice_a_second(acme, ana, open_shop, monkeypatch):
    slept = []
    monkeypatch.setattr(rounds, "PAUSE_SECONDS", 0.5)
    monkeypatch.setattr(rounds.time, "sleep", slept.append)
    shop = fake.Woo({"products": [fake.woo_product(n, n) for n in range(1, 251)]})
    connect(acme, ana, "woocommerce", open_shop(shop), ["products"])
    pull()
    assert slept == [0.5, 0.5]  # between three pages


def test_it_names_bad_rows_and_keeps_the_others(acme, ana, open_shop):
    shop = fake.Woo({"products": [
        fake.woo_product(1, 1), fake.woo_product(2, 2, price="cheap"), {**fake.woo_product(3, 3), "name": ""},
    ]})  # fmt: skip
    made = connect(acme, ana, "woocommerce", open_shop(shop), ["products"])
    pull()
    found = state(made)
    assert ids(acme, "products") == {"1"}
    assert (found.kept, found.refused) == (1, 2)
    assert {(one["id"], one["field"]) for one in found.problems} == {("2", "price"), ("3", "title")}


def test_an_older_state_never_overwrites_a_newer_or_brings_back_the_deleted(acme, ana, open_shop):
    """Newer stored states and deletions that a webhook brought stay."""
    shop = fake.Woo({"products": [fake.woo_product(1, 10), fake.woo_product(2, 10)]})
    with make.inside(acme) as inside:
        make.product(inside, "1", title="Newer", source_updated_at=fake.START + timedelta(minutes=11))
        inside.tombstones.create(kind="product", external_id="2", deleted_at=fake.START + timedelta(minutes=11))
    connect(acme, ana, "woocommerce", open_shop(shop), ["products"])
    pull()
    with make.inside(acme) as inside:
        assert inside.products.get(external_id="1").title == "Newer"
    assert ids(acme, "products") == {"1"}


def test_a_missed_webhook_is_made_good_within_a_quarter_of_an_hour(acme, ana, open_shop):
    """The timetable looks every five minutes at connections that are due after four."""
    from luxebrain.celery import app

    assert app.conf.beat_schedule["pull-stores"]["schedule"] + rounds.EVERY.total_seconds() < 15 * 60


def test_shops_stay_apart(acme, ana, globex, gil, open_shop):
    """T1: each connection fills its own shop; one shop's trouble is not the other's."""
    one, other = fake.Woo({"products": [fake.woo_product(1, 1)]}), fake.Woo({"products": [fake.woo_product(2, 1)]})
    connect(acme, ana, "woocommerce", open_shop(one), ["products"])
    second = connect(globex, gil, "woocommerce", open_shop(other), ["products"])
    one.keys_ok = False
    pull()
    assert (ids(acme, "products"), ids(globex, "products")) == (set(), {"2"})
    assert state(second).state == "active"
    with make.inside(acme) as inside:
        assert not inside.store_connections.filter(pk=second.pk).exists()


def test_no_secret_is_left_anywhere(acme, ana, open_shop, caplog):
    """T4: a planted secret is in no table, no log, no audit entry, though every kind of fault happened."""
    caplog.set_level("DEBUG")
    shop = fake.Woo({"products": [fake.woo_product(1, 1)]})
    made = connect(acme, ana, "woocommerce", open_shop(shop), ["products"])
    for fault in [(503, {}, fake.SECRET.encode()), (401, {}, fake.SECRET.encode())]:
        shop.faults = [fault]
        again(made)
    logs = "".join(path.read_text() for path in Path(project.LOGS_DIR).glob("*.log"))
    with databases["owner"].cursor() as cursor:
        cursor.execute("select string_agg(c::text, ' ') from recommendations_storeconnection c")
        rows = cursor.fetchone()[0]
        cursor.execute("select coalesce(string_agg(a::text, ' '), '') from tenants_auditentry a")
        rows += cursor.fetchone()[0]
        cursor.execute("select coalesce(string_agg(w::text, ' '), '') from tenants_work w")
        rows += cursor.fetchone()[0]
    for secret in (fake.SECRET, fake.KEY):
        assert secret not in logs + caplog.text + rows
    assert made.hint == fake.SECRET[-4:]


def test_it_pauses_resumes_and_forgets(acme, ana, open_shop):
    shop = fake.Woo({"products": [fake.woo_product(1, 1)]})
    made = connect(acme, ana, "woocommerce", open_shop(shop), ["products"])
    asked = len(shop.server.asked)
    with make.inside(acme) as inside:
        connections.pause(inside, made, by=ana)
    pull()
    assert len(shop.server.asked) == asked
    with make.inside(acme) as inside:
        connections.resume(inside, made, by=ana)
    pull()
    assert ids(acme, "products") == {"1"}
    with make.inside(acme) as inside:
        connections.disconnect(inside, made, by=ana)
        assert not inside.store_connections.exists()
        assert inside.audit_entries.filter(action="connection.removed").exists()


@pytest.mark.parametrize(("source", "address"), [
    ("woocommerce", "http://shop.example"), ("woocommerce", "https://127.0.0.1"), ("woocommerce", "169.254.169.254"),
    ("woocommerce", "https://user:pw@shop.example"), ("shopify", "https://shop.example"), ("shopify", "localhost"),
    ("shopify", "https://evil.example/.myshopify.com"), ("woocommerce", ""),
])  # fmt: skip
def test_it_asks_no_address_that_is_no_public_shop(acme, ana, source, address):
    """T8."""
    with make.inside(acme) as inside, pytest.raises((connections.Invalid, shops.ShopRefusal)):
        connections.connect(
            inside, source=source, address=address, credentials=CREDENTIALS[source], resources=["products"], by=ana
        )
