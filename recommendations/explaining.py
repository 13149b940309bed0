"""The same answer for people: with the history it came from, score parts, rules applied, what was dropped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
from django.conf import settings

from luxebrain.lib import redis
from recommendations import answers, candidates, history
from recommendations.algorithms import evidence
from recommendations.algorithms.blend import Blend
from recommendations.candidates import Shop
from recommendations.control import Control
from recommendations.queries import Query
from recommendations.serving import Call, RecommendationEngine, Served
from recommendations.sources import LISTED, Act
from tenants import epochs
from tenants.models import Tenant

# Products of the history that are named for one listed product.
NAMED = 3


def explain(
    tenant: Tenant, query: Query, *, request_id: str = "", version: int | None = None, rules: Control | None = None
) -> dict[str, Any]:
    """The answer with titles, "history", "candidates", "dropped"; each item with "because", "parts", "marks".

    version    number of another version of the model to answer; the one in service by default
    rules      decisions to be tried in the place of the shop's own
    Raises NotFound for a version that the shop does not have, ArtifactError or BundleDamaged for one
    that cannot be loaded.
    """
    return explained(serve(tenant, query, version=version, rules=rules), request_id=request_id)


def serve(
    tenant: Tenant, query: Query, *, version: int | None = None, rules: Control | None = None,
    acts: Sequence[Act] | None = None, moment: float = 0.0, shop: Shop | None = None,
) -> Served:
    """One list through the same engine as a call of the API, with its trace.

    acts      what the shopper did, newest first, in the place of what is known of them now
    moment    when it counts as asked, epoch seconds; 0 = now
    shop      with a version that the caller has loaded, in the place of `version`
    """
    engine = RecommendationEngine(tenant.pk, currency=tenant.currency)
    query.details = True
    call = fetched(engine, query)
    call.moment = moment
    if acts is not None:
        call = _knowing(acts, call)
    if version is not None:
        shop = candidates.with_version(tenant, version, call.epochs)
    return engine.serve(query, call, shop=shop, rules=rules, tells=True)[0]


def fetched(engine: RecommendationEngine, query: Query) -> Call:
    """What the gate would have read for this query."""
    wanted = engine.reads(query)
    try:
        client = redis.client()
        values = [client.lrange(name, 0, count - 1) if count else client.get(name) or b"" for name, count in wanted]
        moved = epochs.read(engine.tenant_id)
    except redis.Unreachable:
        return Call(None, [], query.layout)
    return Call(moved, values, query.layout)


def _knowing(acts: Sequence[Act], call: Call) -> Call:
    """The same call with these acts as the shopper's whole history."""
    known = [*(orjson.dumps(act) for act in acts[: settings.HISTORY_EVENTS]), history.LOADED]
    names = call.layout
    first = names.index("history") if "history" in names else -1
    held = call.values or [b""] * len(names)
    values = [
        known if place == first else [history.LOADED] if name == "history" else value
        for place, (name, value) in enumerate(zip(names, held, strict=True))
    ]
    return Call(call.epochs, values, names, call.moment)


def explained(served: Served, *, request_id: str = "") -> dict[str, Any]:
    answer = answers.one(served, request_id)
    shop, composed = served.shop, served.composed
    answer["history"] = [
        {
            "kind": kind, "product_id": product, "at": datetime.fromtimestamp(moment, UTC),
            **answers.details(shop, product),
        }
        for product, kind, moment in served.acts[:20]
    ]
    for item, number in zip(answer["items"], composed.pool.items.tolist(), strict=True):
        item["marks"] = composed.marks.get(number, [])
        item["because"] = because(served, number)
        item["parts"] = parts(served, number)
        item["steps"] = [
            {"step": step, "why": why, "places": by}
            for step, moved, why, by in (served.trace.notes if served.trace else ()) if moved == number and by
        ]
    answer["candidates"] = _listed(shop, composed.candidates)
    answer["dropped"] = _dropped(served)
    return answer


def _dropped(served: Served) -> list[dict[str, Any]]:
    """Products that were looked at and may not be listed, then those that a step of the plan took out."""
    shop, composed = served.shop, served.composed
    shown = set(composed.pool.items.tolist())
    reasons = {item: why for item, why in composed.dropped.items() if item not in shown and why != LISTED}
    for step, item, why, by in served.trace.notes if served.trace else ():
        if not by and item not in shown:
            reasons.setdefault(item, why or step)
    names = shop.assortment.ids(np.fromiter(reasons, np.int32, len(reasons)))
    return [
        {"product_id": name, "why": why, **answers.details(shop, name)}
        for name, why in zip(names, reasons.values(), strict=True)
    ]


def _listed(shop: Shop, pool: Any, most: int = 50) -> list[dict[str, Any]]:
    pairs = zip(shop.assortment.ids(pool.items[:most]), pool.scores[:most].tolist(), strict=True)
    return [{"product_id": name, "score": score} for name, score in pairs]


def because(served: Served, item: int) -> list[dict[str, Any]]:
    """The products of the history that speak for this one, with their share; [] where none does."""
    shop = served.shop
    bundle = shop.bundle
    if bundle is None or served.strategy != "model" or item >= len(bundle.products):
        return []
    if served.plan.kind != "personalised":
        return []
    past, _ = served.asked.past
    found = evidence.shares(bundle.parts["neighbours"], item, past)[:NAMED]  # type: ignore[arg-type]
    names = bundle.products.ids([number for number, _ in found])
    return [
        {"product_id": name, "share": round(share, 4), **answers.details(shop, name)}
        for name, (_, share) in zip(names, found, strict=True)
    ]


def parts(served: Served, item: int) -> list[dict[str, Any]]:
    """What each part of the model adds to the score of a product in a personal list, largest first."""
    bundle = served.shop.bundle
    if bundle is None or served.strategy != "model" or served.plan.kind != "personalised":
        return []
    personal = bundle.parts[bundle.personal]
    if not isinstance(personal, Blend) or item >= len(bundle.products):
        return []
    past, customer = served.asked.past
    found = personal.shares(item, past.items, past.weights, customer, served.plan.weights)
    return [{"part": name, "score": round(score, 6)} for name, score in sorted(found, key=lambda pair: -pair[1])]
