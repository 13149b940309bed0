"""What was found, put into the words and fields of the API's answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations import identity, queries, wording
from recommendations.algorithms import evidence
from recommendations.candidates import Shop
from recommendations.composing import Served
from recommendations.queries import Query

FALLBACKS = frozenset({"popularity", "newest"})
# Sources of kinds that are no fallback there.
_MEANT = {"popular": FALLBACKS, "newest": frozenset({"newest"}), "trending": frozenset({"trending"})}


def several(served: list[Served], request_id: str) -> dict[str, Any]:
    """The lists of one call, by placement."""
    found = {one_.query.placement: one(one_, request_id) for one_ in served}
    for answer in found.values():
        del answer["request_id"]
    return {"request_id": request_id, "placements": found}


def one(served: Served, request_id: str) -> dict[str, Any]:
    query, plan, composed, shop, route = served.query, served.plan, served.composed, served.shop, served.route
    strategy, version = served.strategy, served.version
    items = _items(served)
    warnings = [shop.degraded] if shop.degraded else []
    warnings += plan.warnings
    if composed.missing:
        warnings.append("Some of the products named are not in the catalogue: see missing_ids.")
    if plan.is_off:
        warnings.append(f"The placement {query.placement} is switched off.")
    elif len(items) < plan.limit:
        warnings.append(f"Only {len(items)} of {plan.limit} products can be shown.")
    unmeant = FALLBACKS - _MEANT.get(plan.kind, frozenset())
    fell_back = not plan.is_held_out and (
        (strategy == "popular" and plan.kind != "newest") or any(item["source"] in unmeant for item in items)
    )
    return {
        "request_id": request_id,
        "recommendation_id": identity.make(version, experiment=route.experiment, arm=route.arm),
        "type": queries.SPOKEN.get(plan.kind, plan.kind),
        "placement": query.placement or None,
        "strategy": strategy,
        "strategy_reason": served.reason,
        "rung": (shop.bundle.rung or None) if version and shop.bundle is not None else "popular",
        "model_version": f"v{version}" if version else None,
        "model_scope": shop.scope if version else None,
        "learnt_from": shop.learnt_from if version else None,
        "experiment": route.key or None,
        "arm": route.arm or None,
        "fallback_used": fell_back,
        "degraded": bool(shop.degraded),
        "warnings": warnings,
        "missing_ids": list(composed.missing),
        "items": items,
    }


def checked(shop: Shop, query: Query, request_id: str) -> dict[str, Any]:
    """The answer to a query with validate_only: it could be read, and what it names is there or not."""
    lists = query.several or (query,)
    named = list(dict.fromkeys(
        name for one_ in (query, *lists) for name in (*one_.products, *one_.exclude, *one_.candidates)
    ))
    found = shop.assortment.index(named)
    missing = [name for name, at in zip(named, found.tolist(), strict=True) if at < 0]
    spots = shop.control.spots
    unknown = [one_.placement for one_ in lists if one_.placement and one_.placement not in spots]
    warnings = [f"There is no placement {name}: its list follows the request alone." for name in unknown if spots]
    if missing:
        warnings.append("Some of the products named are not in the catalogue: see missing_ids.")
    return {"request_id": request_id, "valid": True, "missing_ids": missing, "warnings": warnings}


def _items(served: Served) -> list[dict[str, Any]]:
    query, pool, shop = served.query, served.composed.pool, served.shop
    names = shop.assortment.ids(pool.items.tolist())
    sources = [served.composed.sources[code] for code in pool.sources.tolist()]
    reasons = _reasons(served, names, sources)
    items = []
    rows = zip(names, pool.scores.tolist(), sources, reasons, strict=True)
    for rank, (name, score, source, reason) in enumerate(rows, start=1):
        item: dict[str, Any] = {
            "product_id": name, "rank": rank, "score": round(score, 6), "source": source, "reason": reason,
        }
        if query.details:
            item |= details(shop, name)
        items.append(item)
    return items


def _reasons(served: Served, names: list[str], sources: list[str]) -> list[str]:
    query, plan, shop = served.query, served.plan, served.shop
    say = wording.Speaker(query.language or shop.control.language, plan.kind)
    if plan.kind != "personalised" or not served.asked.has_model:
        about = title_of(shop, query.products[0]) if len(query.products) == 1 else ""
        return [say.beside(source, about) for source in sources]
    kinds: dict[str, str] = {}
    for product, act, _ in served.acts:
        kinds.setdefault(product, act)
    reasons = []
    said: dict[int, str] = {}  # one product of the history often speaks for several
    for name, source, speaker in zip(names, sources, _speakers(served, sources), strict=True):
        if name in kinds and source not in FALLBACKS:
            reasons.append(say.known(kinds[name]))
        elif speaker >= 0:
            if speaker not in said:
                product = shop.bundle.products.id(speaker)  # type: ignore[union-attr]
                said[speaker] = say.because(kinds.get(product, "purchase"), title_of(shop, product))
            reasons.append(said[speaker])
        else:
            reasons.append(say.beside(source, ""))
    return reasons


def _speakers(served: Served, sources: list[str]) -> list[int]:
    """For each listed product the one of the model's that speaks for it out of the history, or -1."""
    bundle = served.shop.bundle
    assert bundle is not None
    if FALLBACKS.issuperset(sources):
        return [-1] * len(sources)
    items, size = served.composed.pool.items, len(bundle.products)
    has_new = served.shop.assortment.size > size and int(items.max()) >= size
    graph, (past, _) = bundle.parts["neighbours"], served.asked.past
    found = evidence.strongest(graph, np.where(items < size, items, 0) if has_new else items, past)  # type: ignore[arg-type]
    if has_new:
        found = [speaker if item < size else -1 for speaker, item in zip(found, items.tolist(), strict=True)]
    return found


def title_of(shop: Shop, product: str) -> str:
    return shop.window.title(product)


def details(shop: Shop, product: str) -> dict[str, Any]:
    """What a shop page needs to draw the product, from the window."""
    return shop.window.details(product)
