"""A shop is named in the staff's forms by slug or name, however many shops there are."""

import re
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from playwright.sync_api import Error, expect

from tenants import audit, picking
from tenants.models import Tenant
from tests import make
from tests.browser import carry_session

# Every form of the staff that names a shop: its address, and the field.
FORMS = [
    ("/audit", "shop"), ("/anomalies", "tenant"), ("/anomalies/expected", "tenant"), ("/anomalies/rules/new", "shop"),
    ("/models?shop=acme", "shop"), ("/models/metrics?shop=acme", "shop"), ("/models/upload", "tenant"),
    ("/isolation-requests/new", "tenant"), ("/models/experiments/new", "shop"),
]  # fmt: skip


@pytest.fixture
def many(acme):
    """A platform where more shops come before the last by name than any page offers."""
    rows = [Tenant(slug=f"shop-{n:04}", name=f"Bazaar {n:04}", plan_id="growth") for n in range(700)]
    Tenant.objects.using("ops").bulk_create([*rows, Tenant(slug="zum-wolf", name="Zum Wolf", plan_id="enterprise")])


def why(text, among="all"):
    with pytest.raises(ValidationError) as caught:
        picking.find(text, among)
    return caught.value.messages[0]


@pytest.mark.parametrize(("path", "field"), FORMS)
def test_every_form_reaches_the_last_of_many_shops(many, sam, signed_in, path, field):
    staff = signed_in(sam)
    html = staff.get(path).content.decode()
    [tag] = re.findall(rf'<input type="text" name="{field}"[^>]*>', html)
    address = re.search(r'hx-get="([^"]+)"', tag)[1].replace("&amp;", "&")
    assert html.count("<option") < 150, "not all shops are in the page"
    found = staff.get(f"{address}&{field}=wolf").content.decode()
    assert '<option value="zum-wolf">Zum Wolf · Enterprise</option>' in found and "Bazaar" not in found
    own = re.search(r' id="([^"]+)"', tag)[1]
    assert f'for="{own}"' in html, "it has a label"


def test_it_finds_a_shop_by_its_slug_or_its_whole_name(acme, globex):
    make.tenant("lindenhof", name="Café Lindenhof")
    for text in ("lindenhof", "LINDENHOF", "café lindenhof"):
        assert picking.find(text).slug == "lindenhof"
    assert picking.ShopField().clean("  Globex ") == globex
    assert picking.ShopField(required=False).clean("") is None


def test_it_says_what_is_near_where_a_name_means_none_or_several(acme):
    make.tenant("nord", name="Atelier Nord")
    make.tenant("nord-2", name="Atelier Nord")
    make.tenant("nordlicht", name="Nordlicht")
    assert why("Atelier Nord") == "More than one shop is called “Atelier Nord”. Type the slug: nord or nord-2."
    assert why("licht") == "No shop is called “licht”. Did you mean Nordlicht (nordlicht)?"
    assert why("Atelir") == "No shop is called “Atelir”. Did you mean Atelier Nord (nord) or Atelier Nord (nord-2)?"
    assert why("xyz") == "No shop is called “xyz”."
    for number in range(6):
        make.tenant(f"laden-{number}")
    assert why("laden").endswith("Laden-3 (laden-3), Laden-4 (laden-4) or others?")


def test_it_offers_every_word_in_any_order_those_that_begin_so_first(acme):
    make.tenant("a-north", name="Atelier Nord")
    make.tenant("nordlicht", name="Nordlicht")
    assert [slug for slug, _ in picking.offered("nord")] == ["nordlicht", "a-north"]
    assert picking.offered("nord ate") == [("a-north", "Atelier Nord · Growth")]
    assert [slug for slug, _ in picking.offered("")] == ["acme", "a-north", "nordlicht"]
    assert picking.offered("%") == picking.offered("\x00_") == []


def test_a_form_is_about_some_shops_only(acme, globex):
    globex.state = Tenant.State.CLOSED
    globex.save(using="ops")
    make.tenant("plain", plan="free")
    assert picking.find("globex", "all") == globex
    assert why("globex", "open") == "No open shop is called “globex”."
    assert {slug for slug, _ in picking.offered("", "open")} == {"acme", "plain"}
    assert [slug for slug, _ in picking.offered("", "experiments")] == ["acme"]
    assert why("plain", "experiments").startswith("No open shop with experiments in its plan is called “plain”.")


