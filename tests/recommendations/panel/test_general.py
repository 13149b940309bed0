"""Settings for all lists: what is bought again is picked from the shop's categories, or named before it is there."""

import re
from html import unescape

import pytest
from playwright.sync_api import expect

from tests import make
from tests.browser import carry_session

PAGE = "/t/acme/placements/settings"


@pytest.fixture
def owner(ana, signed_in):
    return signed_in(ana)


@pytest.fixture
def stock(acme, globex):
    for _ in range(3):
        make.product(acme, categories=["Coffee", "Kitchen"])
    make.product(acme, categories=["coffee", "Coffee", "Straße"])
    make.product(globex, categories=["Wool"])


def text(answer, status=200):
    assert answer.status_code == status
    return unescape(answer.content.decode())


def boxes(html):
    """What is offered: (the value, whether it is ticked)."""
    found = re.findall(r'<input type="checkbox" name="bought_again" value="([^"]*)"([^>]*)>', html)
    return {value: "checked" in rest for value, rest in found}


def send(client, *names, status=302, **more):
    return text(client.post(PAGE, {"language": "en", "bought_again": names, "another": "", **more}), status)


def test_the_shops_own_categories_are_offered_with_their_products(owner, stock):
    page = text(owner.get(PAGE))
    assert boxes(page) == {"Coffee": False, "Kitchen": False, "Straße": False}
    assert "Coffee (4 products)" in page and "Kitchen (3 products)" in page and "Wool" not in page


def test_what_is_ticked_is_kept_and_another_joins_it(owner, acme, stock):
    send(owner, "Coffee", another=" Tea ", language="de")
    row = acme.merchandising.get()
    assert (row.language, row.bought_again) == ("de", ["Coffee", "Tea"])
    assert "Deutsch" in text(owner.get("/t/acme/placements"))
    page = text(owner.get(PAGE))
    assert boxes(page) == {"Coffee": True, "Tea": True, "Kitchen": False, "Straße": False}
    assert "Tea (no product yet)" in page
    send(owner)
    assert acme.merchandising.get().bought_again == []


def test_it_says_which_has_no_product_yet(owner, stock):
    answer = owner.post(PAGE, {"language": "en", "bought_again": ["Coffee", "Tea"], "another": ""}, follow=True)
    assert "No product is in “Tea” yet: it holds for those as soon as one is." in text(answer)
    answer = owner.post(PAGE, {"language": "en", "bought_again": ["COFFEE"], "another": ""}, follow=True)
    assert "Saved." in text(answer) and "No product is in" not in text(answer)


@pytest.mark.parametrize("fragment", [False, True])
def test_another_is_ticked_and_nothing_is_saved(owner, acme, stock, fragment):
    """With a script a part of the page is answered, without one the page."""
    headers = {"HX-Request": "true"} if fragment else {}
    sent = {"language": "fr", "bought_again": ["Kitchen"], "add": "1"}

    def add(name):
        return text(owner.post(PAGE, {**sent, "another": name}, headers=headers))

    page = add("coffee")
    assert boxes(page) == {"Kitchen": True, "Coffee": True, "Straße": False}, "as the shop writes it"
    assert 'name="another" value=""' in page and ("<form" in page) is not fragment
    page = add("Tea")
    assert boxes(page)["Tea"] and "No product is in “Tea” yet" in page
    assert boxes(add("kitchen")) == {"Kitchen": True, "Coffee": False, "Straße": False}
    assert "Type a category first." in add("")
    assert not acme.merchandising.exists()


def test_a_small_category_is_found_while_one_types(owner, acme, globex, stock):
    for number in range(45):
        for _ in range(2):
            make.product(acme, categories=[f"Kind {number:02}"])
    assert "Straße" not in boxes(text(owner.get(PAGE)))
    found = text(owner.get(f"{PAGE}/categories?another=stra"))
    assert '<option value="Straße">1 product</option>' in found and "Kind" not in found
    assert "<option" not in text(owner.get(f"{PAGE}/categories?another=wool")), "another shop's"
    assert text(owner.get(f"{PAGE}/categories?another=%00%25")).count("<option") == 0
    send(owner, "straße")
    assert "straße (1 product)" in text(owner.get(PAGE))


def test_a_wrong_setting_is_refused_beside_its_field(owner, acme):
    send(owner, status=422, language="xx")
    assert "id_another_error" in send(owner, status=422, another="x" * 121)
    assert "at most 200 categories" in send(owner, *(f"c{n}" for n in range(201)), status=422)
    for wrong in ("x" * 121, "a\x00b"):
        assert "id_bought_again_error" in send(owner, wrong, status=422)
    assert not acme.merchandising.exists()


def test_it_is_for_those_who_may_change_it(ben, gil, stock, signed_in):
    for path in (PAGE, f"{PAGE}/categories"):
        assert signed_in(ben).get(path).status_code == 403
        assert signed_in(gil).get(path).status_code == 404


def test_a_shop_without_categories_is_told_so(owner, acme):
    assert "No categories yet" in text(owner.get(PAGE))
    send(owner, another="Tea")
    assert acme.merchandising.get().bought_again == ["Tea"]


@pytest.mark.browser
def test_a_category_is_added_with_the_keyboard(owner, acme, stock, server, browser_page):
    carry_session(browser_page.context, server, owner)
    browser_page.goto(PAGE)
    browser_page.get_by_label("Kitchen (3 products)").check()
    field = browser_page.get_by_label("Another category")
    field.fill("stra")
    expect(browser_page.locator("#id_another_offered option")).to_have_count(1)
    field.fill("Tea")
    field.press("Enter")
    expect(browser_page.get_by_label("Tea (no product yet)")).to_be_checked()
    expect(browser_page.get_by_label("Kitchen (3 products)")).to_be_checked()
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    browser_page.get_by_role("button", name="Save").click()
    expect(browser_page.get_by_text("Saved.")).to_be_visible()
    assert acme.merchandising.get().bought_again == ["Kitchen", "Tea"]
