"""The pages of deliveries and of connected shops (R57)."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from recommendations import deliveries, endpoints
from tenants import work
from tests import make
from tests.browser import sign_in
from tests.recommendations.api.test_webhooks import Shop
from tests.recommendations.storefronts.vendor import payload


@pytest.fixture
def woo(acme: Any) -> Shop:
    return Shop(acme, "woocommerce")


@pytest.fixture
def rejected(acme: Any, woo: Shop) -> Any:
    woo.woo("order.created", payload("woocommerce_order", total="a lot"))
    work.run_due(tasks={deliveries.TASK})
    return acme.webhook_receipts.get()


def test_it_shows_what_came_and_why_it_was_rejected(acme: Any, ana: Any, signed_in: Any, rejected: Any) -> None:
    page = signed_in(ana).get("/t/acme/catalogue/deliveries").content.decode()
    assert "order.created 727" in page
    assert "Rejected" in page
    assert "total" in page
    found = signed_in(ana).get("/t/acme/catalogue/deliveries?state=applied").content.decode()
    assert "order.created 727" not in found
    one = signed_in(ana).get(f"/t/acme/catalogue/deliveries/{rejected.pk}").content.decode()
    assert "Must be a number" in one
    assert rejected.request_id in one


def test_it_corrects_and_sends_through_again(acme: Any, ana: Any, signed_in: Any, rejected: Any) -> None:
    client, path = signed_in(ana), f"/t/acme/catalogue/deliveries/{rejected.pk}/replay"
    for wrong in ("{", "[]", json.dumps({**rejected.payload, "line_items": 7})):
        answer = client.post(path, {"payload": wrong})
        assert answer.status_code == 422
        assert "cannot be taken" in answer.content.decode()
    corrected = json.dumps({**rejected.payload, "total": "33.35"})
    answer = client.post(path, {"payload": corrected})
    assert answer.status_code == 302
    work.run_due(tasks={deliveries.TASK})
    assert acme.orders.get().external_id == "727"
    page = client.get(answer["Location"]).content.decode()
    assert f"Delivery {rejected.pk}" in page
    assert "Applied" in page


def test_it_sends_all_rejected_through_again(acme: Any, ana: Any, signed_in: Any, rejected: Any) -> None:
    client = signed_in(ana)
    path = "/t/acme/catalogue/deliveries/replay-all"
    assert 'name="kind" value="order"' in client.get("/t/acme/catalogue/deliveries?kind=order").content.decode()
    assert client.post(path, {"kind": "product"}).status_code == 302
    assert acme.webhook_receipts.count() == 1
    assert client.post(path, {"kind": "order", "source": "woocommerce"}).status_code == 302
    assert acme.webhook_receipts.count() == 2


def test_an_analyst_may_look_and_not_touch(
    acme: Any, ben: Any, gil: Any, globex: Any, signed_in: Any, rejected: Any, woo: Shop
) -> None:
    client = signed_in(ben)
    assert client.get(f"/t/acme/catalogue/deliveries/{rejected.pk}").status_code == 200
    assert client.post(f"/t/acme/catalogue/deliveries/{rejected.pk}/replay").status_code == 403
    assert client.get(f"/t/acme/catalogue/addresses/{woo.endpoint.pk}").status_code == 403
    stranger = signed_in(gil)
    assert stranger.get(f"/t/globex/catalogue/deliveries/{rejected.pk}").status_code == 404
    assert stranger.get(f"/t/globex/catalogue/addresses/{woo.endpoint.pk}").status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {"source": "woocommerce"},
        {"source": "shopify", "shop_domain": "acme.myshopify.com", "secret": "shpss_0123456789abcdef"},
        {"source": "generic", "name": "Our till"},
    ],
)
def test_it_connects_a_shop(acme: Any, dev: Any, signed_in: Any, form: dict[str, str]) -> None:
    client = signed_in(dev)
    answer = client.post("/t/acme/catalogue/addresses/new", form)
    assert answer.status_code == 302, answer.content
    endpoint = acme.webhook_endpoints.get()
    page = client.get(answer["Location"]).content.decode()
    assert endpoints.address(endpoint) in page
    assert (endpoints.secret(endpoint) in page) == (form["source"] != "shopify")
    assert "Waiting for the first delivery" in page
    assert endpoint.name in client.get("/t/acme/catalogue/addresses").content.decode()


def test_it_says_what_is_missing_to_connect_shopify(acme: Any, dev: Any, signed_in: Any) -> None:
    answer = signed_in(dev).post("/t/acme/catalogue/addresses/new", {"source": "shopify"})
    assert answer.status_code == 422
    assert "client secret" in answer.content.decode()
    assert not acme.webhook_endpoints.exists()


def test_it_shows_the_first_arrival(acme: Any, ana: Any, signed_in: Any, woo: Shop) -> None:
    woo.raw(b"webhook_id=5", "application/x-www-form-urlencoded")
    path = f"/t/acme/catalogue/addresses/{woo.endpoint.pk}"
    assert "said hello" in signed_in(ana).get(path).content.decode()
    woo.woo("product.updated", payload("woocommerce_product"))
    part = signed_in(ana).get(path, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<section")
    assert "product.updated 794" in part


def test_it_changes_the_secret_and_closes(acme: Any, ana: Any, signed_in: Any, woo: Shop) -> None:
    client, path = signed_in(ana), f"/t/acme/catalogue/addresses/{woo.endpoint.pk}"
    assert client.get(f"{path}/rotate").status_code == client.get(f"{path}/close").status_code == 200
    client.post(f"{path}/rotate")
    assert endpoints.secret(acme.webhook_endpoints.get()) != woo.secret
    client.post(f"{path}/close")
    assert woo.woo("order.created", payload("woocommerce_order")).status_code == 404
    assert "closed" in client.get(path).content.decode()


def test_it_says_when_a_shop_has_stopped_sending(acme: Any, ana: Any, signed_in: Any, woo: Shop) -> None:
    for number in range(6):
        woo.woo("product.updated", payload("woocommerce_product", id=number + 1))
    long_ago = timezone.now() - timedelta(days=20)
    acme.webhook_receipts.update(received_at=long_ago)
    acme.webhook_endpoints.update(last_delivery_at=timezone.now() - timedelta(hours=1))
    with make.inside(acme) as tenant:
        assert endpoints.silent(tenant) == []
    acme.webhook_endpoints.update(last_delivery_at=long_ago)
    assert "has stopped sending" in signed_in(ana).get("/t/acme/catalogue/deliveries").content.decode()


@pytest.mark.browser
def test_a_click_in_a_list_that_refreshes_itself_opens_a_page(
    browser_page: Any, acme: Any, ana: Any, rejected: Any
) -> None:
    """The list's own target and swap are not its links'."""
    page = browser_page
    sign_in(page, ana.email)
    page.goto("/t/acme/catalogue/deliveries")
    page.locator("a.row-link").first.click()
    page.wait_for_url(f"**/deliveries/{rejected.pk}")
    page.wait_for_selector("text=What is wrong")
    expect(page.locator("h1")).to_have_count(1)
    assert page.locator("text=Fields we do not use").count() <= 1
