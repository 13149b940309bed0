"""One recommendation request, from the query to the answer."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connections

from luxebrain.lib import redis
from recommendations import candidates, history, identity, popular, suppression
from recommendations.algorithms.bundle import Recommended
from recommendations.candidates import Shop
from recommendations.queries import Query
from tenants import epochs, tenancy
from tenants.models import Tenant

# What a shopper is told, by the part of the model that named the product.
REASONS = {
    "neighbours": "Goes with what you chose before",
    "als": "Chosen by customers with your taste",
    "hybrid": "Matches your taste",
    "content": "Similar in kind",
    "bought_together": "Often bought together",
    "trending": "In demand right now",
    "popularity": "Popular in this shop",
    "newest": "New in this shop",
}
SIMILAR_REASONS = {"neighbours": "Bought by the same customers", "content": "Similar in kind"}


@dataclass(slots=True)
class Served:
    """What was found, before it is put into words. `items` are (product id, score, source)."""

    strategy: str
    reason: str | None
    version: int
    items: list[tuple[str, float, str]] = field(default_factory=list)
    degraded: str = ""


class RecommendationEngine:
    """Answers for one shop. Callers pass no flag: whether the shop is cold is found out in here.

    reads    what the gate should fetch for a query, in the round trip that it makes anyway
    predict  the answer, from what the gate fetched
    """

    def __init__(self, tenant_id: int, *, currency: str = "") -> None:
        self.tenant_id = tenant_id
        self.currency = currency

    def reads(self, query: Query) -> list[tuple[str, int]]:
        """The cold flag, the popular list unless the shop is known to be warm, and the histories."""
        length = settings.HISTORY_EVENTS + 1
        wanted: list[tuple[str, int]] = [(popular.cold_key(self.tenant_id), 0)]
        wanted += [(history.key(self.tenant_id, of), length) for of in subjects(query)]
        held = candidates.peek(self.tenant_id)
        if held is None or held.bundle is None or held.is_cold:
            wanted.append((popular.key(self.tenant_id), 0))
        return wanted

    def predict(
        self, query: Query, *, epochs: tuple[bytes | None, ...] | None, values: list[Any], request_id: str
    ) -> dict[str, Any]:
        """The answer as plain JSON values. `epochs` None and `values` [] = the cache server is away."""
        shop = candidates.shop(self.tenant_id, epochs)
        acts = self._acts(query, values)
        served = self._serve(shop, query, acts, epochs, values)
        return self._answer(shop, query, served, acts, request_id)

    def _serve(
        self, shop: Shop, query: Query, acts: list[tuple[str, str, int]], epochs: Any, values: list[Any]
    ) -> Served:
        flag = values[0] if values else b""
        shop.is_cold = self._is_cold_start(flag)
        if shop.is_cold:
            return self._popular(shop, query, acts, epochs, values, "cold_start")
        if shop.bundle is None:
            reason = "model_unavailable" if shop.degraded else "model_training"
            return self._popular(shop, query, acts, epochs, values, reason)
        return self._model(shop, query, acts)

    def _is_cold_start(self, flag: bytes = b"") -> bool:
        """Strictly fewer than ten countable orders. The flag is the cached answer, if there is one."""
        known = popular.recall_cold(flag, tenant_id=self.tenant_id)
        if known is not None:
            return known
        needed = settings.COLD_START_ORDERS
        with tenancy.within(self.tenant_id) as tenant:
            is_cold = popular.countable_orders(tenant, most=needed) < needed
        popular.remember_cold(self.tenant_id, is_cold=is_cold)
        return is_cold

    def _acts(self, query: Query, values: list[Any]) -> list[tuple[str, str, int]]:
        """What this shopper did lately, newest first; completed from the rows when it must be."""
        acts: list[tuple[str, str, int]] = []
        for number, of in enumerate(subjects(query), start=1):
            raw = values[number] if values else []
            found = history.parse(raw)
            if of.startswith("c:") and not history.is_loaded(raw):
                older = self._recorded(query.customer)
                if values and not suppression.known(self.tenant_id).has(of):
                    history.complete(self.tenant_id, of, older)
                found += [(product, kind, int(moment)) for product, kind, moment in older]
            acts += found
        if len(acts) > 1 and query.customer and query.session:
            acts.sort(key=lambda act: -act[2])
        return acts

    def _recorded(self, customer: str) -> list[tuple[str, str, float]]:
        with tenancy.within(self.tenant_id), connections["default"].cursor() as cursor:
            cursor.execute(_RECORDED, {"tenant": self.tenant_id, "customer": customer, "most": settings.HISTORY_EVENTS})
            return [(str(product), str(kind), float(moment)) for product, kind, moment in cursor.fetchall()]

    def _model(self, shop: Shop, query: Query, acts: list[tuple[str, str, int]]) -> Served:
        bundle = shop.bundle
        assert bundle is not None
        fresh = [act for act in acts if act[2] >= shop.read_at]
        found: list[Recommended] = bundle.recommend(
            query.kind,  # type: ignore[arg-type]
            limit=query.limit,
            customer=query.customer or None,
            product=query.products or None,
            recent=history.weigh(fresh, now=time.time()),
            exclude=self._excluded(shop, query, acts),
            allowed=shop.window.mask(bundle.products),
        )
        served = Served("model", None, shop.version, degraded=shop.degraded)
        names = bundle.products.ids([item.product for item in found])
        served.items = [(name, item.score, item.source) for name, item in zip(names, found, strict=True)]
        if query.kind == "personalised" and all(item.source == "popularity" for item in found):
            served.reason = "no_history"
        elif query.products and all(item.source == "popularity" for item in found):
            served.reason = "unknown_product"
        return served

    def _excluded(self, shop: Shop, query: Query, acts: list[tuple[str, str, int]]) -> np.ndarray | None:
        names = [*query.exclude, *in_cart(acts)]
        if not names or shop.bundle is None:
            return None
        return shop.bundle.products.index(names)

    def _popular(
        self, shop: Shop, query: Query, acts: list[tuple[str, str, int]], epochs: Any, values: list[Any], reason: str
    ) -> Served:
        """Best sellers for sale that this shopper has not bought and has not in the cart."""
        left_out = {*query.exclude, *query.products, *in_cart(acts)}
        left_out |= {product for product, kind, _ in acts if kind == "purchase"}
        ranked = self._ranked(shop, epochs, values)
        items = [
            (product, float(units), "popularity" if units > 0 else "newest")
            for product, units in ranked
            if product not in left_out and shop.window.is_for_sale(product)
        ][: query.limit]
        if not items:  # everything popular was bought already: better again than nothing
            unwanted = {*query.exclude, *query.products}
            items = [
                (product, float(units), "popularity")
                for product, units in ranked
                if product not in unwanted and shop.window.is_for_sale(product)
            ]
        return Served("popular", reason, 0, items[: query.limit], degraded=shop.degraded)

    def _ranked(self, shop: Shop, epochs: Any, values: list[Any]) -> list[tuple[str, float]]:
        """The popular list: this process's, else the cached one, else computed and cached for an hour."""
        epoch = b"|".join((epochs[2] or b"", epochs[3] or b"")) if epochs else b""
        if shop.popular is not None and shop.popular_epoch == epoch and epochs:
            cached = values[-1] if values and isinstance(values[-1], bytes) else b""
            if cached:
                return shop.popular
        cached = values[-1] if values and isinstance(values[-1], bytes) else b""
        found = popular.recall(cached, tenant_id=self.tenant_id, epoch=epoch)
        if found is None:
            with tenancy.within(self.tenant_id) as tenant:
                found = popular.compute(tenant)
            popular.remember(self.tenant_id, found, epoch=epoch)
        shop.popular, shop.popular_epoch = found, epoch
        return found

    def _answer(
        self, shop: Shop, query: Query, served: Served, acts: list[tuple[str, str, int]], request_id: str
    ) -> dict[str, Any]:
        reasons = SIMILAR_REASONS if query.products else REASONS
        items = []
        for rank, (product, score, source) in enumerate(served.items, start=1):
            item: dict[str, Any] = {
                "product_id": product,
                "rank": rank,
                "score": round(score, 6),
                "source": source,
                "reason": reasons.get(source) or REASONS.get(source, ""),
            }
            if query.details:
                item |= details(shop, product)
            items.append(item)
        wanted = {"popular": {"popularity", "newest"}, "trending": {"trending"}}.get(query.kind)
        fell_back = served.strategy == "popular" or any(
            source not in wanted if wanted else source in {"popularity", "newest"} for _, _, source in served.items
        )
        warnings = [served.degraded] if served.degraded else []
        if len(items) < query.limit:
            warnings.append(f"Only {len(items)} of {query.limit} products can be shown.")
        return {
            "request_id": request_id,
            "recommendation_id": identity.make(served.version),
            "type": query.spoken_kind,
            "strategy": served.strategy,
            "strategy_reason": served.reason,
            "model_version": f"v{served.version}" if served.version else None,
            "model_scope": "tenant" if served.version else None,
            "fallback_used": fell_back,
            "degraded": bool(served.degraded),
            "warnings": warnings,
            "items": items,
        }


