"""Replays real baskets through the public API: ask, show, click what was really bought, order."""

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pandas as pd

_NAMES = uuid.UUID("6f0c2f4e-4f0b-5d0e-9a52-0d1f3f6f2c11")  # so that a repeated replay sends the same events
LIST_LENGTH = 10
CHUNK = 50
THREADS = 4
MOST_LINES = 1000  # of one order; the few larger ones come in by import
SEEN_BEFORE = timedelta(minutes=10)
CLICKED_BEFORE = timedelta(minutes=5)
_PATIENCE = 6


@dataclass(slots=True)
class Basket:
    """One order of the source, as the API takes it."""

    order: dict[str, Any]
    ordered_at: datetime
    customer: str
    list_id: str = ""
    strategy: str = ""
    shown: list[str] = field(default_factory=list)

    @property
    def products(self) -> set[str]:
        return {line["product_id"] for line in self.order["lines"]}

    @property
    def who(self) -> dict[str, str]:
        """The customer; a guest is known by a session, one for each order because nothing links them."""
        return {"customer_id": self.customer} if self.customer else {"session_id": f"guest-{self.order['id']}"}


@dataclass(slots=True)
class Outcome:
    """What a replay did. Every click is a shown product that is in the real basket."""

    baskets: int = 0
    clicks: int = 0
    clicked: int = 0
    strategies: dict[str, int] = field(default_factory=dict)


class Refused(RuntimeError):
    """The API did not take what the replay sent."""


def baskets(lines: pd.DataFrame) -> list[Basket]:
    """Order lines as baskets, in the order in which they were placed."""
    found = []
    for number, rows in lines.groupby("id", sort=False):
        first = rows.iloc[0]
        customer = first["customer_id"] if isinstance(first["customer_id"], str) else ""
        order = {
            "id": number,
            "status": first["status"],
            "currency": first["currency"],
            "ordered_at": first["ordered_at"].isoformat(),
            "lines": [
                {"product_id": product, "quantity": int(quantity), "unit_price": price}
                for product, quantity, price in rows[["product_id", "quantity", "unit_price"]].itertuples(index=False)
            ],
        }
        basket = Basket(order, first["ordered_at"].to_pydatetime(), customer)
        order |= basket.who
        found.append(basket)
    return sorted(found, key=lambda basket: (basket.ordered_at, basket.order["id"]))


def run(
    baskets: list[Basket], *, base_url: str, secret: str, progress: Callable[[int, int], None] = lambda *_: None
) -> Outcome:
    """Sends the baskets in time order. A customer's next list is asked for after the last order is in."""
    outcome = Outcome()
    headers = {"Authorization": f"Bearer {secret}"}
    limits = httpx.Limits(max_keepalive_connections=THREADS, max_connections=THREADS)
    with (
        httpx.Client(base_url=f"{base_url}/api/v1", headers=headers, limits=limits, timeout=30) as api,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        for chunk in chunks(baskets):
            asking = [basket for basket in chunk if basket.order["status"] == "completed"]
            list(pool.map(lambda basket: _ask(api, basket), asking))
            if told := [event for basket in asking for event in _events(basket, outcome)]:
                _send(api, "/events", {"events": told}, "accepted")
            _send(api, "/orders", {"orders": [basket.order for basket in chunk]}, "kept")
            outcome.baskets += len(chunk)
            progress(outcome.baskets, len(baskets))
    return outcome


def chunks(baskets: list[Basket]) -> Iterator[list[Basket]]:
    """Runs of at most CHUNK baskets in which no customer comes twice."""
    chunk: list[Basket] = []
    present: set[str] = set()
    for basket in baskets:
        if len(chunk) == CHUNK or basket.customer in present:
            yield chunk
            chunk, present = [], set()
        chunk.append(basket)
        if basket.customer:
            present.add(basket.customer)
    if chunk:
        yield chunk


def _ask(api: httpx.Client, basket: Basket) -> None:
    question = {"type": "personalised", "limit": LIST_LENGTH, "placement": "home", **basket.who}
    answer = _call(api, "/recommendations", question)
    basket.list_id, basket.strategy = answer["recommendation_id"], answer["strategy"]
    basket.shown = [item["product_id"] for item in answer["items"]]


def _events(basket: Basket, outcome: Outcome) -> Iterator[dict[str, Any]]:
    """The list was shown; what the customer then bought of it stands for the clicks."""
    outcome.strategies[basket.strategy] = outcome.strategies.get(basket.strategy, 0) + 1
    if not basket.shown:
        return
    about = {"recommendation_id": basket.list_id, "placement": "home", **basket.who}
    yield about | {
        "type": "impression",
        "id": _name(basket, "impression"),
        "occurred_at": (basket.ordered_at - SEEN_BEFORE).isoformat(),
        "items": basket.shown,
    }
    bought = [product for product in basket.shown if product in basket.products]
    outcome.clicked += bool(bought)
    outcome.clicks += len(bought)
    for number, product in enumerate(bought):
        yield about | {
            "type": "click",
            "id": _name(basket, f"click:{product}"),
            "occurred_at": (basket.ordered_at - CLICKED_BEFORE + timedelta(seconds=5 * number)).isoformat(),
            "product_id": product,
        }


def _name(basket: Basket, what: str) -> str:
    return str(uuid.uuid5(_NAMES, f"{basket.order['id']}:{what}"))


def _send(api: httpx.Client, path: str, body: dict[str, Any], taken: str) -> None:
    answer = _call(api, path, body)
    if answer["refused"]:
        faults = answer.get("errors") or [row for row in answer["results"] if row["status"] == "refused"]
        raise Refused(f"{path} took {answer[taken]} and refused {answer['refused']}, first: {faults[:1]}")


def _call(api: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """One call; waits as long as the API asks for when it says that the limit is reached."""
    for attempt in range(_PATIENCE):
        try:
            answer = api.post(path, json=body)
        except httpx.TransportError as error:
            problem, wait = repr(error), 0.5 * 2**attempt
        else:
            if answer.is_success:
                return answer.json()
            if answer.status_code != 429 and answer.status_code < 500:
                raise Refused(f"{path} answered {answer.status_code}: {answer.text[:300]}")
            problem, wait = f"{answer.status_code}: {answer.text[:300]}", float(answer.headers.get("Retry-After", 1))
        time.sleep(min(wait, 60))
    raise Refused(f"{path} did not answer {_PATIENCE} times; last: {problem}")
