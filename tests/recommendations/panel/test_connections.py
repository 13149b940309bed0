"""Connections in the panel: connect after a test, see how it stands, pause, change, disconnect; who may."""

import pytest
from django.db import connections as databases

from recommendations.pulling import connections as use
from recommendations.pulling import rounds
from tenants import work
from tests import make
from tests.recommendations.pulling import shops as fake
from tests.webserver import serving

LIST = "/t/acme/catalogue/connections"


@pytest.fixture
def shop(settings, monkeypatch):
    monkeypatch.setattr(rounds, "PAUSE_SECONDS", 0.0)
    shop = fake.Woo({"products": [fake.woo_product(n, n) for n in range(1, 4)]})
    with serving(shop) as server:
        settings.OUTBOUND_ALLOWED = [server.url]
        shop.url = server.url
        shop.server = server
        yield shop


def form(shop, **changes):
    return {"address": shop.url, "key": fake.KEY, "secret": fake.SECRET, "resources": ["products"], **changes}


def connected(acme):
    with make.inside(acme) as inside:
        return inside.store_connections.first()


def test_it_connects_reads_and_shows_how_it_stands(acme, ana, signed_in, shop):
    """From the empty list to the rows; the key is shown as its last four characters only."""
    client = signed_in(ana)
    assert "No shop is connected yet" in client.get(LIST).content.decode()
    tested = client.post(f"{LIST}/new/woocommerce", form(shop, test="1"))
    assert tested.status_code == 200
    assert "The shop answered" in tested.content.decode()
    assert connected(acme) is None
    made = client.post(f"{LIST}/new/woocommerce", form(shop))
    assert made.status_code == 302
    assert "First full reading" in client.get(made["Location"]).content.decode()
    work.run_due(tasks={use.TASK})
    for page in (client.get(made["Location"]), client.get(LIST)):
        html = page.content.decode()
        assert fake.SECRET not in html
        assert fake.KEY not in html
        assert f"…{fake.SECRET[-4:]}" in html
    assert "every five minutes" in client.get(made["Location"]).content.decode()
    with make.inside(acme) as inside:
        assert inside.products.count() == 3
        acts = set(inside.audit_entries.values_list("action", flat=True))
        assert "connection.made" in acts


@pytest.mark.parametrize(("fault", "said"), [
    ((401, {}, {"code": "x"}), "does not accept this key"),
    ((403, {}, {}), "may not read products"),
    ((404, {}, b""), "No shop was found"),
    ((200, {}, b"<html>"), "not the address of the shop"),
    ((503, {}, b"SECRET-BODY"), "has a fault"),
])  # fmt: skip
def test_it_says_in_plain_words_what_is_wrong(acme, ana, signed_in, shop, fault, said):
    """Wrong key, no permission, not a shop, trouble; nothing is kept, and nothing of the answer is shown."""
    shop.faults = [fault]
    answer = signed_in(ana).post(f"{LIST}/new/woocommerce", form(shop))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "SECRET-BODY" not in answer.content.decode()
    assert fake.SECRET not in answer.content.decode()
    assert connected(acme) is None


@pytest.mark.parametrize(
    "address", ["https://127.0.0.1", "http://shop.example", "169.254.169.254", "https://a@b.example"]
)
def test_it_refuses_an_address_beside_its_field(acme, ana, signed_in, shop, address):
    """T8."""
    answer = signed_in(ana).post(f"{LIST}/new/woocommerce", form(shop, address=address))
    assert answer.status_code == 422
    assert connected(acme) is None
    assert not shop.server.asked


def test_it_pauses_resumes_changes_and_disconnects(acme, ana, signed_in, shop):
    client = signed_in(ana)
    one = client.post(f"{LIST}/new/woocommerce", form(shop))["Location"]
    work.run_due(tasks={use.TASK})
    client.post(f"{one}/pause")
    assert connected(acme).state == "paused"
    assert "resume it first" in client.post(f"{one}/pull", follow=True).content.decode()
    client.post(f"{one}/resume")
    work.run_due(tasks={use.TASK})
    shop.keys_ok = False
    assert "read in a moment" in client.post(f"{one}/pull", follow=True).content.decode()
    work.run_due(tasks={use.TASK})
    html = client.get(one).content.decode()
    assert "The shop refuses us" in html
    assert client.post(f"{one}/credentials", {"key": "ck_bad", "secret": "cs_bad"}).status_code == 422
    shop.keys_ok = True
    assert client.post(f"{one}/credentials", {"key": fake.KEY, "secret": fake.SECRET}).status_code == 302
    assert connected(acme).state == "active"
    assert "Disconnect" in client.get(f"{one}/disconnect").content.decode()
    client.post(f"{one}/disconnect")
    assert connected(acme) is None
    with make.inside(acme) as inside:
        acts = set(inside.audit_entries.values_list("action", flat=True))
        assert {"connection.paused", "connection.resumed", "connection.pulled", "connection.removed"} <= acts
        assert "connection.credentials_changed" in acts
        assert inside.products.count() == 3  # what was read stays


def test_it_is_changed_by_owner_and_developer_only(acme, ana, ben, gil, globex, signed_in, shop):
    """T13, T18: an analyst sees it and changes nothing; a stranger's is not there."""
    one = signed_in(ana).post(f"{LIST}/new/woocommerce", form(shop))["Location"]
    analyst = signed_in(ben)
    assert analyst.get(one).status_code == 200
    assert "Pause" not in analyst.get(one).content.decode()
    for act in ("pause", "resume", "pull", "disconnect", "credentials"):
        assert analyst.post(f"{one}/{act}").status_code == 403
    stranger = signed_in(gil)
    pk = one.rsplit("/", 1)[1]
    for path in ("", "/disconnect", "/credentials", "/progress"):
        assert stranger.get(f"/t/globex/catalogue/connections/{pk}{path}").status_code == 404
    assert stranger.post(f"/t/globex/catalogue/connections/{pk}/disconnect").status_code == 404
    assert connected(acme).state == "active"


def test_it_says_how_far_the_first_reading_is(acme, ana, signed_in, shop, monkeypatch):
    """Progress with a share and the time left, polled; the whole page once it is over."""
    shop.items["products"] = [fake.woo_product(n, n) for n in range(1, 251)]
    client = signed_in(ana)
    one = client.post(f"{LIST}/new/woocommerce", form(shop))["Location"]
    monkeypatch.setattr(rounds, "BUDGET_SECONDS", -1.0)
    work.run_due(tasks={use.TASK})  # one look, no page
    monkeypatch.setattr(rounds, "BUDGET_SECONDS", 15.0)
    shop.faults = []
    shop.after_page = lambda kind, page: shop.faults.append((503, {}, b"")) if not shop.faults else None
    with databases["ops"].cursor() as cursor:
        cursor.execute("update tenants_work set due_at = now() where state = 'pending'")
    work.run_due(tasks={use.TASK})
    part = client.get(f"{one}/progress", headers={"HX-Request": "true"}).content.decode()
    assert "40% · 100 rows · reading products" in part
    assert "left" in part
