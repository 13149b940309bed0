"""The staff's audit trail: narrowed to one shop and to some days, downloaded; and the ways from a shop's page."""

import csv
import io
from datetime import timedelta

from django.urls import resolve
from django.utils import timezone

from tenants import audit
from tenants.models import AuditEntry


def lines(answer):
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_it_is_narrowed_to_one_shop_and_to_some_days(acme, globex, sam, signed_in):
    audit.record(acme, "rules.create", by=sam, target="Acme's rule")
    audit.record(globex, "rules.create", by=sam, target="A rule of acme's neighbour")
    audit.record(acme, "rules.create", by=sam, target="An old rule")
    old = AuditEntry.objects.using("owner").filter(target="An old rule")
    old.update(happened_at=timezone.now() - timedelta(days=9))
    client = signed_in(sam)
    page = client.get("/audit?shop=acme").text
    assert "Acme&#x27;s rule" in page and "An old rule" in page and "neighbour" not in page
    page = client.get("/audit?shop=acme&days=7").text
    assert "Acme&#x27;s rule" in page and "An old rule" not in page
    assert "neighbour" in client.get("/audit?days=never").text


def test_what_was_done_to_nothing_leaves_no_line_on_a_phone(acme, ana, sam, signed_in):
    """An empty cell is not drawn in the narrow form of the table."""
    audit.record(acme, "profile.update", by=ana, target="")
    staff, owner = signed_in(sam), signed_in(ana)
    for page in (staff.get("/audit"), staff.get("/tenants/acme"), owner.get("/t/acme/changes")):
        assert '<td data-label="On"></td>' in page.text


def test_it_is_downloaded_as_the_page_is_narrowed(acme, globex, sam, pat, signed_in):
    audit.record(acme, "profile.update", by=sam, target="=1+1", details={"currency": {"from": "EUR", "to": "CHF"}})
    audit.record(globex, "rules.create", by=sam, target="not asked for")
    client = signed_in(pat)
    assert 'href="/audit/export?shop=acme"' in client.get("/audit?shop=acme").text
    answer = client.get("/audit/export?shop=acme")
    assert answer["Content-Type"].startswith("text/csv") and "audit-" in answer["Content-Disposition"]
    newest = lines(answer)[0]
    assert newest["changes"] == "Currency: EUR → CHF" and newest["act"] == "profile.update"
    assert newest["on"] == "'=1+1" and newest["shop"] == "Acme" and newest["who"] == str(sam)
    assert "not asked for" not in [line["on"] for line in lines(client.get("/audit/export?shop=acme"))]


def test_a_file_is_read_in_pieces_up_to_a_bound(acme, sam, signed_in, monkeypatch):
    for number in range(7):
        audit.record(acme, "rules.create", by=sam, target=f"rule {number}")
    monkeypatch.setattr("tenants.backoffice.audit.PIECE", 2)
    monkeypatch.setattr("tenants.backoffice.audit.MOST", 5)
    told = [line["on"] for line in lines(signed_in(sam).get("/audit/export?area=rules."))]
    assert told == [f"rule {number}" for number in (6, 5, 4, 3, 2)]


def test_a_shops_page_leads_to_all_that_is_of_the_shop(acme, globex, sam, signed_in):
    client = signed_in(sam)
    page = client.get("/tenants/acme").text
    for path in ("/models?shop=acme", "/models/metrics?shop=acme", "/models/experiments?q=acme",
                 "/anomalies?tab=all&amp;tenant=acme", "/monitoring?q=acme", "/tenants/acme/webhooks",
                 "/audit?shop=acme"):  # fmt: skip
        assert f'href="{path}"' in page, path
        assert resolve(path.partition("?")[0])
        assert client.get(path.replace("&amp;", "&")).status_code == 200


def test_marks_of_the_demo_do_not_push_acts_aside(acme, sam, signed_in):
    audit.record(acme, "rules.create", by=sam, target="Tea first")
    for _ in range(12):
        audit.record(acme, "demo.ready", by="demo")
    page = signed_in(sam).get("/tenants/acme").text
    assert "Tea first" in page and "Demo ready" not in page
    assert "Demo ready" in signed_in(sam).get("/audit").text


def test_people_are_found_by_their_shop(acme, globex, ana, gil, sam, signed_in):
    client = signed_in(sam)
    page = client.get("/people").text
    assert '<td data-label="Shops">Acme</td>' in page and '<td data-label="Shops">Globex</td>' in page
    page = client.get("/people?q=glob").text
    assert "gil@example.com" in page and "ana@example.com" not in page
