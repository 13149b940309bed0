"""A batch job in a real browser: chosen with a live count, previewed, watched, fetched; and without scripts."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from recommendations import batch_scoring, candidates
from tests.browser import sign_in
from tests.recommendations import shops
from tests.recommendations.api.test_batch import do
from tests.recommendations.panel.test_batches import ALL, work

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(acme: Any) -> Any:
    candidates.forget()
    batch_scoring.forget()
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    return acme


def test_a_new_job_is_chosen_watched_and_downloaded(browser_page: Any, shop: Any, ben: Any, tmp_path: Path) -> None:
    """R11, R17, R126: the whole flow, without a reload by hand."""
    page = browser_page
    sign_in(page, ben.email)
    page.goto("/t/acme/batch-jobs")
    page.get_by_role("link", name="New batch job").click()
    page.get_by_label("All customers").check()
    page.get_by_text("30 customers", exact=True).wait_for()
    page.get_by_label("Paste ids").check()
    page.get_by_label("Customer ids").fill("t-1\ny-2\nnobody")
    page.get_by_text("1 id is not known to this shop").wait_for()
    page.get_by_label("All customers").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("What they would get now").wait_for()
    page.locator("#look ol").nth(2).wait_for()
    page.get_by_label("Products for each customer").fill("4")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Name", exact=True).fill("Weekly picks")
    page.get_by_role("button", name="Start the job").click()
    page.get_by_role("heading", name="Weekly picks").wait_for()
    page.get_by_text("Waiting for its turn").or_(page.get_by_text("Reading the audience")).first.wait_for()
    work.run_due(tasks=ALL)
    do()
    page.get_by_text("30 done").wait_for()  # the page asks by itself
    page.reload()
    page.get_by_text("30 done").wait_for()
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV", exact=True).click()
    target = tmp_path / "lists.csv"
    started.value.save_as(target)
    lines = target.read_text().splitlines()
    assert lines[0].startswith("customer_id,status,rank,product_id")
    assert len(lines) == 1 + 30 * 4
    page.get_by_role("link", name="Notices: 1 new").click()
    page.get_by_role("link", name="Weekly picks is ready").wait_for()


def test_the_steps_work_without_scripts(chromium: Any, server: Any, shop: Any, ben: Any) -> None:
    context = chromium.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, ben.email)
    page.goto("/t/acme/batch-jobs/new")
    page.get_by_label("All customers").check()
    page.get_by_role("button", name="Count them").click()
    expect(page.get_by_text("30 customers", exact=True)).to_be_visible()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Show three lists").click()
    expect(page.locator("#look ol")).to_have_count(3)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Name", exact=True).fill("Plain picks")
    page.get_by_role("button", name="Start the job").click()
    expect(page.get_by_role("heading", name="Plain picks")).to_be_visible()
    assert shop.batch_jobs.get().total == 30
    context.close()
