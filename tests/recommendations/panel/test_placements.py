"""The pages of placements: made, changed, switched, copied, removed and put back; what each shows and did."""

from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.utils import timezone

from modelregistry import performance
from recommendations import emphasis
from recommendations.algorithms import blend
from tests import make

PAGE = "/t/acme/placements"
SLIDERS = {"diversity": "0", "novelty": "0", "rotation": "0", "min_relevance": "0"}
GIVEN = {
    "name": "Home, top", "code": "home", "surface": "home", "kind": "personalised", "count": "12", "filter": "",
    "fallback": "popular", "bought": "show", "most_of_category": "", "most_of_brand": "", **SLIDERS,
}  # fmt: skip


@pytest.fixture
def owner(ana, signed_in):
    return signed_in(ana)


def html(client, path=PAGE, status=200, **headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == status
    return unescape(answer.content.decode())


def send(client, path=f"{PAGE}/new", status=302, **values):
    answer = client.post(path, GIVEN | values)
    assert answer.status_code == status, unescape(answer.content.decode())[:4000]
    return unescape(answer.content.decode())


def test_it_begins_with_five(owner, acme):
    assert "Begin with five that most shops have" in html(owner)
    owner.post(f"{PAGE}/begin")
    assert set(acme.placements.values_list("code", flat=True)) == {"home", "product", "cart", "category", "email"}
    page = html(owner)
    assert "Bought together with a product" in page
    assert "5 placements" in page
    assert acme.audit_entries.filter(action="placements.create").count() == 5
    owner.post(f"{PAGE}/begin")
    assert acme.placements.count() == 5


def test_it_makes_and_changes_one(owner, acme, ana):
    send(owner, diversity="6", most_of_brand="2", filter="price < 50")
    row = acme.placements.get()
    assert (row.code, row.count, row.diversity, row.most_of_brand, row.filter) == ("home", 12, 0.3, 2, "price < 50")
    assert row.updated_by == ana
    page = html(owner, f"{PAGE}/home")
    assert "30 %" in page
    assert "placement=home" in page
    assert 'name="code"' not in page
    send(owner, f"{PAGE}/home", name="Home", count="6", most_of_brand="", code="other")
    row.refresh_from_db(using="ops")
    assert (row.code, row.name, row.count, row.most_of_brand) == ("home", "Home", 6, None)
    assert acme.audit_entries.filter(action="placements.update", target="home").exists()


def test_a_slider_that_was_not_moved_keeps_the_number(owner, acme):
    acme.placements.create(code="home", name="Home", diversity=0.33)
    send(owner, f"{PAGE}/home", diversity="7")
    assert acme.placements.get().diversity == 0.33
    send(owner, f"{PAGE}/home", diversity="8")
    assert acme.placements.get().diversity == 0.4


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("code", "a b", "Letters, digits, point"),
        ("code", "new", "is kept for a page"),
        ("code", "..", "Letters, digits, point"),
        ("code", "x" * 41, "at most 40"),
        ("count", "0", "greater than or equal to 1"),
        ("count", "101", "less than or equal to 100"),
        ("kind", "none", "not one of the available choices"),
        ("filter", "price <", "Column 8"),
        ("filter", "price < 5 and colour == 1", "Column 15"),
        ("diversity", "21", "less than or equal to 20"),
        ("most_of_brand", "-1", "greater than or equal to 1"),
        ("name", "", "required"),
    ],
)
def test_it_says_what_is_wrong_beside_the_field(owner, acme, field, value, says):
    page = send(owner, status=422, **{field: value})
    assert says in page
    assert not acme.placements.exists()


def test_the_parts_of_the_blend_that_serves_are_weighed(owner, acme):
    send(owner)
    assert "nothing to weigh" in html(owner, f"{PAGE}/home")
    parts = [{"name": "repurchase"}, {"name": "content"}, {"name": "content"}]
    version = acme.model_versions.create(
        number=1, algorithm="blend", parameters={"parts": parts}, artifact_path="none", digest="none"
    )
    acme.model_aliases.create(model="recommendation", name="champion", version=version, moved_at=timezone.now())
    page = html(owner, f"{PAGE}/home")
    assert "Due again" in page and page.count("Similar in kind") == 1
    send(owner, f"{PAGE}/home", weight_repurchase="1", weight_content="3")
    assert acme.placements.get().weights == {"repurchase": 0.25}
    acme.placements.update(weights={"repurchase": 0.3, "als": 2.0})
    send(owner, f"{PAGE}/home", weight_repurchase="1", weight_content="5")
    assert acme.placements.get().weights == {"als": 2.0, "content": 2.5, "repurchase": 0.3}


