"""The preview page: the same answer as the API's, with the reasons beside it."""

import pytest

from tests import make


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
    shelf = found[found.index("What zoe would see") : found.index("The same from your shop")]
    assert "Title A" in shelf
    assert "Title B" not in shelf  # bought already


def test_it_finds_customers_and_products(signed_in, shop, ana):
    client = signed_in(ana)
    assert "zoe" in text(client, q="zo")
    assert "Nothing matches" in text(client, q="nobody-like-this")
    assert "Title C" in text(client, type="similar", q="title c")


@pytest.mark.parametrize("kind", ["similar", "bought-together"])
def test_it_shows_the_list_beside_a_product(signed_in, shop, ana, kind):
    client = signed_in(ana)
    assert "Choose a product" in text(client, type=kind)
    assert "Beside Title A" in text(client, type=kind, product="a")


@pytest.mark.parametrize("kind", ["trending", "popular", "no-such-kind"])
def test_it_shows_the_lists_of_everybody(signed_in, shop, ana, kind):
    assert "Title A" in text(signed_in(ana), type=kind)


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
