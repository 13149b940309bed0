"""luxebrain.js on a site of its own: the browser's cross-origin rules and the key's own list of origins."""

from typing import Any

import pytest

from tests import make
from tests.demo.test_storefront import arrived, eventually

PAGE = """<!doctype html><html lang="en"><title>A shop</title>
<script>(window.LuxeBrain = window.LuxeBrain || []).push(["identify", "1002"])</script>
<script src="{api}/static/js/luxebrain.js" data-key="{key}" defer></script>
<section id="shelf" data-luxebrain="popular" data-placement="front" hidden><h2>Popular</h2></section>"""


def visit(page: Any, server: Any, key: str) -> str:
    """Opens a page of another origin: the same machine under its other name."""
    site = server.url.replace("127.0.0.1", "localhost")
    body = PAGE.format(api=server.url, key=key)
    page.context.grant_permissions(["local-network-access"], origin=site)  # a real shop calls a public address
    page.route(f"{site}/", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(f"{site}/")
    return site


@pytest.mark.parametrize("path", ["recommendations", "events"])
def test_it_lets_any_site_ask_and_leaves_the_rest_to_the_key(client: Any, db: None, path: str) -> None:
    """R29: preflights carry no key, so they cannot be judged by it."""
    asked = {"origin": "https://a.example", "access-control-request-method": "POST"}
    answer = client.options(f"/api/v1/{path}", headers=asked | {"access-control-request-headers": "authorization"})
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in answer["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize("path", ["products", "orders"])
def test_it_keeps_other_sites_away_from_the_catalogue(client: Any, db: None, path: str) -> None:
    asked = {"origin": "https://a.example", "access-control-request-method": "POST"}
    assert "Access-Control-Allow-Origin" not in client.options(f"/api/v1/{path}", headers=asked)


@pytest.mark.browser
def test_it_fills_a_shelf_on_another_site(shop: Any, server: Any, browser_page: Any) -> None:
    site = server.url.replace("127.0.0.1", "localhost")
    visit(browser_page, server, make.key(shop, kind="pk", origins=[site]))
    first = browser_page.locator("#shelf .lb-item").first
    first.wait_for()
    assert first.locator(".lb-title").inner_text() == "Red cup"  # all that this customer has not bought
    assert first.locator(".lb-price").inner_text() == "£10.00"
    assert eventually(lambda: bool(arrived(shop, "impression")))
    impression = arrived(shop, "impression")[0]
    assert (impression.customer_external_id, impression.placement) == ("1002", "front")


@pytest.mark.browser
def test_it_stays_silent_with_a_key_of_another_site(shop: Any, server: Any, browser_page: Any) -> None:
    with browser_page.expect_response("**/api/v1/recommendations") as answered:
        visit(browser_page, server, make.key(shop, kind="pk", origins=["https://elsewhere.example"]))
    assert answered.value.status == 403
    assert browser_page.locator("#shelf").is_hidden()
