"""The back office: shops, people, audit; operators act, analysts read, everybody else stays out."""

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from tenants import access
from tenants.models import AuditEntry, User
from tests import make

OPEN = {
    "name": "Atelier Nord",
    "owner_email": "nora@example.com",
    "plan": "starter",
    "currency": "DKK",
    "time_zone": "Europe/Copenhagen",
}


def test_the_list_counts_searches_sorts_and_pages(acme, globex, sam, signed_in):
    make.product(acme, "p-1"), make.order(acme, ["p-1"]), make.order(acme, ["p-1"])
    client = signed_in(sam)
    page = client.get("/tenants").text
    assert "Acme" in page and "Globex" in page and "2 shops" in page
    assert '<td class="num" data-label="Orders">2</td>' in page
    assert "Globex" not in client.get("/tenants?q=acm").text
    assert "Acme" not in client.get("/tenants?plan=starter").text
    assert "Nothing matches" in client.get("/tenants?state=suspended").text
    ordered = client.get("/tenants?sort=-orders").text
    assert ordered.index("Acme") < ordered.index("Globex")
    for sort in ("name", "plan", "state", "orders", "products", "calls", "active"):
        assert client.get(f"/tenants?sort=-{sort}").status_code == 200
    fragment = client.get("/tenants?q=acm", headers={"HX-Request": "true"}).text
    assert "<html" not in fragment and 'id="rows"' in fragment


def test_it_opens_a_shop_and_mails_the_owner(sam, signed_in):
    page = signed_in(sam).post("/tenants/open", OPEN, follow=True)
    assert page.redirect_chain[-1][0] == "/tenants/atelier-nord" and "nora@example.com" in page.text
    assert mail.outbox[-1].to == ["nora@example.com"]
    wrong = signed_in(sam).post("/tenants/open", {**OPEN, "owner_email": "x"})
    assert wrong.status_code == 422 and "valid email" in wrong.text


def test_it_shows_a_shop_without_its_secrets(acme, ana, sam, api, signed_in):
    assert api.get("/api/limits/status").status_code == 200
    page = signed_in(sam).get("/tenants/acme").text
    assert "ana@example.com" in page and api.secret[:15] in page and api.secret not in page
    assert "API key issued" in page and "1 API call this month" in page
    assert signed_in(sam).get("/tenants/nowhere").status_code == 404


def test_it_suspends_after_asking_and_the_shop_is_told(acme, ana, sam, api, signed_in):
    client = signed_in(sam)
    assert api.get("/api/limits/status").status_code == 200
    assert "Suspend Acme?" in client.get("/tenants/acme/suspend").text
    assert "type acme" in client.post("/tenants/acme/suspend", {"reason": "x", "typed": "wrong"}, follow=True).text
    assert "Say why" in client.post("/tenants/acme/suspend", {"reason": "", "typed": "acme"}, follow=True).text
    assert api.get("/api/limits/status").status_code == 200
    done = client.post("/tenants/acme/suspend", {"reason": "Unpaid since March.", "typed": "acme"}, follow=True)
    assert "Acme is suspended" in done.text and api.get("/api/limits/status").status_code == 403
    assert "Unpaid since March." in signed_in(ana).get("/t/acme/team").text
    assert "is served again" in client.post("/tenants/acme/resume", follow=True).text
    assert api.get("/api/limits/status").status_code == 200


def test_it_changes_the_plan(acme, sam, signed_in):
    client = signed_in(sam)
    page = client.post("/tenants/acme/plan", {"plan": "enterprise", "reason": "Upgraded by phone"}, follow=True)
    assert "Acme is on Enterprise now" in page.text and "Upgraded by phone" in page.text
    again = client.post("/tenants/acme/plan", {"plan": "enterprise"})
    assert again.status_code == 422 and "already" in again.text


