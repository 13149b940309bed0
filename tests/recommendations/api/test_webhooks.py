"""Webhooks through the HTTP door: signed, kept, answered, applied (R46, R50, R55, R56, T5, T6, T7)."""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook

from recommendations import deliveries, endpoints
from recommendations.models import WebhookReceipt
from tenants import usage, work
from tenants.models import Work
from tests import make
from tests.recommendations.storefronts.vendor import payload

SHOP = "acme.myshopify.com"
CLIENT_SECRET = "shpss_0123456789abcdef0123456789abcdef"
PRODUCT = {"id": "p-1", "title": "Tea", "price": "12.90", "updated_at": "2026-01-01T00:00:00Z"}


def sign(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


class Shop:
    """A shop's server, as it calls an endpoint of ours."""

    def __init__(self, tenant: Any, source: str, **options: str) -> None:
        with make.inside(tenant) as entered:
            self.endpoint = endpoints.open(entered, source=source, by="test", **options)
        self.tenant, self.secret = tenant, endpoints.secret(self.endpoint)
        self.path = "/" + endpoints.address(self.endpoint).split("/", 3)[3]
        self.client = Client(raise_request_exception=False)

    def raw(self, body: bytes, content_type: str = "application/json", **headers: str) -> Any:
        return self.client.post(self.path, body, content_type=content_type, headers=headers)

    def woo(self, topic: str, row: Any, *, delivery_id: str = "d1", secret: str = "") -> Any:
        body = json.dumps(row).encode()
        named = {"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Delivery-ID": delivery_id}
        return self.raw(body, **{"X-WC-Webhook-Signature": sign(body, secret or self.secret)}, **named)

    def shopify(self, topic: str, row: Any, *, shop: str = SHOP) -> Any:
        body = json.dumps(row).encode()
        named = {"X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": shop, "X-Shopify-Webhook-Id": "w1"}
        return self.raw(body, **{"X-Shopify-Hmac-SHA256": sign(body, self.secret)}, **named)

    def own(self, topic: str, row: Any, *, name: str = "msg_1", at: Any = None) -> Any:
        body = json.dumps({"type": topic, "timestamp": "2026-01-01T00:00:00Z", "data": row})
        at = at or timezone.now()
        signature = Webhook(self.secret).sign(name, at, body)
        stamp = str(int(at.timestamp()))
        named = {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signature}
        return self.raw(body.encode(), **named)


@pytest.fixture
def woo(acme: Any) -> Shop:
    return Shop(acme, "woocommerce")


@pytest.fixture
def shopify(acme: Any) -> Shop:
    return Shop(acme, "shopify", shop_domain=SHOP, secret=CLIENT_SECRET)


@pytest.fixture
def own(acme: Any) -> Shop:
    return Shop(acme, "generic")


def settled(tenant: Any) -> list[WebhookReceipt]:
    work.run_due(tasks={deliveries.TASK})
    return list(tenant.webhook_receipts.order_by("pk"))


def test_it_takes_an_order_of_woocommerce(acme: Any, woo: Shop) -> None:
    answer = woo.woo("order.created", payload("woocommerce_order"))
    assert (answer.status_code, answer.json()["status"]) == (200, "received")
    assert not acme.orders.exists()
    receipt = settled(acme)[0]
    assert (receipt.state, receipt.kind, receipt.object_id, receipt.reason) == ("applied", "order", "727", "Stored.")
    assert receipt.request_id == answer["X-Request-Id"]
    order = acme.orders.get(external_id="727")
    assert (str(order.total), order.customer.external_id, order.lines.count()) == ("33.35", "26", 2)
    woo.endpoint.refresh_from_db(using="ops")
    assert woo.endpoint.last_delivery_at is not None


def test_it_takes_a_product_of_shopify(acme: Any, shopify: Shop) -> None:
    assert shopify.shopify("products/update", payload("shopify_product")).status_code == 200
    assert settled(acme)[0].state == "applied"
    product = acme.products.get(external_id="788032119674292922")
    assert (product.title, product.url) == ("Example T-Shirt", f"https://{SHOP}/products/example-t-shirt")
    assert "<img" not in product.description


def test_it_takes_a_row_of_a_shops_own_software(acme: Any, own: Shop) -> None:
    answer = own.own("product-updated", PRODUCT)
    assert answer.status_code == 200, answer.json()
    assert settled(acme)[0].state == "applied"
    assert acme.products.get().title == "Tea"


@pytest.mark.parametrize("event", ["product-updated", "product"])
def test_it_takes_a_row_by_api_key(acme: Any, api: Any, event: str) -> None:
    answer = api.post(f"/api/v1/webhooks/{event}", PRODUCT)
    assert answer.status_code == 202, answer.json()
    assert settled(acme)[0].pk == answer.json()["delivery"]
    assert acme.products.get().external_id == "p-1"
    assert api.post("/api/v1/webhooks/coupon-created", {}).status_code == 404


def test_it_says_400_with_the_field_and_keeps_the_delivery(acme: Any, api: Any, own: Shop) -> None:
    """R56."""
    wrong = {**PRODUCT, "price": "a lot", "title": ["x"]}
    for answer in (api.post("/api/v1/webhooks/product", wrong), own.own("product-updated", wrong)):
        assert answer.status_code == 400
        assert {error["field"] for error in answer.json()["errors"]} == {"price", "title"}
    kept = settled(acme)
    assert [receipt.state for receipt in kept] == ["rejected", "rejected"]
    assert "price" in kept[0].reason or "title" in kept[0].reason
    assert not acme.products.exists()


def test_it_keeps_a_vendors_wrong_delivery_and_says_200(acme: Any, woo: Shop) -> None:
    """A vendor would switch the hook off, and the deliveries that are right would be lost with it."""
    broken = payload("woocommerce_order", line_items="none")
    assert woo.woo("order.created", broken).status_code == 200
    assert woo.woo("order.created", payload("woocommerce_order", total="a lot")).status_code == 200
    assert woo.woo("order.created", []).status_code == 200
    states = [(receipt.state, receipt.errors[0]["field"]) for receipt in settled(acme)]
    assert states == [("rejected", "line_items"), ("rejected", "total"), ("rejected", "")]
    assert woo.raw(b"{", **{"X-WC-Webhook-Signature": sign(b"{", woo.secret)}).status_code == 200
    assert "not valid JSON" in settled(acme)[3].reason


def test_it_answers_the_ping_of_a_new_hook(acme: Any, woo: Shop) -> None:
    answer = woo.raw(b"webhook_id=123", "application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert not acme.webhook_receipts.exists()
    woo.endpoint.refresh_from_db(using="ops")
    assert woo.endpoint.last_ping_at is not None
    assert woo.raw(b"webhook_id=123&x=1", "application/x-www-form-urlencoded").status_code == 401


@pytest.mark.parametrize(
    "header",
    ["", "x", "é", "AAAA", "=" * 44, "0" * 64, sign(b"{}", "another"), sign(b"{} ", "the secret"), "a" * 5000],
)
def test_it_refuses_what_is_not_signed(acme: Any, woo: Shop, header: str) -> None:
    """T5, T6: anything malformed is simply not signed; nothing of it is kept but that it came."""
    answer = woo.raw(b"{}", **{"X-WC-Webhook-Signature": header, "X-WC-Webhook-Topic": "order.created"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "bad_signature"
    assert not acme.webhook_receipts.exists()
    woo.endpoint.refresh_from_db(using="ops")
    assert woo.endpoint.last_forgery_at is not None


def test_it_refuses_another_shops_delivery(acme: Any, globex: Any, woo: Shop, shopify: Shop) -> None:
    """T7: what is signed for one address says nothing at another."""
    other = Shop(globex, "woocommerce")
    assert other.woo("order.created", payload("woocommerce_order"), secret=woo.secret).status_code == 401
    same_app = Shop(globex, "shopify", shop_domain="globex.myshopify.com", secret=CLIENT_SECRET)
    assert same_app.shopify("orders/create", payload("shopify_order"), shop=SHOP).status_code == 401
    redact = payload("shopify_redact")
    assert same_app.shopify("customers/redact", redact, shop="globex.myshopify.com").status_code == 401
    assert not globex.webhook_receipts.exists()


def test_it_finds_a_repetition(acme: Any, woo: Shop) -> None:
    """T7."""
    for _ in range(3):
        assert woo.woo("order.created", payload("woocommerce_order")).status_code == 200
    receipt = settled(acme)[0]
    assert (acme.webhook_receipts.count(), receipt.duplicates, acme.orders.count()) == (1, 2, 1)


def test_it_keeps_twenty_deliveries_of_one_second(acme: Any, woo: Shop) -> None:
    """WooCommerce's delivery id has a resolution of a second."""
    for number in range(20):
        woo.woo("product.updated", payload("woocommerce_product", id=number + 1), delivery_id="same")
    assert {receipt.state for receipt in settled(acme)} == {"applied"}
    assert acme.products.count() == 20


def test_it_never_puts_an_older_state_over_a_newer(acme: Any, woo: Shop) -> None:
    new = payload("woocommerce_product", name="New", date_modified_gmt="2026-03-25T09:00:00")
    woo.woo("product.updated", new)
    woo.woo("product.updated", payload("woocommerce_product", name="Old"))
    assert [receipt.state for receipt in settled(acme)] == ["applied", "unchanged"]
    assert acme.products.get().title == "New"


def test_it_does_not_bring_back_what_was_deleted(acme: Any, woo: Shop) -> None:
    woo.woo("product.created", payload("woocommerce_product"))
    woo.woo("product.deleted", {"id": 794})
    woo.woo("product.updated", payload("woocommerce_product", name="Late"))
    assert [receipt.reason for receipt in settled(acme)] == ["Stored.", "Deleted.", "It was deleted after this."]
    assert not acme.products.exists()
    later = (timezone.now() + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S")
    woo.woo("product.restored", payload("woocommerce_product", date_modified_gmt=later))
    assert settled(acme)[-1].state == "applied"
    woo.woo("product.deleted", {"id": 794}, delivery_id="d2")
    settled(acme)
    assert acme.products.exists()  # the deletion says no time, and came before the state that is stored


def test_it_covers_names_and_addresses_in_what_it_keeps(acme: Any, woo: Shop, api: Any) -> None:
    """R55."""
    woo.woo("order.created", payload("woocommerce_order"))
    api.post("/api/v1/webhooks/customer", {"id": "c-1", "country": "DE", "email": "ada@example.com", "phone": "123456"})
    for receipt in settled(acme):
        told = json.dumps([receipt.payload, receipt.reading, receipt.headers])
        for personal in ("Ada", "Probst", "example.com", "53111", "123456", woo.secret, "Signature"):
            assert personal not in told, personal


def test_it_is_corrected_and_sent_through_again(acme: Any, woo: Shop) -> None:
    """R57."""
    woo.woo("order.created", payload("woocommerce_order", total="a lot"))
    receipt = settled(acme)[0]
    with make.inside(acme) as tenant:
        again = deliveries.replay(
            tenant, tenant.webhook_receipts.get(pk=receipt.pk), by="test", payload=payload("woocommerce_order")
        )
    assert settled(acme)[1].state == "applied"
    assert again.replay_of_id == receipt.pk
    assert acme.orders.get().external_id == "727"


def test_it_sends_all_of_one_kind_through_again(acme: Any, woo: Shop) -> None:
    for number in range(3):
        woo.woo("order.created", payload("woocommerce_order", id=number + 1, total="a lot"))
    settled(acme)
    with make.inside(acme) as tenant:
        assert deliveries.replay_all(tenant, by="test", kind="order") == 3
        assert deliveries.replay_all(tenant, by="test", kind="order") == 0
    assert [receipt.state for receipt in settled(acme)] == ["rejected"] * 6


def test_it_counts_deliveries_and_rejections(acme: Any, woo: Shop) -> None:
    woo.woo("order.created", payload("woocommerce_order"))
    woo.woo("order.created", payload("woocommerce_order", total="a lot"))
    woo.raw(b"{}", **{"X-WC-Webhook-Signature": "x"})
    settled(acme)
    usage.fold()
    counted = {row.meter: row.count for row in acme.usage_hours.all()}
    assert counted == {"webhooks": 2, "webhook_rejections": 1, "webhook_forgeries": 1}


def test_it_refuses_a_large_body_and_another_method(woo: Shop) -> None:
    assert woo.raw(b"x" * (2**20 + 1)).status_code == 413
    assert woo.client.get(woo.path).status_code == 405
    for path in ("/api/v1/hooks/woocommerce/nobody", woo.path.replace("woocommerce", "shopify")):
        assert woo.client.post(path, b"{}", content_type="application/json").status_code == 404


def test_a_flood_is_told_to_wait_or_waits(acme: Any, own: Shop, woo: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    acme.plan.requests_per_minute = 3
    acme.plan.save(using="owner")
    answers = [own.own("product-updated", {**PRODUCT, "id": f"p-{n}"}, name=f"m{n}") for n in range(6)]
    assert [answer.status_code for answer in answers][-1] == 429
    assert int(answers[-1]["Retry-After"]) > 0
    assert woo.woo("order.created", payload("woocommerce_order")).status_code == 200
    monkeypatch.setattr(deliveries, "MOST_WAITING", 2)
    assert woo.woo("order.created", payload("woocommerce_order", id=9)).status_code == 429


def test_it_says_so_when_it_gave_up(acme: Any, woo: Shop) -> None:
    woo.woo("order.created", payload("woocommerce_order"))
    Work.objects.using("ops").filter(tenant=acme, task=deliveries.TASK).update(state="dead")
    assert deliveries.settle_dead() == 1
    assert acme.webhook_receipts.get().state == "failed"


def test_a_stale_signature_is_refused(own: Shop) -> None:
    """T7: Standard Webhooks sign the time."""
    assert own.own("product-updated", PRODUCT, at=datetime.now().astimezone() - timedelta(minutes=6)).status_code == 401


def test_both_secrets_fit_while_one_is_changed(acme: Any, woo: Shop) -> None:
    with make.inside(acme) as tenant:
        new = endpoints.rotate(tenant.webhook_endpoints.get(), by="test")
    assert woo.woo("customer.created", payload("woocommerce_customer")).status_code == 200
    assert woo.woo("product.created", payload("woocommerce_product"), secret=new).status_code == 200


@pytest.mark.parametrize("body", ["null", "[]", "5", '"x"', "true"])
def test_what_is_json_but_no_object_is_kept_as_rejected(body: str, acme: Any, api: Any) -> None:
    """R56: also null, which PostgreSQL would take for nothing."""
    answer = api.client.generic(
        "POST", "/api/v1/webhooks/order", body, "application/json", headers={"authorization": f"Bearer {api.secret}"}
    )
    assert answer.status_code == 400, answer.content
    assert [receipt.state for receipt in acme.webhook_receipts.all()] == ["rejected"]


def test_shopify_asks_to_forget_a_customer(acme: Any, shopify: Shop) -> None:
    """The erasure is asked for once, however often Shopify says so; a copy is made by a person."""
    told = payload("shopify_redact")
    for topic in ("customers/data_request", "customers/redact", "customers/redact"):
        assert shopify.shopify(topic, told).status_code == 200
    assert shopify.shopify("shop/redact", {"shop_id": 954889, "shop_domain": SHOP}).status_code == 200
    copy, redact, whole = settled(acme)
    assert (copy.state, redact.state, whole.state) == ("applied", "applied", "applied")
    assert acme.audit_entries.filter(action="privacy.shop_erasure_demanded").count() == 1
    assert "make it under Privacy" in copy.reason
    assert redact.duplicates == 1
    asked = acme.privacy_requests.get()
    assert (asked.kind, asked.asked_label) == ("erasure", "Shopify")


def test_an_app_that_was_taken_out_is_still_heard(acme: Any, shopify: Shop) -> None:
    assert shopify.shopify("app/uninstalled", {"id": 954889, "myshopify_domain": SHOP}).status_code == 200
    assert acme.webhook_endpoints.get().state == "disconnected"
    assert shopify.shopify("shop/redact", {"shop_id": 954889, "shop_domain": SHOP}).status_code == 200


def test_hostile_payloads_that_are_signed_are_kept_and_settled(acme: Any, woo: Shop, shopify: Shop, own: Shop) -> None:
    """R50: at every address, in every field of what the vendors send; never 5xx, never left waiting."""
    bad = ("<script>alert(1)</script>", "' or 1=1; --", "../../etc/passwd", "a\x00b\r\nc", "\u202egnp", "x" * 9_000,
           -1, 2**70, True, None, [], {}, [[[[]]]])  # fmt: skip
    doors = (
        (woo.woo, "product.updated", payload("woocommerce_product")),
        (shopify.shopify, "products/update", payload("shopify_product")),
        (own.own, "product-updated", PRODUCT),
    )
    for number, value in enumerate(bad):
        for send, topic, row in doors:
            more = {"name": f"m{number}"} if send == own.own else {}
            assert send(topic, dict.fromkeys(row, value) | {"id": number + 1}, **more).status_code in (200, 400)
    for send, topic, row in doors:
        long = dict.fromkeys(("name", "title"), "x" * 450_000)
        assert send(topic, {**row, **long, "id": 99}).status_code in (200, 400)
    assert {receipt.state for receipt in settled(acme)} <= {"applied", "unchanged", "rejected"}
