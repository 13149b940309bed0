"""What webhooks lost and what shops do at a bad moment is made good by the next round (R46, T4, T7)."""

import contextlib
import time

import pytest

from recommendations.pulling import connections, rounds, shops
from tenants import work
from tenants.models import Tenant
from tests import make
from tests.recommendations.api.test_webhooks import Shop as WebhookSender
from tests.recommendations.pulling import shops as fake
from tests.recommendations.pulling.test_rounds import again, connect, ids, pull, state
from tests.webserver import serving


@contextlib.contextmanager
def opened(shop, settings):
    with serving(shop) as server:
        settings.OUTBOUND_ALLOWED = [server.url]
        shop.server = server
        yield server.url


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(rounds, "PAUSE_SECONDS", 0.0)


def test_it_makes_a_missed_webhook_good(acme, ana, settings):
    """R46, T7: one change comes by webhook, one is lost; the next round brings the lost one and spoils nothing."""
    sender = WebhookSender(acme, "woocommerce")
    shop = fake.Woo({"products": [fake.woo_product(1, 1), fake.woo_product(2, 1)]})
    with opened(shop, settings) as url:
        made = connect(acme, ana, "woocommerce", url, ["products"])
        pull()
        one = fake.woo_product(1, 30) | {"name": "Told by webhook"}
        lost = fake.woo_product(2, 31) | {"name": "Lost on the way"}
        assert sender.woo("product.updated", one).status_code < 300
        work.run_due(tasks={"recommendations.apply_delivery"})
        shop.items["products"] = [one, lost]
        found = again(made)
    with make.inside(acme) as inside:
        titles = dict(inside.products.values_list("external_id", "title"))
        assert inside.webhook_receipts.get().state == "applied"
    assert titles == {"1": "Told by webhook", "2": "Lost on the way"}
    assert (found.refused, found.last_error) == (0, "")


def test_it_waits_for_no_shop_that_hangs(acme, ana, settings, monkeypatch):
    """A server that takes the call and says nothing costs the time limit, once; the next try goes on."""
    shop = fake.Woo({"products": [fake.woo_product(1, 1)]})
    with opened(shop, settings) as url:
        made = connect(acme, ana, "woocommerce", url, ["products"])
        ask = shops.page
        monkeypatch.setattr(shops, "page", lambda *place: ask(*place, seconds=0.4))
        monkeypatch.setattr(shop, "fault", lambda: time.sleep(1.5), raising=False)
        pull()
        found = state(made)
        assert (found.state, found.failures, found.last_error) == (
            "active", 1, "The server took too long to answer.",
        )  # fmt: skip
        monkeypatch.undo()
        settings.OUTBOUND_ALLOWED = [url]
        assert (again(made).failures, ids(acme, "products")) == (0, {"1"})


def test_it_misses_nothing_of_a_list_in_another_order(acme, ana, settings):
    """A change of an early page after it was read is older than what later pages show: the next round asks again."""
    shop = fake.Shopify({"products": [fake.shopify_product(n, n) for n in range(1, 151)]})
    by_id = lambda kind, name: sorted(shop.items.get(kind, []), key=lambda item: item["id"])
    shop.sorted = by_id

    def change(kind, offset):
        if offset == 0:
            made_at = state(made).round_began_at
            late = (made_at - fake.START).total_seconds() / 60
            shop.items["products"][0] = fake.shopify_product(1, late + 0.01) | {"title": "Changed behind us"}
            shop.items["products"][149] = fake.shopify_product(150, late + 1.9)
            shop.after_page = None

    with opened(shop, settings) as url:
        made = connect(acme, ana, "shopify", url, ["products"])
        shop.after_page = change
        pull()
        assert state(made).cursors["products"]["seen"] <= state(made).round_began_at.isoformat()
        again(made)
    with make.inside(acme) as inside:
        assert inside.products.get(external_id="1").title == "Changed behind us"


def test_it_leaves_the_shop_of_a_suspended_tenant_alone(acme, ana, settings):
    """Nothing is asked on behalf of who is suspended; it goes on when the suspension ends."""
    shop = fake.Woo({"products": [fake.woo_product(1, 1)]})
    with opened(shop, settings) as url:
        made = connect(acme, ana, "woocommerce", url, ["products"])
        pull()
        Tenant.objects.using("ops").filter(pk=acme.pk).update(state=Tenant.State.SUSPENDED)
        asked = len(shop.server.asked)
        again(made)
        assert len(shop.server.asked) == asked
        Tenant.objects.using("ops").filter(pk=acme.pk).update(state=Tenant.State.ACTIVE)
        again(made)
        assert len(shop.server.asked) > asked
        assert connections.fan_out() == 0


def test_it_brings_no_deleted_customer_back_with_an_order(acme, ana, settings):
    """T7: an order that is read again names nobody whom the shop has deleted."""
    shop = fake.Woo({"orders": [fake.woo_order(9001, 1, customer_id=7), fake.woo_order(9002, 2, customer_id=8)]})
    with make.inside(acme) as inside:
        inside.tombstones.create(kind="customer", external_id="7", deleted_at=fake.START)
    with opened(shop, settings) as url:
        connect(acme, ana, "woocommerce", url, ["orders"])
        pull()
    assert ids(acme, "orders") == {"9001", "9002"}
    assert ids(acme, "customers") == {"8"}