# Orders are acts of the customer too; their arrival counts, since a model knows what came before it.
_RECORDED = """
select product, kind, extract(epoch from arrived)::float8 from (
    select product_external_id as product, kind, received_at as arrived, occurred_at as happened
    from recommendations_event
    where tenant_id = %(tenant)s and customer_external_id = %(customer)s and product_external_id <> ''
      and kind in ('view', 'cart', 'remove', 'click', 'purchase') and occurred_at > now() - interval '180 days'
    union all
    select l.product_external_id, 'purchase', o.created_at, o.ordered_at
    from recommendations_customer c
    join recommendations_order o on o.tenant_id = c.tenant_id and o.customer_id = c.id and o.is_countable
    join recommendations_orderline l on l.tenant_id = o.tenant_id and l.order_id = o.id
    where c.tenant_id = %(tenant)s and c.external_id = %(customer)s
) acts order by happened desc limit %(most)s
"""


def subjects(query: Query) -> list[str]:
    """Whose histories a personalised list is made from: the customer's, and the session's."""
    if query.kind != "personalised" and not query.customer:
        return []
    found = [history.subject(customer=query.customer)] if query.customer else []
    return [*found, history.subject(session=query.session)] if query.session else found


def in_cart(acts: list[tuple[str, str, int]]) -> set[str]:
    """Products put into the cart and neither taken out nor bought since."""
    latest: dict[str, str] = {}
    for product, kind, _ in acts:
        if kind in {"cart", "remove", "purchase"}:
            latest.setdefault(product, kind)
    return {product for product, kind in latest.items() if kind == "cart"}


