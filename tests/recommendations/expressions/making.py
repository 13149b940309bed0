"""Random products, context items, shoppers and conditions, for properties of the language."""

from hypothesis import strategies as st

from tests.recommendations.expressions.catalogue import FLAGS, NUMBERS

TEXTS = st.sampled_from(
    ["Acme", "ACME", "acme ", "wool", "Wool Socks", "Größe", "GRÖSSE", "straße", "5", "5.0", "true", "x", "Gro\u0308ße"]
)
SOME = st.sampled_from([0.0, 1.0, 2.0, 2.5, 5.0, -1.0, 1000.0])
_MAYBE = {"number": st.none() | SOME, "text": st.none() | TEXTS, "words": st.lists(TEXTS, max_size=3)}
_LISTS = st.lists(TEXTS, min_size=1, max_size=12, unique=True) | st.lists(SOME, min_size=1, max_size=12, unique=True)

PRODUCTS = st.fixed_dictionaries({
    "id": TEXTS, "title": TEXTS, "brand": _MAYBE["text"], "currency": _MAYBE["text"],
    "categories": _MAYBE["words"], "tags": _MAYBE["words"],
    **dict.fromkeys(NUMBERS, _MAYBE["number"]), **{name: st.booleans() for name in FLAGS},
    "attributes": st.fixed_dictionaries({
        "weight": _MAYBE["number"], "Sleeve length": _MAYBE["text"], "materials": _MAYBE["words"],
        "sure": st.booleans(),
    }),
})  # fmt: skip
_ANYTHING = st.none() | TEXTS | SOME | st.booleans() | st.lists(TEXTS, max_size=2) | st.just({"odd": 1})
_ATTRIBUTES = st.dictionaries(st.sampled_from(["weight", "Sleeve length", "materials", "sure"]), _ANYTHING, max_size=4)
CONTEXTS = (
    st.none()
    | PRODUCTS
    | st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("price", "brand", "tags", "in_stock"), _ANYTHING) | {"attributes": _ATTRIBUTES}
    )
)
SHOPPERS = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "is_known": st.booleans(), "orders": SOME, "spent": SOME, "country": TEXTS, "session_events": SOME,
        "attributes": _ATTRIBUTES,
    },
)  # fmt: skip


def _fields(owners: tuple[str, ...], kind: str) -> st.SearchStrategy:
    names = {"number": NUMBERS, "text": ("title", "brand", "id"), "words": ("tags", "categories"), "flag": FLAGS}[kind]
    theirs = {"number": ("orders", "spent"), "text": ("country",), "flag": ("is_known",), "words": ()}[kind]
    return st.sampled_from([
        *(("field", owner, name, False) for owner in owners if owner != "shopper" for name in names),
        *(("field", "shopper", name, False) for name in theirs if "shopper" in owners),
    ])  # fmt: skip


def _attributes(*owners: str) -> st.SearchStrategy:
    names = ("weight", "Sleeve length", "materials", "sure", "unknown")
    return st.sampled_from([("field", owner, name, True) for owner in owners for name in names])


_ALL, _FIXED, _GOODS = ("product", "context", "shopper"), ("context", "shopper"), ("product", "context")


def _value(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.tuples(st.just("value"), values)


_CALCULATED = st.recursive(
    _value(SOME.filter(lambda one: one >= 0)) | _fields(_ALL, "number") | _attributes(*_ALL),
    lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner) | st.tuples(st.just("minus"), inner),
    max_leaves=3,
)


def _both(op: st.SearchStrategy, one: st.SearchStrategy, other: st.SearchStrategy) -> st.SearchStrategy:
    return st.tuples(op, one, other) | st.tuples(op, other, one)


_SAME = st.sampled_from(["==", "!="])
_IN = st.sampled_from(["in", "not in"])
_HOLDS = st.sampled_from(["contains", "starts with"])
_TEXT = _value(TEXTS) | _fields(_FIXED, "text") | _attributes(*_FIXED)
_TESTS = st.one_of(
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), _fields(_ALL, "number"), _CALCULATED),
    st.tuples(st.sampled_from(["<", "<=", ">", ">="]), _CALCULATED, _CALCULATED),
    _both(_SAME, _fields(_ALL, "text"), _TEXT).filter(lambda one: _fixed(one[1]) or _fixed(one[2])),
    _both(_SAME, _attributes(*_ALL), _TEXT | _value(SOME | st.booleans())),
    _both(_SAME, _fields(_ALL, "flag"), _value(st.booleans()) | _fields(_ALL, "flag")),
    st.tuples(_IN, _fields(_ALL, "text") | _fields(_GOODS, "words"), _value(st.lists(TEXTS, min_size=1))),
    st.tuples(_IN, _fields(_ALL, "number"), _value(st.lists(SOME, min_size=1, max_size=20))),
    st.tuples(_IN, _CALCULATED, _value(st.lists(SOME, min_size=1, max_size=20))),
    _both(_SAME, _CALCULATED, _attributes(*_FIXED)),
    st.tuples(_IN, _attributes(*_ALL), _value(_LISTS) | _attributes(*_FIXED)),
    st.tuples(_IN, _TEXT | _fields(("context",), "words"), _fields(_GOODS, "words")),
    st.tuples(_IN, _value(TEXTS | SOME) | _attributes(*_FIXED), _attributes(*_ALL)),
    st.tuples(_HOLDS, _fields(_ALL, "text") | _attributes(*_ALL) | _fields(_GOODS, "words"), _TEXT),
    st.tuples(st.just("given"), _fields(_ALL, "number") | _fields(_ALL, "text") | _attributes(*_ALL), st.booleans()),
    _fields(_ALL, "flag"), _attributes(*_ALL), _value(st.booleans()),
)  # fmt: skip
CONDITIONS = st.recursive(
    _TESTS,
    lambda inner: (
        st.tuples(st.just("not"), inner)
        | st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=4))
    ),
    max_leaves=6,
)


def _fixed(part: tuple) -> bool:
    return part[0] == "value" or part[1] != "product"
