"""Recall@10 of small shops that learn from their own data alone, and with what the other countries say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from bench.common import bound, shops
from bench.common.shops import Cut
from bench.retail import Retail
from recommendations.algorithms.voices import Voice
from recommendations.evaluation import selection

SIZES = (20, 50, 100, 200)
# The free plan's.
SECONDS = 20.0
WEEK, LEAST_ORDERS = 7 * 86_400, 20  # the latter as `common_votes` has it
MOST_CUTS = {20: 8, 50: 8, 100: 2, 200: 2}


class Others:
    """What each country says at the first of a month.

    grown   first of its first LEAST_ORDERS orders, and from then on made from its former word, seven nights in one;
            otherwise all that the shop knows by then
    """

    def __init__(self, countries: dict[str, Retail], *, grown: bool) -> None:
        self.countries = countries
        self.vote = cache(self._vote if grown else lambda name, moment: shops.vote(countries[name], moment))

    def _vote(self, name: str, moment: int) -> Voice | None:
        shop, begin = self.countries[name], int(min(shop.moment.min() for shop in self.countries.values()))
        month = shops.month_of(moment - 1)
        before = self.vote(name, month) if month > begin else None
        for night in range(max(month, begin) + WEEK, moment + 1, WEEK):
            if len(shop.take(shop.moment <= night).orders()) >= LEAST_ORDERS:
                with shops.nights(7):
                    before = shops.vote(shop, night, before=before)
        return before

    def votes(self, *, without: str, moment: int) -> list[Voice]:
        found = (self.vote(name, shops.month_of(moment)) for name in self.countries if name != without)
        return [vote for vote in found if vote is not None]


def run(
    countries: dict[str, Retail], names: list[str], *, sizes: tuple[int, ...] = SIZES, grown: bool = False
) -> Iterator[dict[str, Any]]:
    """One row per size: means over the cuts, and the paired difference with its error. `grown` as for `Others`."""
    others = Others(countries, grown=grown)
    for size in sizes:
        rows = [one(cut, others) for name in names
                for cut in shops.cuts(name, countries[name], size, most=MOST_CUTS[size])]
        if not rows:
            continue
        own, shared, words, best, same = (
            np.array([row[key] for row in rows]) for key in ("own", "shared", "words", "best", "same_part")
        )
        chosen, bounded = _best([row.pop("bound") for row in rows])
        yield {
            "orders": size, "grown": grown, "cuts": len(rows), "with_table": sum(row["has_table"] for row in rows),
            "best_sellers": round(float(best.mean()), 4), "own": round(float(own.mean()), 4),
            "same_part": round(float(same.mean()), 4), "words": round(float(words.mean()), 4),
            "shared": round(float(shared.mean()), 4),
            "gain_by_words": round(float(words.mean() / own.mean() - 1), 4),
            "gain": round(float(shared.mean() / own.mean() - 1), 4),
            "difference": round(float((shared - own).mean()), 4),
            "error": _error(shared - own),
            "bound": round(float(bounded.mean()), 4), "bound_gain": round(float(bounded.mean() / own.mean() - 1), 4),
            "bound_error": _error(bounded - own), "bound_chosen": chosen,
            "worse_than_own": int((shared < own - 1e-9).sum()),
            "worse_than_best_sellers": int((shared < best - 1e-9).sum()),
            "own_worse_than_best_sellers": int((own < best - 1e-9).sum()), "rows": rows,
        }


def _error(difference: np.ndarray) -> float | None:
    return round(float(difference.std(ddof=1) / len(difference) ** 0.5), 4) if len(difference) > 1 else None


def _best(grids: list[bound.Grid]) -> tuple[tuple[float, float, float], np.ndarray]:
    """(what is best in the mean over the cuts, recall@10 of each with that)."""
    chosen = max(grids[0], key=lambda key: float(np.mean([grid[key] for grid in grids])))
    return chosen, np.array([grid[chosen] for grid in grids])


def one(cut: Cut, others: Others) -> dict[str, Any]:
    """One shop at one cut: from its own data alone, with the others' words, and with whole titles that are the same.

    same_part   the blend with the part that the others' titles are in, which knows nothing of others
    bound       see `bound.recalls`
    """
    interactions, baskets, features = cut.data()
    tokens, voices = cut.tokens(interactions), others.votes(without=cut.country, moment=cut.moment)
    asked = shops.questions(cut, seed=1)
    own = words = shared = same = selection.train(interactions, baskets, features, seconds=SECONDS, seed=0)
    known = shops.with_common(features, tokens, voices)
    if known.common is not None:
        shared = selection.train(interactions, baskets, known, seconds=SECONDS, seed=0)
        fewer = shops.with_common(features, tokens, voices, titles=False)
        words = selection.train(interactions, baskets, fewer, seconds=SECONDS, seed=0)
        same = selection.train(interactions, baskets, shops.alone(known), seconds=SECONDS, seed=0)
    bundles = {"same_part": same.bundle, "own": own.bundle, "words": words.bundle, "shared": shared.bundle,
               "best": replace(own.bundle, personal="popularity")}
    found = {name: round(shops.recall(shops.answers(bundle, asked), asked), 5) for name, bundle in bundles.items()}
    return {"country": cut.country, **found, "bound": bound.recalls(cut, others.countries, own.bundle),
            "own_rung": own.rung, "shared_rung": shared.rung, "has_table": known.common is not None,
            "lists": len(asked)}