def details(shop: Shop, product: str) -> dict[str, Any]:
    """What a shop page needs to draw the product, from the window."""
    title, price, currency, url, image, _ = shop.window.rows.get(product, ("", None, "", "", "", False))
    return {"title": title, "price": price, "currency": currency, "url": url, "image_url": image}


def explain(tenant: Tenant, query: Query, *, request_id: str = "") -> dict[str, Any]:
    """The same answer for the panel, with titles, the history it came from and what speaks for each."""
    engine = RecommendationEngine(tenant.pk, currency=tenant.currency)
    query.details = True
    wanted = engine.reads(query)
    try:
        client = redis.client()
        values = [client.lrange(name, 0, count - 1) if count else client.get(name) or b"" for name, count in wanted]
        moved = tuple(client.hmget(epochs.name(tenant.pk), epochs.KINDS))
    except redis.Unreachable:
        values, moved = [], None
    answer = engine.predict(query, epochs=moved, values=values, request_id=request_id)
    shop = candidates.shop(tenant.pk, moved)
    acts = engine._acts(query, values)
    answer["history"] = [
        {"kind": kind, "product_id": product, "at": datetime.fromtimestamp(moment, UTC), **details(shop, product)}
        for product, kind, moment in acts[:20]
    ]
    if shop.bundle is not None and answer["strategy"] == "model" and query.kind == "personalised":
        for item in answer["items"]:
            item["because"] = because(shop, query, acts, item["product_id"])
    return answer


def because(shop: Shop, query: Query, acts: list[tuple[str, str, int]], product: str) -> list[dict[str, Any]]:
    """The products of the history that speak for this one, with their share."""
    bundle = shop.bundle
    assert bundle is not None
    index = int(bundle.products.index([product])[0])
    if index < 0:
        return []
    fresh = [act for act in acts if act[2] >= shop.read_at]
    recent = history.weigh(fresh, now=time.time())
    shares = bundle.because(index, customer=query.customer or None, recent=recent)[:3]
    names = bundle.products.ids([number for number, _ in shares])
    return [
        {"product_id": name, "share": round(share, 4), **details(shop, name)}
        for name, (_, share) in zip(names, shares, strict=True)
    ]
