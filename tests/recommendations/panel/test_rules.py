"""The pages of rules: made with the picker or an expression, listed by state, conflicts shown, removed and put back."""

from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from recommendations import rules
from tests import make

PAGE = "/t/acme/rules"
GIVEN = {
    "name": "Tea first", "action": "boost", "position": "", "strength": "1", "filter": "", "segment": "",
    "starts_at": "", "ends_at": "", "owner": "", "note": "", "is_active": "on", "products": ["tea"],
}  # fmt: skip


@pytest.fixture
def owner(ana, signed_in):
    return signed_in(ana)


@pytest.fixture
def shelf(acme):
    make.product(acme, "tea", title="Green tea")
    make.product(acme, "cup", title="Tall cup")
    make.product(acme, "gone", title="Sold pot", stock=0)
    for code in ("home", "cart"):
        acme.placements.create(code=code, name=code.title(), count=4)


def html(client, path=PAGE, status=200, **headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == status
    return unescape(answer.content.decode())


def send(client, path=f"{PAGE}/new", status=302, **values):
    answer = client.post(path, GIVEN | values)
    page = unescape(answer.content.decode())
    assert answer.status_code == status, page[:3000]
    return page


def fragment(client, path, **values):
    answer = client.post(path, GIVEN | values, headers={"hx-request": "true"})
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_an_empty_list_says_what_a_rule_is(owner):
    page = html(owner)
    assert "No rule yet" in page
    assert f'href="{PAGE}/new"' in page


def test_it_makes_one_of_chosen_products(owner, acme, ana, shelf):
    send(owner, placements=["home"], note="For the season", owner="ana@example.com")
    row = acme.rules.get()
    assert (row.name, row.action, row.products, row.factor, row.placements) == (
        "Tea first",
        "boost",
        ["tea"],
        2.0,
        ["home"],
    )
    assert row.owner == ana
    page = html(owner)
    assert "Ranks Green tea higher: score ×2" in page
    assert "Active" in page
    entry = acme.audit_entries.get(action="rules.create")
    assert entry.details["products"] == ["tea"]


def test_it_makes_one_of_an_expression(owner, acme, shelf):
    send(
        owner,
        products=[],
        filter='price < 20 and "wool" in tags',
        action="bury",
        strength="3",
        segment="shopper.orders >= 2",
    )
    row = acme.rules.get()
    assert (row.filter, row.segment, row.factor) == ('price < 20 and "wool" in tags', "shopper.orders >= 2", 0.1)


def test_it_says_an_expression_in_words(owner, shelf):
    send(owner, products=[], filter="price < 20 and in_stock", segment="shopper.orders >= 2")
    page = html(owner)
    assert "Ranks products where price is below 20 and it is in stock higher: score ×2" in page
    assert "where orders of the shopper are at least 2" in page


def test_a_product_leads_to_its_rules(owner, acme, ben, signed_in, shelf):
    send(owner)
    page = html(owner, "/t/acme/catalogue/products/tea")
    assert ">Tea first</a>" in page
    assert f'href="{PAGE}/new?product=tea"' in page
    assert 'value="tea" checked' in html(owner, f"{PAGE}/new?product=tea")
    assert "Make a rule" not in html(signed_in(ben), "/t/acme/catalogue/products/tea")


def test_times_are_those_of_the_shop(owner, acme, shelf):
    acme.time_zone = "Europe/Berlin"
    acme.save(update_fields=["time_zone"])
    send(owner, starts_at="2030-01-10T09:00", ends_at="2030-07-10T09:00")
    row = acme.rules.get()
    assert row.starts_at.isoformat() == "2030-01-10T08:00:00+00:00"
    assert row.ends_at.isoformat() == "2030-07-10T07:00:00+00:00"
    page = html(owner, f"{PAGE}/{row.pk}")
    assert 'value="2030-01-10T09:00"' in page
    assert "Europe/Berlin" in page


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"products": ["tea", "none-such", "other"]}, "There is no product none-such, other."),
        ({"products": []}, "Choose products, or write an expression."),
        ({"products": [], "action": "pin"}, "Choose at least one product."),
        ({"products": [], "action": "pin", "filter": "price < 5"}, "name the products instead"),
        ({"filter": "price < 5"}, "Choose products or write an expression, not both."),
        ({"products": [], "filter": "price <"}, "Column 8"),
        ({"products": [], "filter": "prize < 5"}, "Did you mean “price”?"),
        ({"segment": "price < 5"}, "Column 1"),
        ({"starts_at": "2030-02-01T09:00", "ends_at": "2030-01-01T09:00"}, "Must be after the start."),
        ({"placements": ["none"]}, "not one of the available choices"),
        ({"owner": "gil@example.com"}, "not one of the available choices"),
        ({"action": "hide"}, "not one of the available choices"),
        ({"products": [f"p{n}" for n in range(51)]}, "at most 50 products"),
        ({"name": ""}, "required"),
    ],
)
def test_it_says_what_is_wrong_beside_the_field(owner, acme, globex, shelf, values, says):
    assert says in send(owner, status=422, **values)
    assert not acme.rules.exists()


