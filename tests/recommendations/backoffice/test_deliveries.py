"""The staff reads the webhook logs of a shop: what came and what was sent, and why somebody looked inside."""

import pytest

from recommendations import deliveries
from tenants import outgoing, work
from tenants.models import AuditEntry
from tests import make
from tests.recommendations.api.test_webhooks import Shop
from tests.recommendations.storefronts.vendor import payload

BASE = "/tenants/acme/webhooks"


@pytest.fixture
def rejected(acme):
    shop = Shop(acme, "woocommerce")
    shop.woo("order.created", payload("woocommerce_order", total="a lot"))
    shop.woo("product.updated", payload("woocommerce_product"), delivery_id="d2")
    work.run_due(tasks={deliveries.TASK})
    return acme.webhook_receipts.get(state="rejected")


def page(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def test_it_leads_from_the_shop_to_what_its_server_sent(acme, globex, sam, pat, signed_in, rejected):
    """Read only, narrowed and searched; what is inside is not in the page, and a stranger's delivery is not there."""
    browser = signed_in(pat)
    assert f'href="{BASE}"' in page(browser, "/tenants/acme")
    listed = page(browser, BASE)
    assert "order.created 727" in listed and "product.updated" in listed and "Connected servers" in listed
    assert "order.created" not in page(browser, f"{BASE}?state=applied")
    assert "product.updated" not in page(browser, f"{BASE}?q=727")
    assert "Nothing matches" in page(browser, f"{BASE}?q=nowhere")
    assert "Nothing was delivered yet" in page(browser, "/tenants/globex/webhooks")
    one = page(browser, f"{BASE}/{rejected.pk}")
    assert "Must be a number" in one and rejected.request_id in one
    assert "line_items" not in one and "An operator can see it" in one and "/inside" not in one
    page(browser, f"/tenants/globex/webhooks/{rejected.pk}", 404)
    page(browser, f"{BASE}/999999", 404)
    assert browser.post(f"{BASE}/{rejected.pk}/inside", {"reason": "x"}).status_code == 403
    assert not AuditEntry.objects.using("ops").filter(actor=pat).exists()


def test_what_came_is_shown_for_a_reason_that_is_kept(acme, sam, signed_in, rejected):
    browser, path = signed_in(sam), f"{BASE}/{rejected.pk}/inside"
    assert "Your name and the reason are kept" in page(browser, path)
    assert "say why" in browser.post(path, {"reason": " \x00"}, follow=True).content.decode()
    assert not AuditEntry.objects.using("ops").filter(action="deliveries.looked_inside").exists()
    shown = browser.post(path, {"reason": "Ticket 12"})
    text = shown.content.decode()
    assert shown.status_code == 200 and "line_items" in text and "no-store" in shown["Cache-Control"]
    assert "ada@example.com" not in text
    entry = AuditEntry.objects.using("ops").get(action="deliveries.looked_inside")
    assert (entry.tenant_id, entry.actor_id, entry.reason) == (acme.pk, sam.pk, "Ticket 12")
    assert entry.said == "Delivery read by the staff" and "order.created" in entry.target


def test_it_shows_what_a_shop_was_sent(acme, globex, ana, sam, pat, signed_in):
    """The host and not the path, which may be a secret; the body for a reason that is kept."""
    with make.inside(acme) as entered:
        outgoing.open(entered, url="https://hooks.example.com/s3cret-path", by=ana)
        outgoing.emit(entered, "batch.completed", {"job_id": "j-17"})
    sent = acme.outgoing_deliveries.get()
    browser, base = signed_in(sam), f"{BASE}/sent"
    listed = page(browser, base)
    assert "batch.completed" in listed and "hooks.example.com" in listed and "s3cret" not in listed
    assert "batch.completed" not in page(browser, f"{base}?state=failed")
    assert "Nothing was sent yet" in page(browser, "/tenants/globex/webhooks/sent")
    one = page(browser, f"{base}/{sent.pk}")
    assert sent.message_id in one and "j-17" not in one and "s3cret" not in one
    page(browser, f"/tenants/globex/webhooks/sent/{sent.pk}", 404)
    assert "say why" in browser.post(f"{base}/{sent.pk}/inside", {}, follow=True).content.decode()
    assert "j-17" in browser.post(f"{base}/{sent.pk}/inside", {"reason": "Ticket 13"}).content.decode()
    entry = AuditEntry.objects.using("ops").get(action="outgoing.looked_inside")
    assert (entry.tenant_id, entry.actor_id, entry.reason) == (acme.pk, sam.pk, "Ticket 13")
    assert signed_in(pat).post(f"{base}/{sent.pk}/inside", {"reason": "x"}).status_code == 403
