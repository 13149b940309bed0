"""The days of the page of requests in a real browser: a wrong one is told beside its field, and taken off again."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import sign_in
from tests.recommendations.panel.test_requests_asked import FAR, listed, today

pytestmark = pytest.mark.browser


def test_a_wrong_day_is_told_beside_its_field_without_a_reload(browser_page: Any, acme: Any, ana: Any) -> None:
    acme.time_zone = FAR.key
    acme.save()
    day = today() - timedelta(days=2)
    listed(acme, day)
    page, download = browser_page, "Download these lists as CSV"
    sign_in(page, ana.email)
    page.goto("/t/acme/recommendations/requests")
    page.get_by_label("From", exact=True).fill(str(day))
    expect(page).to_have_url(f"/t/acme/recommendations/requests?q=&kind=&placement=&first={day}&last=")
    expect(page.get_by_text(download)).to_be_visible()
    page.get_by_label("Until", exact=True).fill(str(day - timedelta(days=1)))
    expect(page.locator("#filter-last-wrong")).to_have_text("Must not be before the first day.")
    expect(page.get_by_text(download)).to_have_count(0)
    page.get_by_label("Until", exact=True).fill(str(day))
    expect(page.locator("#filter-last-wrong")).to_have_text("")
    with page.expect_download() as started:
        page.get_by_text(download).click()
    assert started.value.suggested_filename == f"acme-answered-lists-{today()}.csv"
    page.get_by_label("From", exact=True).fill(str(day + timedelta(days=1)))
    page.get_by_label("Until", exact=True).fill("")
    page.get_by_role("link", name="Show all 30 days").click()
    expect(page.get_by_text("call-0")).to_be_visible()
    expect(page.get_by_label("From", exact=True)).to_have_value("")
