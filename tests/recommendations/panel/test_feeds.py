"""A feed by address: fetched through the guarded client, confirmed once, imported by itself from then on."""

import gzip
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from tenants import work
from tests.recommendations import vendor_files as vendors
from tests.recommendations.panel.test_imports import chosen, latest, take
from tests.webserver import serving

FETCH = {"recommendations.fetch_feed"}
IMPORT = {"recommendations.import_file"}


@pytest.fixture
def owner(signed_in, ana):
    return signed_in(ana)


@pytest.fixture
def shop(settings):
    """A server of the shop whose answer can be changed."""
    said = {"status": 200, "headers": {"Content-Type": "application/xml"}, "body": vendors.GOOGLE.encode()}
    with serving(lambda asked: (said["status"], said["headers"], said["body"])) as server:
        settings.OUTBOUND_ALLOWED = [server.url]
        server.said = said
        yield server


def add(client, url, schedule="daily"):
    answer = client.post("/t/acme/catalogue/imports/feeds", {"url": url, "schedule": schedule})
    work.run_due(tasks=FETCH)
    return answer


def come_due(acme):
    acme.feeds.update(next_at=timezone.now() - timedelta(seconds=1))
    work.tick("recommendations.fetch_due_feeds", int(timezone.now().timestamp() * 1000))
    work.run_due(tasks={"recommendations.fetch_due_feeds"} | FETCH)
    work.run_due(tasks=IMPORT)


def test_it_waits_once_for_a_person_and_then_imports_by_itself(owner, acme, shop):
    secret = f"{shop.url}/feeds/google.xml?token=s3cret"
    assert add(owner, secret).status_code == 302
    feed = acme.feeds.get()
    assert (feed.result, feed.is_fetching) == ("Its columns wait for your confirmation.", False)
    page = f"/t/acme/catalogue/imports/{feed.last_run_id}/columns"
    owner.post(page, chosen(owner.get(page).content.decode()))
    work.run_due(tasks=IMPORT)
    take(owner, page.removesuffix("/columns"))
    assert acme.products.count() == 2
    come_due(acme)
    assert acme.feeds.get().result == "Nothing has changed since the last time."
    shop.said["body"] = vendors.GOOGLE.replace("999.00", "899.00").encode()
    come_due(acme)
    assert (latest(acme).state, latest(acme).changed) == ("succeeded", 1)
    assert str(acme.products.get(external_id="A1").price) == "899.00"
    listed = owner.get("/t/acme/catalogue/imports").content.decode()
    assert "It is being imported." in listed
    assert "s3cret" not in listed
    assert "s3cret" not in str(list(acme.audit_entries.values())) + str(list(acme.feeds.values())) + str(
        list(acme.works.values())
    )
    owner.post(f"/t/acme/catalogue/imports/feeds/{feed.pk}/remove")
    assert not acme.feeds.exists()
    assert acme.products.count() == 2


def test_other_columns_wait_for_a_person_again(owner, acme, shop):
    add(owner, shop.url)
    page = f"/t/acme/catalogue/imports/{latest(acme).pk}/columns"
    owner.post(page, chosen(owner.get(page).content.decode()))
    work.run_due(tasks=IMPORT)
    take(owner, page.removesuffix("/columns"))
    shop.said["body"] = b"id\tname\n1\tTea\n"
    come_due(acme)
    assert latest(acme).state == "draft"
    assert "wait for your confirmation" in acme.feeds.get().result


def test_a_packed_feed_is_unpacked(owner, acme, shop):
    shop.said["body"] = gzip.compress(vendors.GOOGLE.encode())
    add(owner, f"{shop.url}/feed.xml.gz", "once")
    assert latest(acme).layout == "google"
    assert acme.feeds.get().next_at is None


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (404, b"no", "answered 404"),
        (302, b"", "answered 302"),
        (200, b"", "empty"),
        (200, b"<html><body>Sign in</body></html>", "no products"),
        (200, b"PK\x03\x04....", "ZIP"),
    ],
)
def test_what_went_wrong_is_said(owner, acme, shop, status, body, says):
    shop.said.update(status=status, body=body)
    add(owner, shop.url)
    feed = acme.feeds.get()
    assert feed.has_failed
    assert says in feed.result
    assert not acme.import_runs.exists()
    assert says in owner.get("/t/acme/catalogue/imports").content.decode()
    assert list((Path(settings.UPLOADS_DIR) / "arriving").iterdir()) == []


@pytest.mark.parametrize(
    "url", ["http://shop.example/f", "https://127.0.0.1/f", "https://u:p@shop.example/", "ftp://x"]
)
def test_it_asks_no_inner_address(owner, acme, url):
    """T8"""
    answer = add(owner, url)
    if answer.status_code == 302:  # refused when it is looked up
        assert acme.feeds.get().has_failed
    else:
        assert answer.status_code == 422
        assert not acme.feeds.exists()
    assert not acme.import_runs.exists()


def test_it_stays_below_the_plans_size(owner, acme, shop):
    """T11"""
    acme.plan.__class__.objects.using("owner").filter(pk="growth").update(file_megabytes=1)
    try:
        shop.said["body"] = b"id,title\n" + b"1,a\n" * 600_000
        add(owner, shop.url)
        assert acme.feeds.get().has_failed
        assert not acme.import_runs.exists()
    finally:
        acme.plan.__class__.objects.using("owner").filter(pk="growth").update(file_megabytes=200)


def test_a_feed_is_its_shops_own(owner, acme, shop, signed_in, gil, ben):
    add(owner, shop.url)
    feed = acme.feeds.get()
    for way in ("fetch", "remove"):
        assert signed_in(gil).post(f"/t/globex/catalogue/imports/feeds/{feed.pk}/{way}").status_code == 404
        assert signed_in(ben).post(f"/t/acme/catalogue/imports/feeds/{feed.pk}/{way}").status_code == 403
    polled = owner.get("/t/acme/catalogue/imports", headers={"hx-request": "true", "hx-target": "feeds"})
    assert polled.content.decode().lstrip().startswith('<section class="card flush" id="feeds"')
