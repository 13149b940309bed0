"""The data quality page (R98, R131)."""

from html import unescape

import pytest

from recommendations import findings
from tenants import work
from tests import make

PAGE = "/t/acme/catalogue/quality"


@pytest.fixture
def faulty(acme):
    full = {"image_url": "https://a.example/a.png", "categories": ["Home"]}
    make.product(acme, "free", title="Free <b>mug</b>", price=0, **full)
    findings.look(acme)


def html(client, path=PAGE, **headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_it_says_what_is_wrong_what_it_does_and_how_to_mend_it(ana, signed_in, faulty):
    client = signed_in(ana)
    page = html(client)
    assert "Products for sale without a price, or at zero" in page
    assert "1 product" in page
    assert 'href="/t/acme/catalogue/products/free"' in page
    assert "revenue from them counts as nothing" in page
    assert '<a href="/t/acme/catalogue/imports">Send these products with their price.</a>' in page
    assert "<b>mug" not in client.get(PAGE).content.decode()
    assert "Mend 1 fault in your data" in html(client, "/t/acme/catalogue/readiness")


def test_it_says_that_nothing_was_found_and_when(acme, ana, signed_in):
    """R131: never looked and nothing found are told apart; a look can be had at once."""
    client = signed_in(ana)
    assert "Not checked yet" in html(client)
    answer = client.post(f"{PAGE}/check")
    assert answer.status_code == 302
    assert 'hx-trigger="every 2s"' in html(client, answer["Location"])
    assert work.run_due(tasks={findings.TASK}) == 1
    page = html(client)
    assert "Nothing found, checked" in page
    assert "every 2s" not in page
    assert f'action="{PAGE}/check"' in page


def test_it_mutes_with_a_reason_and_takes_it_back(acme, ana, signed_in, faulty):
    client = signed_in(ana)
    assert "Why it is as it should be" in html(client, f"{PAGE}/no-price/mute")
    client.post(f"{PAGE}/no-price/mute", {"reason": ""})
    assert acme.data_findings.get().state == "open"
    client.post(f"{PAGE}/no-price/mute", {"reason": "Samples are free"})
    assert "is muted; you find it under Muted" in html(client)
    page = html(client)
    assert "without a price" not in page
    assert "Nothing found, checked" in page
    assert "Samples are free" in html(client, f"{PAGE}?state=muted")
    assert "Samples are free" in html(client, f"{PAGE}?state=all")
    assert "Nothing matches" in html(client, f"{PAGE}?state=resolved")
    assert "Samples are free" in html(client, f"{PAGE}?state=muted", **{"HX-Request": "true"})
    client.post(f"{PAGE}/no-price/unmute")
    assert acme.data_findings.get().state == "open"
    assert client.post(f"{PAGE}/no-price/unmute").status_code == 302


def test_a_resolved_one_says_since_when(acme, ana, signed_in, faulty):
    acme.products.update(price=3)
    findings.look(acme)
    page = html(signed_in(ana), f"{PAGE}?state=resolved")
    assert "was 1" in page
    assert "gone" in page


def test_an_analyst_reads_and_changes_nothing(acme, ben, signed_in, faulty):
    """R23: the buttons are not drawn and the addresses refuse."""
    client = signed_in(ben)
    page = html(client)
    assert "without a price" in page
    assert "Mute…" not in page
    assert "Check now" not in page
    for path in ("check", "no-price/mute", "no-price/unmute"):
        assert client.post(f"{PAGE}/{path}", {"reason": "x"}).status_code == 403
    assert acme.data_findings.get().state == "open"


def test_a_stranger_finds_nothing(acme, gil, signed_in, faulty):
    """R9, T1: neither through acme's address nor by the kind through the own one."""
    client = signed_in(gil)
    assert client.get(PAGE).status_code == 404
    assert client.post(f"{PAGE}/no-price/mute", {"reason": "x"}).status_code == 404
    assert client.post("/t/globex/catalogue/quality/no-price/mute", {"reason": "x"}).status_code == 404
    assert client.post("/t/globex/catalogue/quality/no-price/unmute").status_code == 404
    assert "without a price" not in html(client, "/t/globex/catalogue/quality")
    assert acme.data_findings.get().state == "open"
