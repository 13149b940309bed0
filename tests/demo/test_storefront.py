"""A shopper in a real browser: sees a shelf, clicks, buys; events and order arrive."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from demo import keys
from tenants import work
from tests.demo.conftest import SLUG

pytestmark = pytest.mark.browser


@pytest.fixture
def open_shop(shop: Any, server: Any) -> Any:
    keys.ensure(shop, origins=[server.url])
    return shop


def eventually(true: Callable[[], bool], *, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def arrived(shop: Any, kind: str) -> list[Any]:
    """The events of a kind, once the inbox is drained."""
    work.enqueue(None, "recommendations.drain_events", key="test")
    work.run_due()
    return list(shop.events.filter(kind=kind))


def test_it_turns_a_visit_into_impression_click_purchase_and_order(open_shop: Any, browser_page: Any) -> None:
    """R20: the whole way of a shopper, through publishable key, script and API."""
    page = browser_page
    page.goto(f"/shop/{SLUG}")
    item = page.locator('[data-luxebrain="personalised"] .card').first
    item.wait_for()
    title = item.locator(".name").inner_text()
    assert eventually(lambda: bool(arrived(open_shop, "impression")))
    item.click()
    page.wait_for_url("**/products/*")
    expect(page.locator("h1")).to_have_text(title)
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("button", name="Order (demonstration)").click()
    page.wait_for_url("**/orders/*")

    order = open_shop.orders.get(external_id__startswith="WEB-")
    assert eventually(lambda: bool(arrived(open_shop, "purchase")))
    impression, click = arrived(open_shop, "impression")[0], arrived(open_shop, "click")[0]
    bought = order.lines.get().product_external_id
    assert click.product_external_id == bought
    assert click.recommendation_id.startswith("rec_")
    assert click.placement == "home"
    assert impression.properties["items"]
    purchase = arrived(open_shop, "purchase")[0]
    assert purchase.order_external_id == order.external_id
    assert {order.session_id, click.session_id, purchase.session_id} == {impression.session_id}
    assert [event.product_external_id for event in arrived(open_shop, "cart")] == [bought]
    assert bought in [event.product_external_id for event in arrived(open_shop, "view")]


def test_it_shows_a_signed_in_customer_what_they_have_not_bought(open_shop: Any, browser_page: Any) -> None:
    page = browser_page
    page.goto(f"/shop/{SLUG}")
    page.get_by_label("Shopping as").select_option("1000")
    with page.expect_request("**/api/v1/recommendations") as asked:
        page.get_by_role("button", name="Change").click()
    assert asked.value.post_data_json["customer_id"] == "1000"
    page.locator('[data-luxebrain="personalised"] .card').first.wait_for()


def test_it_hides_the_shelf_and_keeps_the_page_when_the_api_is_away(open_shop: Any, browser_page: Any) -> None:
    """R16: the shop does not notice."""
    page = browser_page
    page.route("**/api/v1/**", lambda route: route.abort())
    page.goto(f"/shop/{SLUG}")
    expect(page.get_by_role("heading", name="All products")).to_be_visible()
    page.wait_for_timeout(300)
    assert page.locator("[data-luxebrain]:visible").count() == 0


def test_it_does_not_wait_longer_than_a_second_and_a_half(open_shop: Any, browser_page: Any) -> None:
    page = browser_page
    page.route("**/api/v1/recommendations", lambda route: None)  # never answers
    page.goto(f"/shop/{SLUG}")
    with page.expect_event("requestfailed", timeout=3000):
        pass
    assert page.locator("[data-luxebrain]:visible").count() == 0


def test_it_sends_events_later_when_the_network_was_away(open_shop: Any, browser_page: Any) -> None:
    page = browser_page
    page.route("**/api/v1/events", lambda route: route.abort())
    page.goto(f"/shop/{SLUG}/products/bag")
    page.wait_for_timeout(1200)
    assert arrived(open_shop, "view") == []
    page.unroute("**/api/v1/events")
    assert eventually(lambda: len(arrived(open_shop, "view")) == 1)


def test_it_writes_titles_as_text(open_shop: Any, browser_page: Any) -> None:
    open_shop.products.filter(external_id="bag").update(title="<img src=x onerror=alert(1)>")
    page = browser_page
    page.goto(f"/shop/{SLUG}")
    page.locator('[data-luxebrain="personalised"] .card').first.wait_for()
    assert page.locator('[data-luxebrain] img[src="x"]').count() == 0
    assert page.get_by_text("<img src=x onerror=alert(1)>").count() > 0


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["", "/products/bag", "/cart"])
def test_it_fits_the_screen(open_shop: Any, browser_page: Any, path: str, width: int) -> None:
    page = browser_page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"/shop/{SLUG}{path}")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