def test_it_is_offered_to_the_staff_alone(acme, ana, pat, signed_in, client):
    address = "/shops/offered?among=all&shop=ac"
    assert "Acme" in signed_in(pat).get(address).content.decode()
    assert signed_in(ana).get(address).status_code == 403
    assert client.get(address).status_code == 302
    assert signed_in(pat).get("/shops/offered?among=mine").status_code == 404
    assert signed_in(pat).get("/shops/offered?among=all&shop=a%00b").status_code == 200


def test_a_list_narrowed_to_an_unknown_shop_shows_no_row_but_why(acme, globex, sam, signed_in):
    audit.record(globex, "rules.create", by=sam, target="the neighbour's")
    staff = signed_in(sam)
    assert "neighbour" in staff.get("/audit?shop=Globex").text
    page = staff.get("/audit?shop=glob").text
    assert "No shop is called “glob”. Did you mean Globex (globex)?" in page and "neighbour" not in page
    assert re.search(r'aria-describedby="filter-shop_error"', page) and 'id="filter-shop_error"' in page
    assert b"neighbour" not in b"".join(staff.get("/audit/export?shop=glob").streaming_content)


def test_the_registry_asks_again_which_shop(acme, sam, signed_in):
    staff = signed_in(sam)
    page = staff.get("/models?shop=ACME").text
    assert "Acme" in page and not re.search(r'<input[^>]* name="shop"[^>]* required', page), "empty: all shops"
    for path in ("/models?shop=", "/models?shop=%20", "/models/metrics?shop=%20"):
        assert 'name="shop"' not in staff.get(path).text
    for path in ("/models", "/models/metrics"):
        answer = staff.get(f"{path}?shop=acm")
        assert answer.status_code == 404
        assert "Did you mean Acme (acme)?" in answer.text and f'action="{path}"' in answer.text


def test_an_experiment_is_begun_by_a_shops_name(acme, sam, signed_in):
    staff = signed_in(sam)
    make.tenant("plain", plan="free")
    assert staff.get("/models/experiments/new?shop=Acme")["Location"] == "/models/experiments/acme/new"
    assert staff.get("/models/experiments/new?shop=plain")["Location"] == "/models/experiments/plain/new"
    assert staff.get("/models/experiments/new?shop=acm").status_code == 422


@pytest.mark.browser
def test_it_is_picked_with_the_keyboard_while_one_types(many, sam, signed_in, server, browser_page):
    globex = make.tenant("globex")
    audit.record(globex, "rules.create", by=sam, target="Globex's own")
    carry_session(browser_page.context, server, signed_in(sam))
    browser_page.goto("/audit")
    field = browser_page.get_by_label("Shop", exact=True)
    field.focus()
    browser_page.keyboard.type("wol")
    expect(browser_page.locator("#filter-shop_offered option")).to_have_count(1)
    field.fill("glob")
    expect(browser_page.locator("#filter-shop_offered option[value=globex]")).to_have_count(1)
    field.press("Enter")
    expect(browser_page.locator("#rows")).to_contain_text("No shop is called “glob”. Did you mean Globex (globex)?")
    field.fill("globex")
    field.press("Tab")
    expect(browser_page.locator("#rows")).to_contain_text("Globex's own")


@pytest.mark.browser
def test_a_rule_asks_for_the_shop_and_then_for_its_channels(many, sam, signed_in, server, browser_page):
    """Also where the shop is named before the channels of all shops have been answered."""
    from anomalies.channels import setup

    held = []

    def hold(route):
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    setup.save(
        Tenant.objects.using("ops").get(slug="zum-wolf"), kind="mail", by=sam, name="Owner", recipients=["x@w.example"]
    )
    carry_session(browser_page.context, server, signed_in(sam))
    browser_page.goto("/anomalies/rules/new")
    browser_page.route("**/anomalies/rules/new", hold)
    field = browser_page.get_by_label("Which shop")
    expect(field).to_be_hidden()
    browser_page.get_by_label("For whom").select_option("shop")
    expect(field).to_be_visible()
    field.fill("Zum Wolf")
    field.press("Tab")
    with suppress(Error):  # it was given up
        held[0].continue_()
    expect(browser_page.locator("#told-on")).to_contain_text("Owner (E-mail)")
