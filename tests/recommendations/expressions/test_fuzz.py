"""Whatever the text: an expression or an ExpressionError with a place inside it, within 50 ms of CPU time."""

import random
import time

import numpy as np

from recommendations import expressions
from recommendations.expressions import Texts, Words

BUDGET_SECONDS = 20
MOST_SECONDS = 0.05
VALID = [
    'price < context.price and "wool" in tags and in_stock',
    'brand in ["Acme", "Bolt"] and not (attributes.season == "winter")',
    'shopper.orders >= 3 and shopper.country == "DE"',
    "price <= context.price * 1.2 or (stock - 5) / 2 > popularity",
    "title starts with 'Socks' or attributes[\"Sleeve length\"] is missing",
    "category in context.categories and not published",
    "id not in [" + ", ".join(f'"{n}"' for n in range(60)) + "]",
    " or ".join(f"price == {n}" for n in range(32)),
    "not " * 17 + "in_stock",
    "(" * 300 + "in_stock" + ")" * 300,
    "-" * 15 + "price < 3",
]
PIECES = [
    *"()[]<>=!+-*/,.\"'\\ \t\n_09azZé", "==", "!=", "<=", " and ", " or ", " not ", " in ", " is missing", " contains ",
    " starts with ", "true", "price", "tags", "context.", "shopper.", "attributes", '["a"]', "1e9", "9" * 30, "\x00",
    "\ud800", "\u202e", "“", "İ", "🧦", "and" * 9, "(" * 50, "not " * 50, "{0}", "%s", "__class__", "attributes.",
]  # fmt: skip
SCOPES = ("product", "shopper")


class Few:
    """Three products of which little is known."""

    size = 3

    def flag(self, name: str) -> np.ndarray:
        return np.array([True, False, True])

    def number(self, name: str) -> np.ndarray:
        return np.array([1.0, np.nan, 0.0])

    def text(self, name: str) -> Texts:
        return Texts(np.array([0, -1, 1], np.int32), ["Acme", "5"])

    def words(self, name: str) -> Words:
        return Words(np.array([0, 2, 2, 3]), np.array([0, 1, 0], np.int32), ["wool", "new"])

    def attribute(self, name: str) -> Texts | Words | np.ndarray:
        return (self.text, self.words, self.number)[len(name) % 3](name)


def _mutated(text: str, by: random.Random) -> str:
    for _ in range(by.choice((1, 1, 1, 2, 4))):
        at, to = sorted((by.randint(0, len(text)), by.randint(0, len(text))))
        change = by.randrange(5)
        if change == 0:
            text = text[:at] + by.choice(PIECES) + text[at:]
        elif change == 1:
            text = text[:at] + text[min(to, at + by.randint(1, 5)) :]
        elif change == 2:
            text = text[:at] + text[at:to] * by.randint(0, 3) + text[to:]
        elif change == 3:
            other = by.choice(VALID)
            text = text[:at] + other[: by.randint(0, len(other))] + text[at:]
        else:
            text = text[:at] + by.choice(("and", "or", "AND", "+")).join((text[at:to], text[to:]))
    return text


def _any(by: random.Random) -> str:
    which = by.random()
    if which < 0.6:
        return _mutated(by.choice(VALID), by)
    if which < 0.9:
        return "".join(by.choice(PIECES) for _ in range(by.randint(0, 120)))
    return "".join(chr(by.randrange(0x110000)) for _ in range(by.randint(0, 1100)))


def _ask(text: str, scope: str) -> bool:
    """Whether it could be read. Fails on any other error, or a place outside the text."""
    expression = _parsed(text, scope)
    if isinstance(expression, expressions.ExpressionError):
        assert expression.message
        assert 1 <= expression.column <= len(text) + 1
        assert expression.length >= 1
        return False
    told = {"price": "5", "tags": ["wool", 3], "attributes.season": ["winter"], "orders": 3, "brand": object()}
    assert expression.mask(Few(), context=told, shopper=told).shape == (3,)
    assert expression.mask(Few(), np.array([2], np.int32)).shape == (1,)
    assert expression.cost <= 100
    assert expressions.describe(expression)
    printed = expressions.printed(expression.root)
    assert len(printed) > expressions.MAX_LENGTH or expressions.parse(printed, scope=scope).root == expression.root
    return True


def _took(text: str, scope: str) -> float:
    """CPU seconds; asked three times where it was long, since the collector's pauses are not the text's."""
    took = []
    while not took or (took[-1] >= MOST_SECONDS and len(took) < 3):
        began = time.thread_time()
        _parsed(text, scope)
        took.append(time.thread_time() - began)
    return min(took)


def _parsed(text: str, scope: str) -> expressions.Expression | expressions.ExpressionError:
    try:
        return expressions.parse.__wrapped__(text, scope=scope)  # past the memory of parsed texts
    except expressions.ExpressionError as error:
        return error


def test_it_answers_any_text_with_an_expression_or_its_error():
    seed = random.SystemRandom().randrange(2**32)
    by, ends, tried, read, slowest = random.Random(seed), time.monotonic() + BUDGET_SECONDS, 0, 0, 0.0
    text, scope = "", ""
    try:
        while time.monotonic() < ends:
            text, scope = _any(by), by.choice(SCOPES)
            took = _took(text, scope)
            slowest = max(slowest, took)
            assert took < MOST_SECONDS, f"{took:.3f} s"
            read += _ask(text, scope)
            tried += 1
    except Exception as error:
        raise AssertionError(f"seed {seed}, scope {scope}, text {text!r}: {error!r}") from error
    print(f"seed {seed}: {tried:,} texts, {read:,} read, slowest {1000 * slowest:.1f} ms")
    assert read > tried / 100