def test_people_are_found_and_given_roles(acme, ana, sam, signed_in):
    client = signed_in(sam)
    assert "ana@example.com" in client.get("/people?q=ana").text
    assert "ana@example.com" not in client.get("/people?role=staff").text
    page = client.get(f"/people/{ana.pk}").text
    assert "Acme" in page and "Owner" in page
    client.post(f"/people/{ana.pk}/role", {"role": "analyst"})
    ana.refresh_from_db()
    assert ana.platform_role == "analyst"
    assert "needs an operator" in client.post(f"/people/{sam.pk}/role", {"role": ""}, follow=True).text
    assert "Deactivate Ana?" in client.get(f"/people/{ana.pk}/deactivate").text
    assert "Say why" in client.post(f"/people/{ana.pk}/deactivate", follow=True).text
    assert "is deactivated" in client.post(f"/people/{ana.pk}/deactivate", {"reason": "left"}, follow=True).text
    assert "can sign in again" in client.post(f"/people/{ana.pk}/reactivate", follow=True).text
    kept = list(AuditEntry.objects.using("ops").filter(tenant=None).order_by("id").values_list("action", "reason"))
    assert kept == [("staff.change_role", ""), ("staff.deactivate", "left"), ("staff.reactivate", "")]


def test_the_audit_trail_is_searched(acme, sam, signed_in):
    client = signed_in(sam)
    client.post("/tenants/acme/plan", {"plan": "starter", "reason": "too large"})
    client.post("/tenants/open", OPEN)
    page = client.get("/audit").text
    assert "standing.change_plan" in page and "signup.open" in page and "too large" in page
    only = client.get("/audit?area=standing.").text
    assert "standing.change_plan" in only and "signup.open" not in only
    assert "signup.open" in client.get("/audit?q=atelier").text
    assert "Nothing matches" in client.get("/audit?q=zzz").text


READS = ["/tenants", "/tenants/acme", "/people", "/people/{ana}", "/audit"]
WRITES = [
    "/tenants/open",
    "/tenants/acme/plan",
    "/tenants/acme/suspend",
    "/tenants/acme/resume",
    "/people/{ana}/role",
    "/people/{ana}/deactivate",
    "/people/{ana}/reactivate",
]


def test_roles(acme, ana, sam, pat, signed_in):
    reads, writes = ([path.format(ana=ana.pk) for path in paths] for paths in (READS, WRITES))
    for person, read, write in ((pat, 200, 403), (ana, 403, 403)):
        client = signed_in(person)
        assert [client.get(path).status_code for path in reads] == [read] * len(reads)
        assert [
            client.post(path, {"role": "operator", "typed": "acme", "reason": "x"}).status_code for path in writes
        ] == [write] * len(writes)
    anonymous = Client()
    assert all(anonymous.post(path)["Location"].startswith("/account/login/") for path in writes)
    for path in reads:
        assert anonymous.get(path)["Location"].startswith("/account/login/")
    page = signed_in(pat).get("/tenants/acme").text
    assert "Suspend" not in page and "Change the plan" not in page
    assert "Open a shop" not in signed_in(pat).get("/tenants").text


def test_the_command_makes_an_operator_with_a_password_once(db, capsys):
    call_command("create_operator", "Olga@Example.com")
    password = capsys.readouterr().out.split("shown once: ")[1].strip()
    person = User.objects.get(email="olga@example.com")
    assert person.platform_role == "operator"
    answer = Client().post("/account/login/", {"login": "olga@example.com", "password": password})
    assert answer.status_code == 302
    call_command("create_operator", "olga@example.com")
    assert "Password" not in capsys.readouterr().out
    with pytest.raises(CommandError, match="no e-mail address"):
        call_command("create_operator", "olga")


def test_the_command_opens_a_shop(db, capsys):
    call_command("open_tenant", "Maison Verre", owner="zara@example.com", plan="growth")
    assert "/t/maison-verre/" in capsys.readouterr().out and mail.outbox[-1].to == ["zara@example.com"]
    with pytest.raises(CommandError, match="no such plan"):
        call_command("open_tenant", "Another", owner="zara@example.com", plan="royal")
    assert access.memberships(make.user("zara")) == []