def test_every_part_of_a_blend_has_words():
    assert set(emphasis.PARTS) == set(blend.PARTS)


def test_a_code_is_given_once(owner, acme):
    send(owner)
    assert "There is a placement with this code already." in send(owner, status=422)
    assert acme.placements.count() == 1


def test_it_copies_switches_removes_and_puts_back(owner, acme):
    send(owner, filter="in_stock")
    owner.post(f"{PAGE}/copy/home")
    copied = acme.placements.get(code="home-2")
    assert (copied.filter, copied.is_active) == ("in_stock", False)
    owner.post(f"{PAGE}/switch/home", {"on": "0"})
    assert not acme.placements.get(code="home").is_active
    was = acme.placements.get(code="home").pk
    assert "Remove Home, top?" in html(owner, f"{PAGE}/remove/home")
    owner.post(f"{PAGE}/remove/home")
    assert not acme.placements.filter(code="home").exists()
    assert "Removed lately" in html(owner)
    owner.post(f"{PAGE}/removed/{was}")
    row = acme.placements.get(code="home")
    assert (row.pk, row.name, row.filter, row.is_active) == (was, "Home, top", "in_stock", False)
    assert "Removed lately" not in html(owner)
    owner.post(f"{PAGE}/removed/{was}")
    assert "There is nothing to put back" in html(owner)


def test_it_shows_what_each_did_or_says_why_not(owner, acme):
    send(owner)
    send(owner, code="cart", name="Cart")
    today = timezone.now().date()
    rows = [
        performance.Row(today - timedelta(days=1), 1, "home", "EUR", impressions=400, clicks=20, orders=3,
                        revenue=Decimal("1240.50")),
        performance.Row(today - timedelta(days=2), 2, "home", "EUR", impressions=100, clicks=5),
        performance.Row(today - timedelta(days=2), 2, "cart", "EUR", impressions=40, clicks=5),
        performance.Row(today - timedelta(days=2), 2, "footer", "EUR", impressions=7, clicks=0),
    ]
    with make.inside(acme) as tenant:
        performance.replace(tenant, days=[today - timedelta(days=1), today - timedelta(days=2)], rows=rows)
    page = html(owner)
    assert "500" in page and "5.0%" in page or "5.00%" in page or "5%" in page
    assert "40 of 100 lists" in page
    assert "€1,241" in page or "€1,240" in page
    assert "3 orders" in page
    assert "€1,24" in html(owner, f"{PAGE}/home"), "the page of the placement says what it earned, too"
    assert "Named in calls, not set here" in page
    assert "footer" in page
    assert 'value="footer"' in html(owner, f"{PAGE}/new?code=footer")


def test_an_analyst_looks_and_changes_nothing(owner, acme, ben, signed_in):
    send(owner)
    reader = signed_in(ben)
    assert "Switch off" not in html(reader)
    assert "disabled" in html(reader, f"{PAGE}/home")
    assert reader.post(f"{PAGE}/home", GIVEN).status_code == 403
    assert reader.post(f"{PAGE}/begin").status_code == 403


def test_it_is_its_shops_own(owner, acme, globex, gil, signed_in):
    send(owner)
    stranger = signed_in(gil)
    assert stranger.get("/t/globex/placements/home").status_code == 404
    assert stranger.post("/t/globex/placements/remove/home").status_code == 404
    assert acme.placements.exists()


def test_a_change_moves_the_epoch(owner, acme):
    from luxebrain.lib import redis
    from tenants import epochs

    before = redis.client().hget(epochs.name(acme.pk), "control")
    send(owner)
    after = redis.client().hget(epochs.name(acme.pk), "control")
    assert after != before
