"""A person brings a file in a real browser: upload, columns, check, import, undo; nothing in the file acts."""

import pytest
from playwright.sync_api import expect

from tenants import work
from tests.browser import carry_session

HOSTILE = (
    b"sku,name,brand,price\n"
    b"1,<script>window.acted=1</script>Lamp,<img src=x onerror=window.acted=1>,2.50\n"
    b'2,"""><svg onload=window.acted=1>",javascript:window.acted=1,3.00\n'
    b"3,{{7*7}},x,=1+1\n"
)
TASK = {"recommendations.import_file"}

pytestmark = pytest.mark.browser


def test_a_file_goes_from_the_disk_to_the_shop_and_back(browser_page, server, acme, ana, signed_in):
    """T9: the pages follow the work by themselves, and no cell becomes an element."""
    page = browser_page
    carry_session(page.context, server, signed_in(ana))
    page.on("dialog", lambda dialog: pytest.fail("a dialog"))
    page.goto("/t/acme/catalogue/imports")
    page.get_by_role("link", name="Import a file").first.click()
    name = "x'\"><img src=x onerror=window.acted=1>.csv"
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": HOSTILE})
    page.get_by_role("button", name="Upload and look").click()
    page.wait_for_url("**/columns")
    unharmed(page)
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_selector("#progress")
    assert work.run_due(tasks=TASK) == 1
    page.wait_for_selector("text=Would be created", timeout=15_000)
    unharmed(page)
    page.get_by_role("button", name="Import 2 rows").click()
    page.wait_for_selector("#progress")
    work.run_due(tasks=TASK)
    page.wait_for_selector("text=2 rows were kept", timeout=15_000)
    expect(page.locator("text=Must be a number such as")).to_have_count(1)
    unharmed(page)
    page.goto("/t/acme/catalogue")
    unharmed(page)
    assert acme.products.count() == 2
    page.go_back()
    page.get_by_text("Undo…").click()
    page.locator("dialog[open]").get_by_role("button", name="Undo the import").click()
    page.wait_for_selector("#progress")
    work.run_due(tasks=TASK)
    page.wait_for_selector("text=The import was undone", timeout=15_000)
    assert acme.products.count() == 0


def unharmed(page):
    assert page.evaluate("window.acted") is None
    assert page.locator("main img[src=x], main svg[onload], main script").count() == 0
