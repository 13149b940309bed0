"""The preview page: the same answer as the API's, with the reasons beside it."""

import pytest

from recommendations import candidates, history
from tenants import epochs
from tests import make
from tests.recommendations import shops


@pytest.fixture(autouse=True)
def _fresh():
    candidates.forget()


@pytest.fixture
def shop(acme):
    """Nine orders: one short of a model."""
    for name in ("a", "b", "c"):
        make.product(acme, name, title=f"Title {name.upper()}")
    zoe = make.customer(acme, "zoe")
    for _ in range(8):
        make.order(acme, ["a"])
    make.order(acme, ["b"], customer=zoe)
    return acme


def text(client, **query):
    answer = client.get("/t/acme/recommendations", query)
    assert answer.status_code == 200, answer.content[:800]
    return answer.content.decode()


def test_it_shows_what_a_new_visitor_sees_and_why(signed_in, shop, ana):
    found = text(signed_in(ana))
    assert "What a new visitor would see" in found
    assert "Title A" in found
    assert "fewer than 10 orders" in found
    assert "/api/v1/recommendations?type=personalised" in found


def test_it_shows_what_one_shopper_sees_beside_what_they_did(signed_in, shop, ana):
    found = text(signed_in(ana), customer="zoe")
    assert "What zoe would see" in found
    assert "customer_id=zoe" in found
    history = found[found.index("What they did lately") :]
    assert "Title B" in history
    shelf = found[found.index("What zoe would see") : found.index("Looked at and left out")]
    assert "Title A" in shelf
    assert "Title B" not in shelf
    left_out = found[found.index("Looked at and left out") :]
    assert "bought before" in left_out[: left_out.index("</section>")]


def test_it_finds_customers_and_products(signed_in, shop, ana):
    client = signed_in(ana)
    assert "zoe" in text(client, q="zo")
    assert "Nothing matches" in text(client, q="nobody-like-this")
    assert "Title C" in text(client, type="similar", q="title c")


@pytest.mark.parametrize("kind", ["similar", "bought-together", "complete-the-look"])
def test_it_shows_the_list_beside_a_product(signed_in, shop, ana, kind):
    client = signed_in(ana)
    assert "Choose a product" in text(client, type=kind)
    assert "Beside Title A" in text(client, type=kind, product="a")


@pytest.mark.parametrize("kind", ["trending", "popular", "newest", "no-such-kind"])
def test_it_shows_the_lists_of_everybody(signed_in, shop, ana, kind):
    assert "Title A" in text(signed_in(ana), type=kind)


@pytest.mark.parametrize(("kind", "act"), [("recently-viewed", "view"), ("pending-cart", "cart")])
def test_it_shows_what_a_shopper_is_reminded_of(signed_in, shop, ana, kind, act):
    history.push(shop.pk, [("c:zoe", "c", act, 0)])
    found = text(signed_in(ana), type=kind, customer="zoe")
    shelf = found[found.index("What zoe would see") : found.index("The same from your shop")]
    assert "Title C" in shelf
    assert "Title A" not in shelf


def test_a_cart_has_several_products_and_each_can_be_taken_out(signed_in, shop, ana):
    found = text(signed_in(ana), type="bought-together", product=["a", "b"])
    assert "Beside Title A, Title B" in found
    assert "product_ids=a%2Cb" in found
    assert "take out" in found
    assert "Title C" in found[found.index("Beside Title A") :]


def test_a_placement_decides_and_says_what_it_left_out(signed_in, shop, ana):
    shop.placements.create(code="top", name="Top of home", kind="popular", count=2, filter='id != "b"')
    shop.rules.create(name="A first", action="pin", products=["a"], placements=["top"])
    for kind in ("control", "catalogue"):
        epochs.bump_now(shop.pk, kind)
    found = text(signed_in(ana), placement="top")
    assert "placement=top" in found
    assert "<dt>Rule</dt><dd>A first</dd>" in found
    assert "Looked at and left out" in found
    assert "filter: id != &quot;b&quot;" in found


def test_it_speaks_another_language(signed_in, shop, ana):
    assert text(signed_in(ana), language="de") != text(signed_in(ana), language="en")
    assert "language=de" in text(signed_in(ana), language="de")
    assert "This cannot be asked" in text(signed_in(ana), language="xx")


def test_it_stands_beside_another_version(signed_in, acme, ana):
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    for name in shops.TEA[:4]:
        make.order(acme, [name, "tea-7"], customer=acme.customers.get(external_id="t-1"))
    shops.fit(acme)
    client = signed_in(ana)
    found = text(client, customer="t-1", version="1")
    assert "By model v1" in found
    assert "products in both lists" in found
    assert "Made by model v2" in found
    assert "<summary>Why</summary>" in found
    assert "Version v99 is not stored" in text(client, customer="t-1", version="99")


def test_it_gives_the_answer_of_the_api(signed_in, shop, ana):
    """The first three products stand in the same order as in the API's answer."""
    answer = make.Api(make.key(shop)).get("/api/v1/recommendations?customer_id=zoe&limit=12").json()
    found = text(signed_in(ana), customer="zoe")
    places = [found.index(f"/catalogue/products/{item['product_id']}") for item in answer["items"]]
    assert places == sorted(places)


def test_it_is_not_there_for_strangers(client, signed_in, shop, gil):
    assert client.get("/t/acme/recommendations").status_code == 302
    assert signed_in(gil).get("/t/acme/recommendations").status_code == 404


def test_it_escapes_what_shops_and_people_write(signed_in, shop, ana):
    make.product(shop, "x", title="<script>alert(1)</script>")
    found = text(signed_in(ana), type="similar", q="<script>")
    assert "<script>alert" not in found


def test_it_offers_the_best_sellers_to_stand_beside(signed_in, shop, ana):
    """Not the first of the alphabet: a merchandiser looks at what sells."""
    make.product(shop, "0", title="1 odd thing that nobody buys")
    found = text(signed_in(ana), type="similar")
    assert found.index("Title A") < found.index("Title B") < found.index("1 odd thing")


def test_it_says_who_chose_a_product_in_words(signed_in, shop, ana):
    found = text(signed_in(ana))
    assert "Chosen by</dt><dd>Best sellers" in found
    assert "popularity" not in found
    assert "the shop's best sellers" in found


def test_it_says_what_a_model_learnt_from(signed_in, acme, ana):
    """A model may know what goes together in other shops: then the page does not say “only”."""
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    found = text(signed_in(ana))
    assert "Made by model v1" in found
    assert "trained on this shop" not in found
    assert "your shop's data only" in found


def test_a_search_without_a_match_says_what_can_be_searched(signed_in, shop, ana):
    client = signed_in(ana)
    assert "A part of a customer id is enough" in text(client, q="zzz")
    assert "A part of a title or id" in text(client, type="similar", q="zzz")
