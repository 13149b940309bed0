"""Pulling from shops' own APIs, against local servers that answer as WooCommerce's and Shopify's do."""

import base64
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from luxebrain.lib.problems import Problem
from recommendations.models import StoreConnection
from recommendations.pulling import asking, connections, pull
from tenants import work
from tenants.models import Work
from tests import make
from tests.recommendations.storefronts.vendor import payload
from tests.webserver import serving

KEY, SECRET, TOKEN = "ck_0123456789", "cs_planted_secret_77", "shpat_planted_token_88"


class Woo:
    """WooCommerce's REST v3: basic auth, pages, modified_after, X-WP-Total."""

    def __init__(self) -> None:
        self.products = [
            payload("woocommerce_product", id=n, date_modified_gmt=f"2026-03-24T{n // 60:02}:{n % 60:02}:00")
            for n in range(1, 251)
        ]
        self.customers = [payload("woocommerce_customer", id=n) for n in range(1, 4)]
        self.orders = [
            payload("woocommerce_order", id=n, customer_id=1, date_modified_gmt=f"2026-03-25T00:{n:02}:00")
            for n in range(1, 8)
        ]
        self.before: list[Any] = []  # replies that are given first
        self.secret = SECRET

    def __call__(self, asked: Any) -> Any:
        expected = "Basic " + base64.b64encode(f"{KEY}:{self.secret}".encode()).decode()
        if asked.headers.get("authorization") != expected:
            return 401, {}, {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources."}
        if self.before and "per_page=1" != f"per_page={asked.query['per_page']}":
            reply = self.before.pop(0)
            if reply is not None:
                return reply
        rows = getattr(self, asked.path.rsplit("/", 1)[1])
        after = asked.query.get("modified_after", "")
        rows = [row for row in rows if row["date_modified_gmt"] > after]
        if asked.query.get("orderby") == "modified":
            rows = sorted(rows, key=lambda row: row["date_modified_gmt"])
        size, page = int(asked.query["per_page"]), int(asked.query["page"])
        part = rows[(page - 1) * size : page * size]
        return 200, {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(-(-len(rows) // size))}, part


class Shopify:
    """The Admin API: a token, Link with page_info, updated_at_min, the call limit."""

    def __init__(self) -> None:
        self.rows = {
            "products": [payload("shopify_product", id=n) for n in range(1, 301)],
            "customers": [payload("shopify_customer", id=n) for n in range(1, 3)],
            "orders": [payload("shopify_order", id=n) for n in range(1, 4)],
        }
        self.url = ""

    def __call__(self, asked: Any) -> Any:
        if asked.headers.get("x-shopify-access-token") != TOKEN:
            return 401, {}, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
        resource = asked.path.rsplit("/", 1)[1].removesuffix(".json")
        size, start = int(asked.query["limit"]), int(asked.query.get("page_info", "0"))
        if start and "order" in asked.query:
            return 400, {}, {"errors": {"order": "order cannot be passed when page_info is present."}}
        rows = self.rows[resource]
        headers = {"X-Shopify-Shop-Api-Call-Limit": "2/40"}
        if start + size < len(rows):
            headers["Link"] = f'<{self.url}{asked.path}?limit={size}&page_info={start + size}>; rel="next"'
        return 200, headers, {resource: rows[start : start + size]}


@contextmanager
def shop(answer: Any, settings: Any) -> Iterator[Any]:
    with serving(answer) as server:
        settings.OUTBOUND_ALLOWED = [server.url.rstrip("/")]
        yield server


def connect(tenant: Any, url: str, source: str = "woocommerce", **credentials: str) -> StoreConnection:
    given = {"token": TOKEN} if source == "shopify" else {"key": KEY, "secret": SECRET}
    with make.inside(tenant) as entered:
        return connections.open(entered, source=source, address=url, by="test", **(given | credentials))


def run(tenant: Any) -> StoreConnection:
    work.run_due(tasks={connections.TASK})
    return tenant.store_connections.get()


def again(tenant: Any) -> StoreConnection:
    """The next pull, at once."""
    tenant.store_connections.update(next_run_at=timezone.now() - timedelta(seconds=1))
    assert connections.due() == 1
    return run(tenant)


def test_it_reads_a_whole_woocommerce_shop(acme: Any, settings: Any) -> None:
    woo = Woo()
    with shop(woo, settings) as server:
        connect(acme, server.url)
        connection = run(acme)
    assert (acme.products.count(), acme.orders.count(), acme.customers.count()) == (250, 7, 3)
    assert connection.last_success_at is not None
    assert (connection.progress, connection.last_error, connection.problems) == ({}, "", [])
    assert connection.counts["orders"] == {"read": 7, "stored": 7, "refused": 0}
    assert connection.next_run_at > timezone.now() + timedelta(minutes=9)


def test_it_reads_a_whole_shopify_shop(acme: Any, settings: Any) -> None:
    shopify = Shopify()
    with shop(shopify, settings) as server:
        shopify.url = server.url
        connect(acme, server.url, "shopify")
        connection = run(acme)
    assert (acme.products.count(), acme.orders.count()) == (300, 3)
    assert connection.last_success_at is not None


def test_it_reads_only_what_changed_since(acme: Any, settings: Any) -> None:
    """Promise 3: what a webhook missed is repaired by the next pull."""
    woo = Woo()
    with shop(woo, settings) as server:
        connect(acme, server.url)
        run(acme)
        woo.products[0] |= {"name": "Changed", "date_modified_gmt": "2026-04-01T00:00:00"}
        woo.orders.append(payload("woocommerce_order", id=99, date_modified_gmt="2026-04-01T00:00:00"))
        server.asked.clear()
        again(acme)
        asked = [one for one in server.asked if "products" in one.path]
    assert acme.products.get(external_id="1").title == "Changed"
    assert acme.orders.filter(external_id="99").exists()
    assert asked[0].query["modified_after"] == "2026-03-24T04:00:00"  # the newest, less ten minutes
    assert not [one for one in server.asked if "customers" in one.path]  # once a day


def test_it_goes_on_where_it_was_killed(acme: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor is a row of the page's transaction: whatever was read is not asked for again."""
    woo = Woo()
    kept = pull._keep
    calls = iter(range(100))

    def dies(*args: Any) -> None:
        if next(calls) == 1:
            raise SystemExit  # as a kill: nothing after this line runs
        kept(*args)

    with shop(woo, settings) as server:
        connect(acme, server.url)
        monkeypatch.setattr(pull, "_keep", dies)
        with pytest.raises(SystemExit):
            run(acme)
        assert acme.products.count() == 100
        Work.objects.using("ops").filter(task=connections.TASK).update(
            state="pending", lease_until=None, due_at=timezone.now()
        )
        server.asked.clear()
        run(acme)
        first = next(one for one in server.asked if "products" in one.path)
    assert first.query["modified_after"] > "2026-03-24T01:3"
    assert acme.products.count() == 250


def test_it_misses_nothing_that_changes_while_it_reads(acme: Any, settings: Any) -> None:
    """With page numbers alone, a row that moves to the end makes its followers skip a place."""
    woo = Woo()

    def moving(asked: Any) -> Any:
        reply = woo(asked)
        if "products" in asked.path and asked.query["per_page"] == "100":
            woo.products[0] = {**woo.products[0], "date_modified_gmt": f"2026-04-01T00:00:{len(server.asked):02}"}
        return reply

    with shop(moving, settings) as server:
        connect(acme, server.url)
        run(acme)
    assert acme.products.count() == 250


def test_it_waits_as_the_shop_asks(acme: Any, settings: Any) -> None:
    woo = Woo()
    woo.before = [(429, {"Retry-After": "17"}, {})]
    with shop(woo, settings) as server:
        connect(acme, server.url)
        connection = run(acme)
        assert (connection.state, connection.failures) == ("active", 0)
        row = Work.objects.using("ops").get(task=connections.TASK)
        assert (row.state, row.attempts) == ("pending", 0)
        assert timedelta(seconds=10) < row.due_at - timezone.now() < timedelta(seconds=18)


@pytest.mark.parametrize(
    "trouble",
    [(503, {}, b"down"), (500, {}, {}), (200, {}, b"<html>maintenance"), (200, {}, b'[{"id": 1'), (408, {}, {})],
)
def test_it_tries_again_when_the_shop_is_in_trouble(acme: Any, settings: Any, trouble: Any) -> None:
    woo = Woo()
    woo.before = [trouble]
    with shop(woo, settings) as server:
        connect(acme, server.url)
        connection = run(acme)
        assert (connection.state, connection.failures) == ("active", 1)
        assert connection.last_error
        Work.objects.using("ops").filter(task=connections.TASK).update(due_at=timezone.now())
        connection = run(acme)
    assert (connection.failures, acme.products.count()) == (0, 250)


def test_it_stops_when_the_key_was_withdrawn_and_goes_on_with_a_new_one(acme: Any, settings: Any) -> None:
    woo = Woo()
    with shop(woo, settings) as server:
        connect(acme, server.url)
        run(acme)
        woo.secret = "cs_another"
        connection = again(acme)
        Work.objects.using("ops").update(due_at=timezone.now())
        connection = run(acme)
        assert connection.state == "broken"
        assert "does not know this key" in connection.last_error
        assert connections.due() == 0
        with make.inside(acme) as tenant:
            found = tenant.store_connections.get()
            with pytest.raises(Problem):
                connections.change_credentials(found, by="test", key=KEY, secret="cs_wrong")
            connections.change_credentials(found, by="test", key=KEY, secret="cs_another")
        assert run(acme).state == "active"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, {}, {}), "does not know this key"), ((403, {}, {}), "may not read"), ((404, {}, b"<html>"), "no shop"),
        ((200, {}, {"hello": 1}), "does not answer as"),
        ((302, {"Location": "https://x.example/"}, b""), "another address"),
        ((500, {}, b""), "status 500"),
    ],
)  # fmt: skip
def test_it_says_in_plain_words_what_is_wrong(acme: Any, settings: Any, answer: Any, said: str) -> None:
    with shop(lambda asked: answer, settings) as server:
        with pytest.raises(Problem) as caught:
            connect(acme, server.url)
    assert said in caught.value.errors[0]["message"]
    assert not acme.store_connections.exists()


@pytest.mark.parametrize(
    "address", ["https://127.0.0.1/", "http://shop.example", "https://169.254.169.254", "ftp://x", ""]
)
def test_it_asks_no_inner_address(acme: Any, address: str) -> None:
    """T8."""
    with pytest.raises(Problem):
        connect(acme, address)


def test_it_keeps_what_is_right_of_a_page(acme: Any, settings: Any) -> None:
    woo = Woo()
    woo.products = [payload("woocommerce_product", id=1), payload("woocommerce_product", id=2, price="a lot"), 7]
    woo.orders[0]["line_items"] = None

    def answer(asked: Any) -> Any:
        status, headers, rows = woo(asked) if "products" not in asked.path else (200, {}, woo.products)
        return status, headers, rows

    with shop(answer, settings) as server:
        connect(acme, server.url)
        connection = run(acme)
    assert (acme.products.count(), acme.orders.count()) == (1, 6)
    assert {(fault["resource"], fault["field"]) for fault in connection.problems} == {
        ("products", "price"), ("products", ""), ("orders", "line_items"),
    }  # fmt: skip


def test_it_never_puts_an_older_state_over_a_newer(acme: Any, settings: Any) -> None:
    woo = Woo()
    with shop(woo, settings) as server:
        with make.inside(acme) as tenant:
            from recommendations import ingest

            new = {"id": "1", "title": "By webhook", "updated_at": "2026-05-01T00:00:00Z"}
            ingest.products(tenant, [new], now=timezone.now())
            tenant.tombstones.create(kind="product", external_id="2", deleted_at=timezone.now())
        connect(acme, server.url)
        run(acme)
    assert acme.products.get(external_id="1").title == "By webhook"
    assert not acme.products.filter(external_id="2").exists()


def test_credentials_stand_nowhere(acme: Any, ana: Any, signed_in: Any, settings: Any, caplog: Any) -> None:
    """T4: not in a row, a page or a log line; and they are another shop's for nobody."""
    woo = Woo()
    woo.before = [(500, {}, {})]
    with shop(woo, settings) as server, caplog.at_level(logging.DEBUG):
        connection = connect(acme, server.url)
        run(acme)
        client = signed_in(ana)
        pages = [client.get(f"/t/acme/catalogue/connections{rest}") for rest in ("", f"/{connection.pk}")]
    kept = json.dumps(list(acme.store_connections.values()), default=str)
    for text in (kept, caplog.text, *(page.content.decode() for page in pages)):
        assert SECRET not in text
        assert KEY not in text
    assert all(page.status_code == 200 for page in pages)
    assert "…6789" in pages[0].content.decode()


def test_it_is_connected_and_steered_in_the_panel(
    acme: Any, dev: Any, ben: Any, gil: Any, globex: Any, signed_in: Any, settings: Any
) -> None:
    woo = Woo()
    client = signed_in(dev)
    base = "/t/acme/catalogue/connections"
    form = {"source": "woocommerce", "key": KEY, "secret": SECRET}
    assert client.post(f"{base}/new", {**form, "address": "https://10.0.0.1"}).status_code == 422
    with shop(woo, settings) as server:
        answer = client.post(f"{base}/new", {**form, "address": server.url, "secret": "wrong"})
        assert answer.status_code == 422
        assert "does not know this key" in answer.content.decode()
        assert client.post(f"{base}/new", {**form, "address": server.url}).status_code == 302
        run(acme)
        pk = acme.store_connections.get().pk
        page = client.get(f"{base}/{pk}").content.decode()
        assert "250" in page
        for verb, state in (("pause", "paused"), ("resume", "active"), ("pull", "active")):
            assert client.post(f"{base}/{pk}/do/{verb}").status_code == 302
            assert acme.store_connections.get().state == state
        assert client.post(f"{base}/{pk}/credentials", {"key": KEY, "secret": SECRET}).status_code == 302
    assert signed_in(ben).get(f"{base}/{pk}").status_code == 403
    assert signed_in(gil).get(f"/t/globex/catalogue/connections/{pk}").status_code == 404
    assert client.get(f"{base}/{pk}/disconnect").status_code == 200
    assert client.post(f"{base}/{pk}/disconnect").status_code == 302
    assert not acme.store_connections.exists()
    assert acme.products.count() == 250


def test_the_cursor_of_many_changes_in_one_second_moves_on() -> None:
    rows = [{"id": n, "date_modified_gmt": "2026-01-01T00:00:00"} for n in range(100)]
    with_after = {"after": "2025-12-31T23:59:59", "page": 1}

    class Same:
        headers: dict[str, str] = {}

        def json(self) -> Any:
            return rows

    original = asking._get
    asking._get = lambda url, headers: Same()  # type: ignore[assignment,return-value]
    try:
        page = asking.ask("woocommerce", "https://x", {"key": "k", "secret": "s"}, "orders", with_after)
    finally:
        asking._get = original
    assert page.cursor == {"after": "2025-12-31T23:59:59", "page": 2}
