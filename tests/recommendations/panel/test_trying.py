"""Trying a placement's unsaved settings for real shoppers, products and carts, with a trained model."""

from html import unescape

import pytest

from tests import make
from tests.recommendations import shops
from tests.recommendations.panel.test_placements import GIVEN

PAGE = "/t/acme/placements"


@pytest.fixture
def shop(acme):
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    acme.placements.create(code="home", name="Home", count=4, surface="home")
    return acme


@pytest.fixture
def owner(ana, signed_in):
    return signed_in(ana)


def tried(client, path=f"{PAGE}/preview/home", **values):
    answer = client.post(path, GIVEN | {"count": "4"} | values, headers={"hx-request": "true"})
    assert answer.status_code == 200
    page = unescape(answer.content.decode())
    assert page.lstrip().startswith('<div id="preview"')
    return page


def test_it_shows_the_unsaved_list_beside_the_saved_one(owner, shop):
    same = tried(owner, try_customer="t-1")
    assert "The same list as with the saved settings." in same
    assert same.count("The tea-") == 4
    other = tried(owner, try_customer="t-1", filter='title contains "toy"')
    assert "new products are marked" in other
    assert other.count("The toy-") >= 4
    assert "No longer in it: The tea-" in other
    assert shop.placements.get().filter == ""


def test_it_begins_with_the_best_customer(owner, shop):
    for _ in range(3):
        make.order(shop, ["toy-1", "toy-2"], customer=shop.customers.get(external_id="y-4"))
    assert 'value="y-4" selected' in tried(owner)
    assert 'value="y-4" selected' not in tried(owner, try_customer="")


def test_it_says_why_nothing_can_be_shown(owner, shop):
    assert "Column 8" in tried(owner, filter="price <")
    empty = tried(owner, filter="price > 1000", fallback="none")
    assert "Nothing can be shown" in empty
    assert "Its filter holds for 0 products for sale, and it shows 4." in empty


def test_it_finds_shoppers_and_takes_one_at_random(owner, shop):
    assert "t-13" in tried(owner, try_text="t-13")
    page = tried(owner, try_random="1")
    assert "selected>t-" in page or "selected>y-" in page
    stranger = tried(owner, try_customer="nobody")
    assert "New visitor" in stranger


def test_it_stands_beside_a_product_or_in_a_real_cart(owner, shop):
    page = tried(owner, kind="similar")
    assert "Beside which product" in page
    assert "The toy-2" in tried(owner, kind="similar", try_text="toy-2")
    assert 'value="tea-3" selected' in tried(owner, kind="bought_together", try_product="tea-3")
    cart = tried(owner, kind="bought_together", surface="cart", try_random="1")
    assert "A real cart: The t" in cart
    assert cart.count('name="try_product"') == 3


def test_a_new_placement_is_tried_before_it_has_a_name(owner, shop):
    page = tried(owner, f"{PAGE}/new/preview", name="", code="", try_customer="t-1")
    assert page.count("The tea-") == 4
    assert "saved settings" not in page
    assert not shop.placements.filter(code="unsaved").exists()


def test_without_scripts_a_button_draws_it(owner, shop):
    answer = owner.post(f"{PAGE}/home", GIVEN | {"try": "1", "try_customer": "t-1", "name": "Other"})
    page = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert page.count("The tea-") >= 4
    assert shop.placements.get().name == "Home"


def test_rules_hold_in_it(owner, shop):
    make.product(shop, "hat", title="The hat")
    owner.post("/t/acme/rules/new", {"name": "Hat first", "action": "pin", "products": ["hat"], "is_active": "on"})
    page = tried(owner, try_customer="t-1")
    assert "The hat" in page
    assert "Hat first" in page


def test_an_analyst_may_try(signed_in, ben, shop):
    assert "The tea-" in tried(signed_in(ben), try_customer="t-1")
