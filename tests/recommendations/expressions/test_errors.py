"""What is refused, with the sentence, the column and how much of the text is meant."""

import pytest

from recommendations import expressions

SHOPPERS_ONLY = "This is a field of products. A condition on shoppers names shopper.… and context.… only."
NAMED = "Only attributes, context.attributes and shopper.attributes take a name in brackets."
PLACED = [
    ("", "product", "Write a condition, for example price < 50.", 1, 1),
    (" \n", "product", "Write a condition, for example price < 50.", 1, 1),
    ("price", "product", "“price” is a number, not a condition. Write for example price < 50.", 1, 5),
    ("in_stock and title", "product", '“title” is a text, not a condition. Write for example brand == "Acme".', 14, 5),
    ("not tags", "product",
     '“tags” is a list of texts, not a condition. Write for example tags contains "wool".', 5, 4),
    ("Price < 3", "product", "There is no field “Price”. Did you mean “price”?", 1, 5),
    ("context.pricee < 3", "product", "There is no field “context.pricee”. Did you mean “context.price”?", 1, 14),
    ("shopper.order > 3", "shopper", "There is no field “shopper.order”. Did you mean “shopper.orders”?", 1, 13),
    ("zzz", "product", "There is no field “zzz”.", 1, 3),
    ("attributes == 3", "product", 'Say which attribute: attributes.season or attributes["Sleeve length"].', 1, 10),
    ('brand["x"] == 3', "product", NAMED, 1, 5),
    ('attributes[""]', "product", "The attribute needs a name.", 12, 2),
    ("price > 1", "shopper", SHOPPERS_ONLY, 1, 5),
    ("attributes.a", "shopper", SHOPPERS_ONLY, 1, 12),
    ("in_stock < true", "product", "“in_stock” is true or false and has no order; use == or !=.", 1, 8),
    ("(price < 3) == true", "product", "Join conditions with and, or and not; they are not compared.", 2, 9),
    ("price + title > 3", "product", "“title” is a text; “+” works on numbers.", 9, 5),
    ("brand in []", "product", "A list holds at least one value.", 10, 2),
    ('brand in ["a", 3]', "product", "A list holds texts or numbers, not both.", 16, 1),
    ("price in [3, price]", "product", "A list holds fixed texts or numbers.", 14, 5),
    ("price in [1, [2]]", "product", "A list holds fixed texts or numbers.", 14, 3),
    ("brand in [3]", "product", "“brand” is a text and cannot be in a list of numbers.", 1, 12),
    ("price in tags", "product", "“price” is a number and cannot be in a list of texts.", 1, 13),
    ('"x" in title', "product", "“title” is a text, not a list. Write title contains \"wool\".", 8, 5),
    ("in_stock in tags", "product", "“in_stock” is true or false; only texts and numbers can be in a list.", 1, 8),
    ("title contains 3", "product", "“contains” is followed by a text, and “3” is a number.", 16, 1),
    ("price starts with 3", "product", "“price” is a number; “starts with” looks at texts.", 1, 5),
    ("price * 2 is missing", "product", "Only a field can be missing or given.", 1, 9),
    ("price < 9999999999999999", "product", "This number is too large; 1,000,000,000,000,000 is the largest.", 9, 16),
    ("brand is", "product", "Something is missing at the end: expected missing or given.", 9, 1),
    ("brand starts 3", "product", "“3” does not fit here: expected with.", 14, 1),
    ("price | 3", "product", "Write or to join conditions.", 7, 1),
    ("!in_stock", "product", "Write not to turn a condition around, or != for “is not equal to”.", 1, 1),
    ("brand == “Acme”", "product", "Write texts in straight quotes: \"…\" or '…'.", 10, 1),
    ("price ; 3", "product", "“;” has no meaning here.", 7, 1),
    ("price <\n  tags", "product",
     '“tags” is a list of texts; “<” compares single values. Write tags contains "wool".', 11, 4),
]  # fmt: skip


@pytest.mark.parametrize(("text", "scope", "message", "column", "length"), PLACED)
def test_it_points_at_what_is_wrong(text, scope, message, column, length):
    assert _error(text, scope) == (message, column, length)


@pytest.mark.parametrize(
    "text",
    ["brand == title", "brand in tags", "attributes.a == attributes.b", "title contains brand", "tags in categories"],
)
def test_it_compares_fields_of_one_product_as_numbers_only(text):
    assert "fixed" in _error(text)[0]


def test_it_bounds_the_size():
    assert _error("in_stock" + " " * 993) == ("At most 1,000 characters are possible; this has 1,001.", 1001, 1)
    assert expressions.parse("in_stock" + " " * 992).cost == 1
    many = " or ".join(["in_stock"] * 83)
    assert expressions.parse(many).cost == 84
    assert _error(" or ".join(["price==1"] * 34))[0] == "Too long: 103 parts, 100 are possible."
    assert expressions.parse("not " * 19 + "in_stock").cost == 20
    deep = _error("not " * 20 + "in_stock")
    assert deep == ("Too many conditions inside each other; 20 levels are possible.", 1, 88)
    assert expressions.parse("(" * 490 + "in_stock" + ")" * 490).cost == 1
    assert expressions.parse(f"price in [{','.join(['1'] * 200)}]").cost == 3
    assert _error(f"price in [{','.join(['1'] * 201)}]") == (
        "A list holds at most 200 values; this one has 201.", 411, 1,
    )  # fmt: skip


def test_it_bounds_how_often_texts_are_looked_into():
    asked = " or ".join(f'title contains "{n}"' for n in range(10))
    assert expressions.parse(asked).cost == 31
    message, column, length = _error(f'{asked} or brand starts with "x"')
    assert message == "At most 10 times contains or starts with is possible."
    assert (column, length) == (len(asked) + 5, 21)


def test_it_tells_what_an_expression_needs():
    expression = expressions.parse('price < context.price and attributes["a b"] and category in ["x"]')
    assert expression.fields == {"price", "attributes.a b", "categories"}
    assert (expression.uses_context, expression.uses_shopper, expression.cost) == (True, False, 8)
    segment = expressions.parse("shopper.orders >= 3", scope="shopper")
    assert (segment.fields, segment.uses_context, segment.uses_shopper) == (frozenset(), False, True)
    assert segment.holds(shopper={"orders": 3})
    assert not segment.holds()
    with pytest.raises(ValueError, match="fields of products"):
        expression.holds()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('price < context.price and "wool" in tags', "price is below that of the viewed product and tags contain wool"),
        ("category in context.categories", "categories have one in common with categories of the viewed product"),
        ('tags not in ["a", "b"]', "tags have none of a, b"),
        ("not in_stock or not shopper.is_known", "it is not in stock or the shopper is not known"),
        ('shopper.orders >= 3 and shopper.country == "DE"',
         "orders of the shopper are at least 3 and country of the shopper is DE"),
        ("not (price > 5 and published) or attributes.vegan",
         "it is not so that (price is above 5 and it is published) or vegan is true"),
        ("price <= (context.price + 1) * 1.2 or stock is missing",
         "price is at most (price of the viewed product plus 1) times 1.2 or stock is missing"),
    ],
)  # fmt: skip
def test_it_says_it_in_words(text, said):
    assert expressions.describe(expressions.parse(text)) == said


def _error(text: str, scope: str = "product") -> tuple[str, int, int]:
    with pytest.raises(expressions.ExpressionError) as caught:
        expressions.parse(text, scope=scope)
    return caught.value.message, caught.value.column, caught.value.length
