"""Cases to be judged by: the test of a task, and a validation part of the same kind cut from train."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from bench.quality.ends import cut_at_the_end
from bench.quality.formats import BUY, Task
from recommendations.algorithms.data import Interactions
from recommendations.evaluation.cases import Cases, histories_of, touched_by
from recommendations.evaluation.folds import Fold

# Shoppers whose events are held out of train for validation; the others teach with all they have.
VALIDATED = 3_000
# Lists that the parts are weighed with where every shopper's last row is held out: they cost no purchase more.
WEIGHED = 7_500
# Below so many events one draw is luck: several are averaged.
FEW_EVENTS, FOLDS = 100_000, 5


def test_cases(task: Task) -> Cases:
    if task.tested is not None:
        return prefixes(*task.tested, task.train)
    rows = np.flatnonzero(np.diff(task.wanted.indptr) > 0)
    return _cases(task, task.train, task.wanted, rows)


def validations(task: Task, *, seed: int) -> list[Fold]:
    """One, or for small data several, with seeds of their own."""
    if _takes_ends(task):
        learn, cases = validation(task, seed=FOLDS * seed, asked=WEIGHED)
        return [Fold(learn, cases.sample(VALIDATED, seed=seed), more=cases)]
    last = task.protocol in ("next_item", "next_basket", "sessions")
    count = 1 if last or len(task.train) > FEW_EVENTS else FOLDS
    return [Fold(*validation(task, seed=FOLDS * seed + number)) for number in range(count)]


def validation(task: Task, *, seed: int, asked: int = VALIDATED) -> tuple[Interactions, Cases]:
    """(what is left of train, cases of `asked` shoppers) with the protocol of the test, drawn with `seed`."""
    random = np.random.default_rng(seed)
    if task.protocol == "sessions":
        return _newest_sessions(task, random)
    train = task.train
    primary = np.flatnonzero(train.kind == BUY)
    counts = np.bincount(train.customer[primary], minlength=len(train.customers))
    able = np.flatnonzero(counts >= 2)
    drawn = np.zeros(len(counts), np.bool_)
    drawn[random.choice(able, min(asked, len(able)), replace=False)] = True
    if _takes_ends(task):
        # Of every shopper, as in the test: products whose purchases are held out are left with as few.
        held = primary[(counts >= 2)[train.customer[primary]]]
        held = held[_last(train.customer[held])]
    else:
        held = primary[drawn[train.customer[primary]]]
        held = held[_chosen(task, train, held, random)]
    wanted = train.take(_marked(held, len(train))).matrix()
    left = _without_pairs(train, held) if not task.repeats else train.take(
        ~_marked(held, len(train)))
    # A shopper of whom nothing is left would be asked without a history.
    known = np.bincount(left.customer[left.kind == BUY], minlength=len(counts)) > 0
    rows = np.flatnonzero((np.diff(wanted.indptr) > 0) & known & drawn)
    return left, _cases(task, left, wanted, rows)


def prefixes(indptr: np.ndarray, items: np.ndarray, train: Interactions) -> Cases:
    """One case for each click but the first of each session: what came before it is the history."""
    moments = np.arange(len(items)) - np.repeat(indptr[:-1], np.diff(indptr))
    asked = np.flatnonzero(moments > 0)
    lengths = np.minimum(moments[asked], 50)
    rows = np.repeat(np.arange(len(asked)), lengths)
    back = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    products = items[asked[rows] - 1 - back]
    size = len(train.products)
    shape = (len(asked), size)
    data = np.maximum(0.8**back, 1e-4).astype(np.float32)
    bounds = np.concatenate(([0], np.cumsum(lengths)))
    histories = sparse.csr_array((data, products.astype(np.int32), bounds), shape=shape)
    wanted = sparse.csr_array(
        (np.ones(len(asked), np.float32), items[asked].astype(np.int32),
         np.arange(len(asked) + 1)), shape=shape)
    return Cases(histories, np.full(len(asked), -1, np.int32), wanted, None)


def _cases(task: Task, known: Interactions, wanted: sparse.csr_array, rows: np.ndarray) -> Cases:
    sides = [kind for kind in np.unique(known.kind).tolist() if kind != BUY]
    return Cases(
        histories=histories_of(known, primary=BUY)[rows],
        customers=rows.astype(np.int32),
        wanted=wanted[rows],
        seen=None if task.repeats else touched_by(known, [BUY])[rows],
        sides=touched_by(known, sides)[rows] if sides else None,
    )


def _chosen(
    task: Task, train: Interactions, rows: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Which of the rows are held out: by protocol the last visit, one of them, or a share."""
    customer, moment = train.customer[rows], train.occurred_at[rows]
    counts = np.bincount(customer, minlength=len(train.customers))
    if task.protocol in ("next_item", "next_basket"):
        newest = np.full(len(counts), -1, np.int64)
        np.maximum.at(newest, customer, moment)
        return moment == newest[customer]
    order = np.lexsort((random.random(len(rows)), customer))
    starts = np.concatenate(([0], np.cumsum(counts)))[:-1]
    rank = np.empty(len(rows), np.int64)
    rank[order] = np.arange(len(rows)) - starts[customer[order]]
    if task.protocol == "one_held_out":
        return rank == 0
    # As large a share as the test has: the number of its events is known, not which they are.
    share = task.wanted.nnz / (task.wanted.nnz + int((train.kind == BUY).sum()))
    return rank < np.maximum(1, np.round(counts * share))[customer]


def _takes_ends(task: Task) -> bool:
    """Whether of each shopper the last row is held out, as it was for the test."""
    return task.protocol == "one_held_out" and cut_at_the_end(task.train)


def _last(customer: np.ndarray) -> np.ndarray:
    """The last place of each value."""
    return len(customer) - 1 - np.unique(customer[::-1], return_index=True)[1]


def _without_pairs(train: Interactions, held: np.ndarray) -> Interactions:
    """Train without the held pairs, of whatever kind: a cart gives the purchase away."""
    size = len(train.products)
    pairs = train.customer.astype(np.int64) * size + train.product
    return train.take(~np.isin(pairs, pairs[held]))


def _newest_sessions(task: Task, random: np.random.Generator) -> tuple[Interactions, Cases]:
    """The newest tenth of the sessions, as the test follows the train; drawn if none is newest."""
    train = task.train
    count = len(train.customers)
    ends = np.zeros(count, np.int64)
    np.maximum.at(ends, train.customer, train.occurred_at)
    timed = np.ptp(ends) > 86_400 if count else False
    order = np.argsort(ends, kind="stable") if timed else random.permutation(count)
    late = np.zeros(count, np.bool_)
    late[order[count - max(1, count // 10) :]] = True
    held = train.take(late[train.customer])
    by_time = np.lexsort((held.occurred_at, held.customer))
    lengths = np.bincount(held.customer, minlength=count)
    lengths = lengths[lengths > 0]
    indptr = np.concatenate(([0], np.cumsum(lengths)))
    left = train.take(~late[train.customer])
    return left, prefixes(indptr, held.product[by_time].astype(np.int64), train)


def _marked(rows: np.ndarray, count: int) -> np.ndarray:
    mask = np.zeros(count, np.bool_)
    mask[rows] = True
    return mask
