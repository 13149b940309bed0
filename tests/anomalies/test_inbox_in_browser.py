"""The inbox in a browser: keys, the chosen row, and a note that survives the refresh."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from anomalies import incidents
from anomalies.incidents import Signal
from anomalies.models import AnomalyIncident, StreamPoint
from tenants import occurrences
from tests import make
from tests.anomalies.test_inbox import flagged
from tests.browser import carry_session

pytestmark = pytest.mark.browser
# What the timer of the list does every twenty seconds.
REFRESH = """
const rows = document.querySelector("#rows");
htmx.ajax("GET", rows.getAttribute("hx-get"), {target: rows, swap: "outerHTML", source: rows});
"""


def picture(page, name):
    """For a person's eyes, where a folder is named."""
    if folder := os.environ.get("PICTURES"):
        for width, height in ((1440, 960), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(200)
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1440, "height": 960})


def burst(shop):
    """Twelve hours of calls with a burst at their end, and its incident."""
    import math

    now = timezone.now().replace(second=0, microsecond=0)
    rows = []
    for step in range(144):
        mean = 900 + 300 * math.sin(step / 20)
        value = mean + 60 * math.sin(step * 1.7)
        if step in (139, 140, 141):
            value = 3000
        at = now - timedelta(minutes=5 * (144 - step))
        band = {"expected": mean, "low": mean - 200, "high": mean + 200}
        rows.append(StreamPoint(tenant=shop, metric="requests", at=at, value=value, **band))
    shop.stream_points.bulk_create(rows)
    key = shop.api_keys.first()
    who = {"keys": [[f"key {key.pk}", 2790], ["key 0", 210]], "endpoints": [["recommendations", 2900]]}
    signal = Signal("requests", "up", now - timedelta(minutes=25), 3000, "medium", "baseline", "b1", 12,
                    expected=1100, low=900, high=1300, log10p=-12.4, facts={"who": who})  # fmt: skip
    return incidents.flag(shop, signal, now=now)


@pytest.fixture
def stage(acme, globex):
    make.key(acme)
    flagged(globex, "failed_auth", severity="high", count=3, minutes=4)
    flagged(globex, "large_order", severity="low", minutes=60, count=1, facts={"currency": "EUR"})
    occurrences.record(acme, "version.activated", subject="version 14")
    return burst(acme)


def test_keys_move_choose_and_act(browser_page, server, sam, signed_in, stage):
    """R72: arrows, A, R, I, /; the badge follows; a half-written note outlives a refresh of the list."""
    page = browser_page
    carry_session(page.context, server, signed_in(sam))
    page.goto("/anomalies")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#detail[data-pk]:not([data-pk='0'])")
    first = page.get_attribute("#detail", "data-pk")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(f"#detail:not([data-pk='{first}'])")
    chosen = page.get_attribute("#detail", "data-pk")
    assert chosen != first
    expect(page.locator("tr.selected")).to_have_attribute("data-pk", chosen)
    page.fill("#incident-note", "half a thought")
    page.check(f"#tick-{first}")
    with page.expect_response(lambda answer: "/anomalies" in answer.url):
        page.evaluate(REFRESH)
    page.wait_for_timeout(300)
    expect(page.locator("#incident-note")).to_have_value("half a thought")
    expect(page.locator(f"#tick-{first}")).to_be_checked()
    expect(page.locator("tr.selected")).to_have_attribute("data-pk", chosen)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#listing-q")).to_be_focused()
    page.keyboard.press("Escape")
    with page.expect_response(lambda answer: "/acknowledge" in answer.url):
        page.keyboard.press("a")
    page.wait_for_selector("text=Acknowledged. It is open again")
    row = AnomalyIncident.objects.across_tenants().get(pk=chosen)
    assert row.state == "acknowledged"
    assert row.history.using("ops").last().note == "half a thought"


def test_the_keys_for_resolving_and_archiving(browser_page, server, sam, signed_in, stage):
    """R72: R asks for the verdict before it resolves; I archives until it gets worse."""
    page = browser_page
    carry_session(page.context, server, signed_in(sam))
    page.goto(f"/anomalies?id={stage.pk}")
    expect(page.locator(f"#detail[data-pk='{stage.pk}']")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator("#incident-verdict")).to_be_focused()
    page.select_option("#incident-verdict", "real")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.locator("#inbox-tabs")).to_contain_text("Open 2")
    page.keyboard.press("ArrowDown")
    expect(page.locator("tr.selected")).to_have_count(1)
    archived = page.locator("tr.selected").get_attribute("data-pk")
    expect(page.locator(f"#detail[data-pk='{archived}']")).to_be_visible()
    page.keyboard.press("i")
    expect(page.locator("#inbox-tabs")).to_contain_text("Archived 1")
    states = dict(AnomalyIncident.objects.across_tenants().values_list("pk", "state"))
    assert (states[stage.pk], states[int(archived)]) == ("resolved", "archived")


def test_a_refresh_leaves_the_page_where_it_was_read(browser_page, server, sam, signed_in, stage, globex):
    """R72: the scroll of the page, and of the pane beside it."""
    for number in range(12):
        shop = make.tenant(f"shop-{number}", plan="free")
        flagged(shop, "failed_auth", minutes=9)
    page = browser_page
    page.set_viewport_size({"width": 1440, "height": 500})
    carry_session(page.context, server, signed_in(sam))
    page.goto(f"/anomalies?id={stage.pk}")
    page.evaluate("window.scrollTo(0, 300); document.querySelector('#detail').scrollTop = 120")
    page.wait_for_function("window.scrollY === 300")
    page.evaluate("document.querySelector('#rows').dataset.old = 'yes'")
    page.evaluate(REFRESH)
    expect(page.locator("#rows[data-old]")).to_have_count(0)
    expect(page.locator("#rows tr[data-pk]")).to_have_count(15)
    assert page.evaluate("[window.scrollY, document.querySelector('#detail').scrollTop]") == [300, 120]


def test_it_looks_as_drawn(browser_page, server, sam, signed_in, stage):
    """No part of the page is wider than a phone."""
    page = browser_page
    carry_session(page.context, server, signed_in(sam))
    page.goto(f"/anomalies?id={stage.pk}")
    picture(page, "inbox")
    for path, name in (("/anomalies/rules", "rules"), ("/anomalies/rules/new", "rule-new")):
        page.goto(path)
        picture(page, name)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (f"/anomalies?id={stage.pk}", "/anomalies/rules", "/anomalies/rules/new"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_a_phone_the_chosen_incident_comes_into_sight(browser_page, server, sam, signed_in, stage, globex):
    for number in range(12):
        flagged(make.tenant(f"shop-{number}", plan="free"))
    page = browser_page
    carry_session(page.context, server, signed_in(sam))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/anomalies")
    page.locator("#rows .row-link").last.click()
    page.wait_for_selector("#detail .facts")
    top = "document.querySelector('#detail').getBoundingClientRect().top"
    page.wait_for_function(f"{top} > -1 && {top} < 300")