def test_the_picker_finds_products_and_keeps_the_chosen_ones(owner, shelf):
    page = fragment(owner, f"{PAGE}/pick", find_product="cup")
    assert page.lstrip().startswith('<div id="picker"')
    assert page.index("Green tea") < page.index("Tall cup")
    assert 'value="tea" checked' in page
    assert 'value="cup">' in page
    plain = send(owner, status=200, find="1", find_product="pot")
    assert "Sold pot" in plain and "out of stock" in plain
    assert "No other product" in send(owner, status=200, find="1", find_product="zzz")


def test_it_shows_conflicts_before_saving(owner, acme, shelf):
    def check(**values):
        return fragment(owner, f"{PAGE}/new/check", **values)

    assert "None." in check(name="")
    assert "Choose products" in check(products=[])
    send(owner, name="No tea", action="exclude")
    assert "“This rule” boosts what “No tea” excludes; it is not shown: Green tea." in check(name="")
    assert "“This rule” pins what “No tea” excludes" in check(name="", action="pin")
    assert "None." in check(products=["cup"])
    assert "Nobody sees Sold pot (out of stock)." in check(products=["gone"])
    assert "pins up to place 6, and home shows 4" in check(
        action="pin", position="5", products=["cup", "gone"], placements=["home"]
    )
    assert "boosts what “No tea” excludes" not in html(owner)
    send(owner)
    assert "“Tea first” boosts what “No tea” excludes; it is not shown: Green tea." in html(owner)


def test_it_lists_by_state(owner, acme, shelf):
    now = timezone.now()
    for name, values in {
        "Running": {},
        "Ending": {"ends_at": now + timedelta(days=3)},
        "Later": {"starts_at": now + timedelta(days=3)},
        "Over": {"ends_at": now - timedelta(days=3)},
        "Switched off": {"is_active": False},
    }.items():
        acme.rules.create(name=name, action="boost", products=["tea"], **values)
    named = {
        "": {"Running", "Ending", "Later", "Over", "Switched off"},
        "active": {"Running", "Ending"},
        "soon": {"Ending"},
        "scheduled": {"Later"},
        "expired": {"Over"},
        "off": {"Switched off"},
    }
    for state, wanted in named.items():
        page = html(owner, f"{PAGE}?state={state}")
        assert {name for name in named[""] if f">{name}</a>" in page} == wanted
    assert "ends soon" in html(owner, f"{PAGE}?state=active")
    assert "It is over" in html(owner, f"{PAGE}?state=expired")
    assert "Nothing matches" in html(owner, f"{PAGE}?q=zzz") or "No rules match" in html(owner, f"{PAGE}?q=zzz")
    assert ">Later</a>" in html(owner, f"{PAGE}?placement=home&action=boost&owner=none&sort=-ends")
    assert html(owner, f"{PAGE}?owner=zzz&action=zzz&state=zzz&page=9&sort=zzz")


def test_it_changes_copies_switches_and_extends(owner, acme, shelf):
    ends = timezone.now() + timedelta(days=2)
    row = acme.rules.create(name="Cup", action="boost", products=["cup"], factor=3.3, ends_at=ends)
    send(owner, f"{PAGE}/{row.pk}", name="Cups", products=["cup"], strength="2")
    row.refresh_from_db(using="ops")
    assert (row.name, row.factor, row.ends_at) == ("Cups", 3.3, None)  # the slider was not moved
    row.ends_at = ends
    row.save(using="ops")
    owner.post(f"{PAGE}/{row.pk}/extend")
    row.refresh_from_db(using="ops")
    assert row.ends_at - ends == timedelta(days=30)
    owner.post(f"{PAGE}/{row.pk}/switch", {"on": "0"})
    assert not acme.rules.get(pk=row.pk).is_active
    owner.post(f"{PAGE}/{row.pk}/copy")
    made = acme.rules.exclude(pk=row.pk).get()
    assert (made.name, made.factor, made.products, made.is_active) == ("Cups (copy)", 3.3, ["cup"], False)


