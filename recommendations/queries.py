"""What may be asked of the recommendations endpoint: one strict reading of query or body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from luxebrain.lib.problems import Problem
from recommendations import expressions, fields
from recommendations.asked import Given, Wrong, refusal

__all__ = ["Boost", "Query", "from_query", "parse"]

_ESCAPED = re.compile(r"[%+]")
_LONGEST_PLAIN = 512
KINDS = {
    "personalised": "personalised",
    "personalized": "personalised",
    "similar": "similar",
    "bought-together": "bought_together",
    "bought_together": "bought_together",
    "cross-sell": "bought_together",
    "complete-the-look": "look",
    "outfit": "look",
    "look": "look",
    "trending": "trending",
    "popular": "popular",
    "newest": "newest",
    "new": "newest",
    "recently-viewed": "viewed",
    "viewed": "viewed",
    "pending-cart": "pending_cart",
    "pending_cart": "pending_cart",
    "buy-again": "buy_again",
    "buy_again": "buy_again",
}
SPOKEN = {
    "bought_together": "bought-together",
    "look": "complete-the-look",
    "viewed": "recently-viewed",
    "pending_cart": "pending-cart",
    "buy_again": "buy-again",
}
BESIDE = frozenset({"similar", "bought_together", "look"})  # lists that go with a product
OF_SHOPPER = frozenset({"viewed", "pending_cart", "buy_again"})  # reminders: nothing without a shopper
FALLBACKS = ("popular", "newest", "none")
LANGUAGES = ("en", "de", "fr", "es", "it", "nl")
MAX_LIMIT = 100
MAX_EXCLUDED = 200
MAX_CANDIDATES = 500
MAX_PRODUCTS = 20
MAX_BOOSTS = 10
MAX_PLACEMENTS = 10
_PLACEMENT = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_LISTS = {"exclude": MAX_EXCLUDED, "candidates": MAX_CANDIDATES}
_SPELLED = {**_LISTS, "product_id": MAX_PRODUCTS, "product_ids": MAX_PRODUCTS}
_ONE = frozenset(
    "type recommendation_type customer_id session_id product_id product_ids limit placement exclude candidates details "
    "filter boosts min_relevance diversity fallback language".split()
)
_USUAL = frozenset({"type", "customer_id", "session_id", "limit"})
_NAMES = _ONE | {"placements", "validate_only"}


@dataclass(frozen=True, slots=True)
class Boost:
    """Products that `where` holds for count `factor` times as much."""

    where: expressions.Expression
    factor: float


@dataclass(slots=True)
class Query:
    """One list that is asked for. What is None or "" was not said: the placement or the default decides.

    given    the names of the fields that were sent, so that a placement fills only the others
    several  the lists of a call for several placements; then this query holds what they share
    layout   what the engine asked the gate to read for it, in order
    is_limited   the plan's calls are used up: best sellers alone, which are no arm's of an experiment
    """

    kind: str = "personalised"
    customer: str = ""
    session: str = ""
    products: tuple[str, ...] = ()
    limit: int = 10
    placement: str = ""
    exclude: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    details: bool = False
    where: expressions.Expression | None = None
    boosts: tuple[Boost, ...] = ()
    min_relevance: float = 0.0
    diversity: float = 0.0
    fallback: str = "popular"
    language: str = ""
    validate_only: bool = False
    given: frozenset[str] = frozenset()
    several: tuple["Query", ...] = field(default=())
    layout: tuple[str, ...] = ()
    is_limited: bool = False

    @property
    def spoken_kind(self) -> str:
        return SPOKEN.get(self.kind, self.kind)

    @property
    def uses_shopper(self) -> bool:
        """Whether facts about the shopper are needed to answer."""
        asked = [self.where, *(boost.where for boost in self.boosts)]
        return any(one is not None and one.uses_shopper for one in asked) or any(q.uses_shopper for q in self.several)

    def only_popular(self) -> "Query":
        """The same for best sellers, whatever the placement says."""
        several = tuple(one.only_popular() for one in self.several)
        return self.on(kind="popular", given=self.given | {"type"}, several=several, is_limited=True)

    def on(self, **changes: Any) -> "Query":
        return replace(self, **changes)


def spelled(text: str) -> dict[str, list[str]] | None:
    """The parameters of an address without a single escape, as Django reads them, at a tenth of the cost. None
    where there is anything to decode."""
    if not text.isascii() or len(text) > _LONGEST_PLAIN or _ESCAPED.search(text):
        return None
    found: dict[str, list[str]] = {}
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            found.setdefault(name, []).append(value)
    return found


def from_query(parameters: Mapping[str, list[str]], **said: str) -> Query:
    """Reads ?type=…&limit=…, each name with its texts; lists of ids may be repeated or separated by commas. `said` are
    values that the path of the address gives. Raises Problem."""
    values: dict[str, Any] = dict(said)
    wrong: Wrong = {}
    for name, texts in parameters.items():
        if name in said or "\ufffd" in name + "".join(texts):
            why = "The address says this already." if name in said else "Must be UTF-8."
            wrong[fields.shown(name)] = ("conflict" if name in said else "format", why)
        elif name in _SPELLED:
            parts = ",".join(texts).split(",")  # too many are too many, though they be empty
            values[name] = parts if len(parts) > _SPELLED[name] else [part for part in parts if part]
        elif name in {"boosts", "placements"}:
            wrong[name] = ("unknown", "Send this in the body of a POST.")
        elif len(texts) > 1:
            wrong[fields.shown(name)] = ("conflict", "Give this parameter once.")
        else:
            values[name] = _typed(name, texts[0], wrong)
    if wrong:
        raise refusal(wrong)
    return parse(values)


def _typed(name: str, text: str, wrong: Wrong) -> Any:
    """The text of an address as the JSON value that it stands for."""
    if name == "limit":
        if text.isascii() and text.isdigit() and len(text) <= 4:
            return int(text)
        wrong[name] = ("range", f"A whole number from 1 to {MAX_LIMIT}.")
    elif name in {"details", "validate_only"}:
        if text.lower() in {"1", "0", "true", "false"}:
            return text.lower() in {"1", "true"}
        wrong[name] = ("type", "true or false.")
    elif name in {"min_relevance", "diversity"}:
        if re.fullmatch(r"\d{1,2}(\.\d{1,9})?|\.\d{1,9}", text, re.ASCII):
            return float(text)
        wrong[name] = ("range", "A number from 0 to 1.")
    return text


def parse(values: Mapping[str, Any]) -> Query:
    """The query that these values ask for. Raises Problem with a reason per field."""
    if not isinstance(values, Mapping):
        raise Problem("Send one JSON object.")
    given = Given(values)
    given.know(_NAMES)
    query = _one(given)
    query.validate_only = given.flag("validate_only")
    if values.get("placements") is not None:
        query.several = _several(given, query)
    elif query.kind in BESIDE and not query.products and not given.has_error("product_id"):
        if not query.placement:
            why = f"Say which product it is about: {query.spoken_kind} needs product_id."
            given.refuse("product_id", "required", why)
    given.check()
    return query


def _one(given: Given) -> Query:
    query = Query(given=frozenset(given.values) & _ONE)
    kind = given.values.get("type", given.values.get("recommendation_type", "personalised"))
    if isinstance(kind, str) and kind in KINDS:
        query.kind = KINDS[kind]
    else:
        given.refuse("type", "choice", f"One of {', '.join(spoken())}.")
    query.customer, query.session = given.identifier("customer_id"), given.identifier("session_id")
    if query.given <= _USUAL:
        query.limit = given.whole("limit", 1, MAX_LIMIT, default=10)
    else:
        _rest(given, query)
    return query


def _rest(given: Given, query: Query) -> None:
    """The fields that few calls have."""
    query.products = given.ids("product_id", MAX_PRODUCTS) + given.ids("product_ids", MAX_PRODUCTS)
    query.exclude, query.candidates = (given.ids(name, most) for name, most in _LISTS.items())
    query.limit = given.whole("limit", 1, MAX_LIMIT, default=min(max(len(query.candidates), 10), MAX_LIMIT))
    query.placement = given.pattern(
        "placement", _PLACEMENT, "Letters, digits, point, hyphen and underscore, at most 40."
    )
    query.details = given.flag("details")
    query.where = given.expression("filter")
    query.boosts = tuple(Boost(*pair) for pair in given.boosts("boosts", MAX_BOOSTS))
    query.min_relevance, query.diversity = given.share("min_relevance"), given.share("diversity")
    query.fallback = given.choice("fallback", FALLBACKS, "popular")
    query.language = given.choice("language", LANGUAGES, "")


def _several(given: Given, shared: Query) -> tuple[Query, ...]:
    """The lists of a call for several placements."""
    found: list[Query] = []
    names: set[str] = set()
    for number, one in enumerate(given.objects("placements", MAX_PLACEMENTS)):
        own = Given(one, at=f"placements.{number}.", wrong=given.wrong)
        own.know(_ONE - {"customer_id", "session_id", "language", "details"})
        query = _one(own)
        if not query.placement:
            own.refuse("placement", "required", "Say which placement: each list of a call is known by it.")
        elif query.placement in names:
            own.refuse("placement", "conflict", "This placement is named twice in one call.")
        names.add(query.placement)
        query.customer, query.session = shared.customer, shared.session
        query.language, query.details = shared.language, shared.details
        query.exclude += shared.exclude
        if "product_id" not in query.given and "product_ids" not in query.given:
            query.products = shared.products
        found.append(query)
    return tuple(found)


def told(query: Query) -> dict[str, Any]:
    """One list's query as a JSON object that `parse` reads back: what was given, and what its call shared."""
    values: dict[str, Any] = {
        "customer_id": query.customer, "session_id": query.session, "product_ids": list(query.products),
        "placement": query.placement, "exclude": list(query.exclude), "candidates": list(query.candidates),
        "filter": query.where.text if query.where is not None else "",
        "boosts": [{"filter": boost.where.text, "factor": boost.factor} for boost in query.boosts],
        "language": query.language,
    }
    values = {name: value for name, value in values.items() if value}
    if query.given & {"type", "recommendation_type"}:
        values["type"] = query.spoken_kind
    for name in query.given & {"limit", "min_relevance", "diversity", "fallback"}:
        values[name] = getattr(query, name)
    return values


def spoken() -> list[str]:
    """The kinds as the documentation calls them."""
    return sorted({SPOKEN.get(kind, kind) for kind in KINDS.values()})
