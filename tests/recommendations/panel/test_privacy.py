"""The privacy pages: owners only, asked twice before an erasure, a certificate at the end."""

from django.db import connections

from recommendations import privacy
from tenants import work
from tests import make


def test_an_owner_erases_a_customer_and_gets_the_certificate(acme, ana, signed_in):
    """D13: typed id, one request, state, certificate as a page and as JSON; every step in the audit trail."""
    make.order(acme, ["a"], customer=make.customer(acme, "c-1"))
    client = signed_in(ana)
    assert "Erase…" in client.get("/t/acme/catalogue/customers/c-1").content.decode()
    assert "c-1" in client.get("/t/acme/privacy/erase?customer_id=c-1").content.decode()
    wrong = client.post("/t/acme/privacy/erase", {"customer_id": "c-1", "typed": "c-2"})
    assert wrong.status_code == 200
    assert not acme.privacy_requests.exists()
    page = client.post("/t/acme/privacy/erase", {"customer_id": "c-1", "typed": "c-1"})["Location"]
    assert "Waiting" in client.get(page).content.decode()
    for _ in range(2):
        with connections["ops"].cursor() as cursor:
            cursor.execute("update tenants_work set due_at = now() where task = %s", [privacy.TASK])
        work.run_due(tasks={privacy.TASK})
    text = client.get(page).content.decode()
    assert "Digest of this certificate" in text
    assert "Orders: kept, of nobody" in text
    told = client.get(page, {"format": "json"})
    assert told["Content-Disposition"].startswith("attachment")
    assert told.json()["asked_by"] == "Ana"
    assert "c-1" not in told.content.decode()
    assert list(acme.audit_entries.order_by("id").values_list("action", flat=True)) == [
        "privacy.erasure_requested",
        "privacy.erased",
    ]
    assert "1 request" in client.get("/t/acme/privacy").content.decode()


def test_an_owner_downloads_what_is_held(acme, ana, signed_in):
    make.order(acme, ["a"], customer=make.customer(acme, "c-1"), external_id="o-1")
    client = signed_in(ana)
    held = client.post("/t/acme/privacy/export", {"customer_id": "c-1"})
    assert held.json()["orders"][0]["id"] == "o-1"
    missing = client.post("/t/acme/privacy/export", {"customer_id": "none"}, follow=True)
    assert "Nothing is held of this customer." in missing.content.decode()


def test_others_may_not(acme, ben, dev, signed_in):
    for person in (ben, dev):
        assert signed_in(person).get("/t/acme/privacy").status_code == 403
        assert signed_in(person).post("/t/acme/privacy/erase", {"customer_id": "a", "typed": "a"}).status_code == 403
    assert not acme.privacy_requests.exists()