def test_removal_can_be_undone(owner, acme, ana, shelf):
    send(owner, ends_at="2030-07-10T09:00", owner="ana@example.com", segment="shopper.is_known")
    was = acme.rules.get()
    assert "Remove “Tea first”?" in html(owner, f"{PAGE}/{was.pk}/remove")
    owner.post(f"{PAGE}/{was.pk}/remove")
    assert not acme.rules.exists()
    page = html(owner)
    assert "Removed lately" in page
    owner.post(f"{PAGE}/removed/{was.pk}")
    now = acme.rules.get()
    for name in ("pk", "name", "action", "products", "factor", "ends_at", "segment", "owner", "is_active"):
        assert getattr(now, name) == getattr(was, name)
    owner.post(f"{PAGE}/removed/{was.pk}")
    assert acme.rules.count() == 1
    owner.post(f"{PAGE}/removed/999999999")


def test_at_most_two_hundred_are_on(owner, acme, shelf, monkeypatch):
    monkeypatch.setattr(rules, "MOST_ACTIVE", 2)
    send(owner)
    send(owner)
    assert "At most 2 rules are on at a time" in send(owner, status=422)
    owner.post(f"{PAGE}/{acme.rules.first().pk}/switch", {"on": "0"})
    send(owner)


def test_an_analyst_looks_and_changes_nothing(owner, acme, ben, signed_in, shelf):
    send(owner)
    pk = acme.rules.get().pk
    reader = signed_in(ben)
    assert "Switch off" not in html(reader)
    assert "disabled" in html(reader, f"{PAGE}/{pk}")
    for path in (f"{PAGE}/{pk}", f"{PAGE}/{pk}/remove", f"{PAGE}/{pk}/copy", f"{PAGE}/new", f"{PAGE}/new/check"):
        assert reader.post(path, GIVEN).status_code == 403
    assert acme.rules.count() == 1


def test_it_is_its_shops_own(owner, acme, globex, gil, signed_in, shelf):
    send(owner)
    pk = acme.rules.get().pk
    stranger = signed_in(gil)
    assert stranger.get(f"/t/globex/rules/{pk}").status_code == 404
    for way in ("switch", "copy", "extend", "remove", "check"):
        assert stranger.post(f"/t/globex/rules/{pk}/{way}", GIVEN).status_code == 404
    owner.post(f"{PAGE}/{pk}/remove")
    stranger.post(f"/t/globex/rules/removed/{pk}")
    assert not globex.rules.exists()


def test_expressions_are_asked_of_the_catalogue(owner, acme, shelf):
    def check(**values):
        return fragment(owner, f"{PAGE}/new/check", **GIVEN | {"products": [], "name": ""} | values)

    assert "It is about 2 products for sale." in check(filter="price < 20")
    assert "holds for no product that is for sale" in check(filter="price < 2")
    send(owner, name="No cups", action="exclude", products=[], filter='title contains "cup"')
    assert "“This rule” boosts what “No cups” excludes; it is not shown: Tall cup." in check(filter="price < 20")
    assert "It is about" not in check(filter="price < context.price")
    acme.placements.filter(code="home").update(filter='title contains "tea"')
    assert "“This rule” pins what the filter of “Home” keeps out: Tall cup." in check(
        action="pin", products=["cup"], filter=""
    )


def test_a_placement_left_with_too_little_is_told(owner, acme, shelf):
    assert "shows 4" not in html(owner, "/t/acme/placements")
    acme.placements.filter(code="home").update(filter='title contains "tea"')
    page = html(owner, "/t/acme/placements")
    assert "Its filter holds for 1 product for sale, and it shows 4." in page
    acme.placements.filter(code="home").update(filter="", count=2)
    send(owner, action="exclude")
    assert "Rules leave 1 product for sale here, and it shows 2." in html(owner, "/t/acme/placements/home")
