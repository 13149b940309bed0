"""Placements and rules in a real browser: picker, conflicts and preview follow the form; all works without scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser import sign_in
from tests.recommendations import shops

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(acme):
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    acme.placements.create(code="home", name="Home", count=4, surface="home")
    return acme


def test_a_rule_is_made_with_the_picker(browser_page, shop, ana):
    page = browser_page
    shop.rules.create(name="No tea", action="exclude", products=["tea-3"])
    sign_in(page, ana.email)
    page.goto("/t/acme/rules/new")
    expect(page.get_by_label("From place")).not_to_be_visible()
    page.fill("#find-product", "tea-3")
    page.get_by_label("The tea-3").check()
    page.get_by_text("boosts what “No tea” excludes").wait_for()
    page.fill("#find-product", "toy-5")
    page.get_by_label("The toy-5").check()
    expect(page.get_by_label("The tea-3")).to_be_checked()
    page.get_by_label("The tea-3").uncheck()
    page.get_by_text("None.", exact=True).wait_for()
    page.get_by_label("Pin: put products").check()
    expect(page.get_by_label("From place")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Toys first")
    page.get_by_role("button", name="Save the rule").click()
    page.get_by_text("The rule is saved.").wait_for()
    row = shop.rules.get(name="Toys first")
    assert (row.action, row.products, row.position) == ("pin", ["toy-5"], 1)


def test_a_condition_is_built_without_knowing_the_language(browser_page, shop, ana):
    page = browser_page
    shop.products.filter(external_id__startswith="tea").update(categories=['Tea "loose"'], price=4)
    sign_in(page, ana.email)
    page.goto("/t/acme/rules")
    page.get_by_role("link", name="New rule").first.click()  # a boosted link brings the script, too
    group = page.get_by_role("group", name="Add a condition").first
    group.get_by_label("What the condition is about").select_option("Price")
    group.get_by_label("How it is compared").select_option("is below")
    group.get_by_role("button", name="Add condition").click()
    expect(page.locator("#id_filter")).to_have_value("")  # without a value it asks for one
    expect(group.get_by_label("With which value")).to_be_focused()
    page.keyboard.type("9,5")
    page.keyboard.press("Enter")
    group.get_by_label("What the condition is about").select_option("Categories")
    group.get_by_label("With which value").fill('Tea "loose"')
    group.get_by_role("button", name="Add condition").click()
    expect(page.locator("#id_filter")).to_have_value('price < 9.5 and categories contains "Tea \\"loose\\""')
    page.get_by_text("of them for sale now").wait_for()
    group.get_by_label("What the condition is about").select_option("In stock")
    expect(group.get_by_label("With which value")).not_to_be_visible()
    page.get_by_label("Name", exact=True).fill("Cheap tea")
    page.get_by_role("button", name="Save the rule").click()
    page.get_by_text("The rule is saved.").wait_for()
    assert shop.rules.get().filter.startswith("price < 9.5 and categories contains")


def test_the_preview_follows_the_form(browser_page, shop, ana):
    page = browser_page
    sign_in(page, ana.email)
    page.goto("/t/acme/placements/home")
    page.get_by_text("The same list as with the saved settings.").wait_for()
    expect(page.locator(".tried li")).to_have_count(4)
    page.get_by_label("How many products").fill("6")
    page.get_by_text("new products are marked").wait_for()
    expect(page.locator(".tried li")).to_have_count(6)
    slider = page.get_by_label("Variety")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("output[for=id_diversity]")).to_have_text("10 %")
    page.get_by_role("button", name="Save the placement").click()
    page.get_by_text("Home is saved.").wait_for()
    row = shop.placements.get()
    assert (row.count, row.diversity) == (6, 0.1)


def test_a_choice_in_the_preview_draws_the_list_anew(browser_page, shop, ana):
    """And the sign of a running request goes when its form was swapped away with the answer."""
    page = browser_page
    sign_in(page, ana.email)
    page.goto("/t/acme/recommendations?customer=t-1")
    page.get_by_label("Placement").select_option("home")
    expect(page.locator(".shelf li")).to_have_count(4)
    assert "placement=home" in page.url
    expect(page.locator("html[data-busy]")).to_have_count(0)


def test_it_all_works_without_scripts(chromium, server, shop, ana):
    context = chromium.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, ana.email)
    page.goto("/t/acme/rules/new")
    page.fill("#find-product", "toy-5")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_label("The toy-5").check()
    page.get_by_label("Name", exact=True).fill("Toys")
    page.get_by_role("button", name="Save the rule").click()
    page.get_by_text("The rule is saved.").wait_for()
    assert shop.rules.get().products == ["toy-5"]
    page.goto("/t/acme/placements/home")
    page.get_by_label("How many products").fill("5")
    page.get_by_role("button", name="Show the list").click()
    expect(page.locator(".tried li")).to_have_count(5)
    assert shop.placements.get().count == 4
    context.close()
