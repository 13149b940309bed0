"""Reading a file of numbers: which protocol it follows is seen from its arrays, never its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import sparse

from recommendations.algorithms.data import DAY, IdMap, Interactions

Protocol = Literal["top_n", "one_held_out", "next_item", "next_basket", "sessions"]
BUY = 0
# The unit of moments is not written in the files: seconds do not reach this number before the year
# 5138, milliseconds passed it in 1973; a span below three years of days is in days.
MOST_SECONDS, MOST_DAYS = 100_000_000_000, 1_100


class FormatUnknown(ValueError):
    """The arrays follow none of the protocols."""


@dataclass(frozen=True)
class Task:
    """train   everything that may be learnt from; the order is in `occurred_at`
    wanted    the answers of the test, customers (for sessions: test sessions) x products
    tested    for sessions: the test sessions as (indptr, items); otherwise None
    """

    protocol: Protocol
    train: Interactions
    wanted: sparse.csr_array
    tested: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def repeats(self) -> bool:
        """Whether products of the history are listed again."""
        return self.protocol in ("next_basket", "sessions")

    @property
    def k(self) -> int:
        return 20 if self.protocol in ("top_n", "sessions") else 10

    @property
    def shown(self) -> list[str]:
        return {
            "top_n": ["recall@20", "ndcg@20", "recall@50", "ndcg@50"],
            "next_basket": ["recall@10", "ndcg@10", "hit_rate@10", "recall@20", "ndcg@20"],
            "sessions": ["hit_rate@20", "mrr@20"],
        }.get(self.protocol, ["hit_rate@5", "ndcg@5", "hit_rate@10", "ndcg@10"])


def read(path: Path) -> Task:
    with np.load(path, allow_pickle=False) as opened:
        arrays = {name: opened[name] for name in opened.files}
    for needed, reader in (
        ({"train_u", "train_i", "test_u", "test_i"}, _split_set),
        ({"user_basket_ptr", "basket_ptr", "items", "test_ptr", "test_items"}, _baskets),
        ({"train_ptr", "train_items", "test_ptr", "test_items"}, _sessions),
        ({"indptr", "items"}, _sequences),
    ):
        if needed <= set(arrays):
            return reader(arrays)
    raise FormatUnknown(f"no protocol has the arrays {', '.join(sorted(arrays))}")


def _split_set(arrays: Mapping[str, np.ndarray]) -> Task:
    sides = sorted(name.removesuffix("_u") for name in arrays
                   if name.endswith("_u") and name not in ("train_u", "test_u")
                   and name.removesuffix("_u") + "_i" in arrays)
    users = [arrays["train_u"], *(arrays[f"{side}_u"] for side in sides)]
    items = [arrays["train_i"], *(arrays[f"{side}_i"] for side in sides)]
    kinds = np.repeat(np.arange(len(users)), [len(column) for column in users])
    shape = (_size(arrays, "n_users", *users, arrays["test_u"]),
             _size(arrays, "n_items", *items, arrays["test_i"]))
    train = _events(np.concatenate(users), np.concatenate(items),
                    np.zeros(len(kinds), np.int64), shape, kinds)
    wanted = _ones(arrays["test_u"], arrays["test_i"], shape)
    single = int(np.diff(wanted.indptr).max(initial=0)) == 1
    return Task("one_held_out" if single else "top_n", train, wanted)


def _sequences(arrays: Mapping[str, np.ndarray]) -> Task:
    """The last event of each shopper is the test; shoppers of one event only teach."""
    indptr, items = arrays["indptr"].astype(np.int64), arrays["items"]
    counts = np.diff(indptr)
    user = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(items)) - indptr[user]
    last = (place == counts[user] - 1) & (counts[user] > 1)
    shape = (len(counts), _size(arrays, "n_items", items))
    train = _events(user[~last], items[~last], place[~last], shape)
    return Task("next_item", train, _ones(user[last], items[last], shape))


def _baskets(arrays: Mapping[str, np.ndarray]) -> Task:
    baskets, lines = (arrays[name].astype(np.int64) for name in ("user_basket_ptr", "basket_ptr"))
    items, test_items = arrays["items"], arrays["test_items"]
    users = len(baskets) - 1
    shape = (users, _size(arrays, "n_items", items, test_items))
    user_of = np.repeat(np.arange(users), np.diff(baskets))
    basket = np.repeat(np.arange(len(lines) - 1), np.diff(lines))
    moments = np.arange(len(lines) - 1, dtype=np.int64)
    if "basket_day" in arrays:
        # The number of the basket keeps two baskets of one day apart and in order.
        order = moments - baskets[user_of]
        moments = arrays["basket_day"].astype(np.int64) * DAY + order
    train = _events(user_of[basket], items, moments[basket], shape)
    asked = np.repeat(np.arange(users), np.diff(arrays["test_ptr"]))
    return Task("next_basket", train, _ones(asked, test_items, shape))


def _sessions(arrays: Mapping[str, np.ndarray]) -> Task:
    indptr, items = arrays["train_ptr"].astype(np.int64), arrays["train_items"]
    counts = np.diff(indptr)
    session = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(items)) - indptr[session]
    starts = arrays.get("train_start")
    # The start keeps the age of a session; its clicks are one second apart.
    moments = place if starts is None else _seconds(starts)[session] + place
    asked = (arrays["test_ptr"].astype(np.int64), arrays["test_items"].astype(np.int64))
    shape = (len(counts), _size(arrays, "n_items", items, asked[1]))
    test = np.repeat(np.arange(len(asked[0]) - 1), np.diff(asked[0]))
    wanted = _ones(test, asked[1], (len(asked[0]) - 1, shape[1]))
    return Task("sessions", _events(session, items, moments, shape), wanted, asked)


def _seconds(moments: np.ndarray) -> np.ndarray:
    """Moments in days, seconds or milliseconds, as seconds."""
    if not len(moments):
        return moments.astype(np.int64)
    if int(moments.max()) > MOST_SECONDS:
        return (moments // 1_000).astype(np.int64)
    span = int(np.ptp(moments))
    return moments.astype(np.int64) * (DAY if span < MOST_DAYS else 1)


def _events(
    users: np.ndarray, items: np.ndarray, moments: np.ndarray, shape: tuple[int, int],
    kinds: np.ndarray | None = None,
) -> Interactions:
    count = len(users)
    return Interactions(
        customers=IdMap.of(map(str, range(shape[0]))),
        products=IdMap.of(map(str, range(shape[1]))),
        customer=users.astype(np.int32),
        product=items.astype(np.int32),
        weight=np.ones(count, np.float32),
        occurred_at=moments.astype(np.int64),
        kind=np.zeros(count, np.uint8) if kinds is None else kinds.astype(np.uint8),
        units=np.ones(count, np.float32),
        until=int(moments.max(initial=0)),
    )


def _ones(users: np.ndarray, items: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    pairs = (users.astype(np.int64), items.astype(np.int64))
    built = sparse.csr_array((np.ones(len(users), np.float32), pairs), shape=shape)
    built.sum_duplicates()
    built.data[:] = 1
    return built


def _size(arrays: Mapping[str, np.ndarray], name: str, *columns: np.ndarray) -> int:
    seen = max((int(column.max()) + 1 for column in columns if len(column)), default=0)
    return max(int(arrays[name]) if name in arrays else 0, seen)
