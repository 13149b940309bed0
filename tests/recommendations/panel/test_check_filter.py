"""Trying a filter or a segment: beside the form while it is written, and on a page of its own."""

from html import unescape

import pytest

from tests import make

PAGE = "/t/acme/recommendations/check-filter"


@pytest.fixture
def shop(acme):
    ann, bob = make.customer(acme, "ann"), make.customer(acme, "bob")
    acme.customers.filter(pk=ann.pk).update(country="DE")
    for name, price, stock in (("boot", 120, 4), ("sock", 9, 0), ("tee", 20, None), ("hat", 15, 2)):
        make.product(acme, name, title=f"The {name}", price=price, stock=stock, brand="Acme", tags=["wool"])
    make.order(acme, ["boot"], customer=ann, days_ago=3)
    make.order(acme, ["boot"], customer=bob, days_ago=2)
    make.order(acme, ["hat"], customer=ann, days_ago=1)
    return acme


@pytest.fixture
def asked(shop, ana, signed_in):
    client = signed_in(ana)

    def ask(query="?field=filter&scope=product", **values):
        answer = client.post(PAGE + query, values, headers={"hx-request": "true"})
        assert answer.status_code == 200
        return " ".join(unescape(answer.content.decode()).split())

    return ask


def test_it_counts_products_and_shows_three(asked):
    page = asked(filter='price < 100 and "WOOL" in tags')
    assert "Holds for <strong>3</strong> of 4 products, 2 of them for sale now." in page
    assert page.count("/t/acme/catalogue/products/") == 3
    assert "15.00" in page
    assert page.index("The sock") > page.index("The tee"), "what is for sale comes first"
    assert "In words: price is below 100 and tags contain WOOL." in page
    assert "<html" not in page


def test_it_says_where_an_error_is_and_points_at_it(asked):
    page = asked(filter="price < 5 and pric > 3")
    assert "Character 15: There is no field “pric”. Did you mean “price”?" in page
    assert "price < 5 and pric > 3 <b> ^^^^</b>" in page
    page = asked(filter="price < 5\nand price = 3")
    assert "Character 21" in page
    assert "and price = 3 <b> ^</b>" in page
    assert "At most 1,000 characters" in asked(filter="x" * 1500)


def test_it_points_into_a_long_line(shop, ana, signed_in):
    text = "price < 5 and " * 20 + "pric"
    page = signed_in(ana).post(PAGE + "?field=filter", {"filter": text}, headers={"hx-request": "true"})
    line, pointer = unescape(page.content.decode()).split('aria-hidden="true">')[1].split("</pre>")[0].split("\n")
    pointer = pointer.removeprefix("<b>").removesuffix("</b>")
    assert line.startswith("…")
    assert line[pointer.index("^") :] == "pric"
    assert pointer.strip() == "^^^^"


def test_it_takes_the_best_seller_for_the_page_and_says_so(asked):
    page = asked(filter="price < context.price")
    assert "As on the page of" in page
    chosen = asked("", filter="price < context.price", product="hat")
    assert "Holds for <strong>1</strong> of 4 products, none of them for sale now." in chosen
    assert ">The hat</a>; other pages differ." in chosen


def test_it_answers_for_a_shopper(asked):
    assert "Holds for none of 4 products." in asked(filter="shopper.orders > 1")
    page = asked("", filter="shopper.orders > 1 and shopper.country == 'de'", customer="ann")
    assert "Holds for <strong>4</strong> of 4 products" in page
    assert "As for the customer ann; others differ." in page
    assert "none of 4 products" in asked("", filter="shopper.orders > 1", customer="nobody")


def test_it_tries_a_segment_on_the_last_buyers(asked):
    page = asked("?field=segment&scope=shopper", segment="shopper.orders >= 2")
    assert "Holds for <strong>1</strong> of the last 2 customers who ordered." in page
    assert "In words: orders of the shopper are at least 2." in page
    page = asked("?field=segment&scope=shopper", segment="price < 3")
    assert "This is a field of products." in page


def test_it_says_nothing_of_an_empty_field(asked):
    assert asked(filter=" ") == ""


def test_it_is_a_page_without_scripts(shop, ana, signed_in):
    client = signed_in(ana)
    page = unescape(client.get(PAGE).content.decode())
    assert "Write an expression to see which products it holds for." in page
    page = unescape(client.post(PAGE, {"filter": "price > 100", "scope": "product"}).content.decode())
    assert "Holds for <strong>1</strong> of 4 products" in page
    assert "<textarea" in page
    assert "shopper.days_since_order" in page
    page = unescape(client.get(f"{PAGE}?filter=shopper.orders&scope=shopper").content.decode())
    assert "not a condition" in page


def test_it_says_that_there_is_nothing_to_hold_for(acme, ana, signed_in):
    client = signed_in(ana)
    assert "The catalogue is empty" in client.get(f"{PAGE}?filter=in_stock").content.decode()
    assert "The catalogue is empty" in client.get(f"{PAGE}?filter=price<context.price").content.decode()
    page = client.get(f"{PAGE}?filter=shopper.is_known&scope=shopper").content.decode()
    assert "No customer has ordered yet" in page


@pytest.mark.parametrize("path", ["/t/acme/rules/new", "/t/acme/placements/new"])
def test_it_stands_in_the_forms(shop, ana, signed_in, path):
    page = unescape(signed_in(ana).get(path).content.decode())
    assert f'hx-post="{PAGE}?field=filter&scope=product"' in page
    assert 'id="id_filter_answer"' in page
    assert "context.…" in page
    assert f'href="{PAGE}"' in page


def test_it_compares_attributes_of_two_products(shop, asked):
    for name, colour, sizes in (("boot", "red", ["40"]), ("sock", "RED", ["40", "41"]), ("hat", "blue", None)):
        shop.products.filter(external_id=name).update(attributes={"colour": colour, "sizes": sizes, "warm": True})
    same = asked("", filter="attributes.colour == context.attributes.colour and id != context.id", product="boot")
    assert "Holds for <strong>1</strong> of 4 products" in same
    assert ">The sock</a>" in same
    sizes = asked("", filter="attributes.sizes in context.attributes.sizes", product="sock")
    assert "Holds for <strong>2</strong> of 4 products" in sizes
    assert "Holds for <strong>3</strong> of 4 products" in asked(filter="attributes.warm")
    assert "Holds for <strong>1</strong> of 4 products" in asked(filter="attributes.warm is missing")
