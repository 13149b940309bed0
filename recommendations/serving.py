"""One recommendation request, from the query to the answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import connections

from modelregistry.routing import CHAMPION, Route
from recommendations import (
    answer_log,
    answers,
    arms,
    canary_faults,
    candidates,
    composing,
    control,
    history,
    popular,
    shoppers,
    suppression,
)
from recommendations.candidacy import Facts
from recommendations.candidates import Shop
from recommendations.composing import Composed, Served
from recommendations.control import Control
from recommendations.queries import Query
from recommendations.ranking import Trace
from recommendations.sources import Act, Asked
from tenants import tenancy

Epochs = tuple[bytes | None, ...] | None


@dataclass(slots=True)
class Call:
    """What the gate fetched for one call. `moment` is when it counts as asked, epoch seconds; 0 = now."""

    epochs: Epochs
    values: list[Any]
    layout: tuple[str, ...] = ()
    moment: float = 0.0

    def all(self, name: str) -> list[Any]:
        return [value for value, of in zip(self.values, self.layout, strict=False) if of == name]

    def one(self, name: str) -> bytes:
        found = self.all(name)
        return found[0] if found and isinstance(found[0], bytes) else b""


class RecommendationEngine:
    """Answers for one shop. Callers pass no flag: whether the shop is cold is found out in here.

    reads    what the gate should fetch for a query, in the round trip that it makes anyway
    predict  the answer, from what the gate fetched
    """

    def __init__(self, tenant_id: int, *, currency: str = "") -> None:
        self.tenant_id = tenant_id
        self.currency = currency

    def reads(self, query: Query) -> list[tuple[str, int]]:
        """The cold flag, the histories, the customer's facts where conditions ask for them, and the popular list
        unless the shop is known to be warm."""
        length = settings.HISTORY_EVENTS + 1
        wanted: list[tuple[str, int]] = [(popular.cold_key(self.tenant_id), 0)]
        layout = ["cold"]
        for of in subjects(query):
            wanted.append((history.key(self.tenant_id, of), length))
            layout.append("history")
        held = candidates.peek(self.tenant_id)
        if query.customer and (query.uses_shopper or (held is not None and held.control.uses_shopper)):
            wanted.append((shoppers.key(self.tenant_id, query.customer), 0))
            layout.append("shopper")
        if held is None or held.bundle is None or held.is_cold:
            wanted.append((popular.key(self.tenant_id), 0))
            layout.append("popular")
        if query.customer and held is not None and held.routes.has_experiments:
            wanted += [(arms.key(self.tenant_id, of), arms.SEEN) for of in subjects(query)]
            layout += ["arms"] * (len(wanted) - len(layout))
        query.layout = tuple(layout)
        return wanted

    def predict(
        self, query: Query, *, epochs: Epochs, values: list[Any], request_id: str, is_test: bool = False
    ) -> dict[str, Any]:
        """The answer as plain JSON values, kept in the log. `epochs` None and `values` [] = no cache server."""
        started = time.perf_counter()
        served = self.serve(query, Call(epochs, values, query.layout))
        answer = answers.several(served, request_id) if query.several else answers.one(served[0], request_id)
        answer_log.note(
            self.tenant_id, served, list(answer["placements"].values()) if query.several else [answer],
            request_id=request_id, epochs=epochs, seconds=time.perf_counter() - started, is_test=is_test,
        )
        return answer

    def check(
        self, query: Query, *, epochs: Epochs, values: list[Any], request_id: str, is_test: bool = False
    ) -> dict[str, Any]:
        """What is to be said of a query that asks only whether it is right; nothing is recommended."""
        shop = candidates.shop(self.tenant_id, epochs)
        return answers.checked(shop, query, request_id)

    def serve(
        self, query: Query, call: Call, *, shop: Shop | None = None, rules: Control | None = None,
        usual: Route = CHAMPION, tells: bool = False,
    ) -> list[Served]:
        """The lists that the query asks for, no product twice across them.

        shop     another than the one that this process holds: with another version of the model, for
                 everybody, whatever experiments run
        rules    other decisions than the shop's own, to try them
        usual    the route of every list of such a shop
        tells    also keeps what was dropped or moved, and why
        """
        routes = None
        if shop is None:
            shop = candidates.shop(self.tenant_id, call.epochs)
            routes = shop.routes if shop.routes.decides and not query.is_limited else None
        flag = call.one("cold")
        # Without the flag the cache server mostly knows no histories either: one transaction for both.
        with nullcontext() if flag else tenancy.within(self.tenant_id):
            shop.is_cold = self._is_cold_start(flag)
            acts = self._acts(query, call)
        kept = arms.kept(call.all("arms")) if routes else {}
        rules = rules or shop.control
        call.moment = call.moment or time.time()
        shopper = self._shopper(query, call) if query.uses_shopper or rules.uses_shopper else None
        found: list[Served] = []
        for one in query.several or (query,):
            route = routes.choose(one.customer or one.session, one.placement, kept) if routes else usual
            make = self._tried if route.is_canary else self._list
            found.append(make(shop, one, acts, call, rules, shopper, found, route, tells=tells))
        return found

    def _tried(
        self, shop: Shop, query: Query, acts: Sequence[Act], call: Call, rules: Control,
        shopper: dict[str, Any] | None, before: Sequence[Served], route: Route, *, tells: bool,
    ) -> Served:
        """A list of a version on trial: where it fails, that counts against it, and the champion answers."""
        try:
            return self._list(shop, query, acts, call, rules, shopper, before, route, tells=tells)
        except Exception as error:  # noqa: BLE001  (whatever a canary does must not reach a shopper)
            canary_faults.note(self.tenant_id, route.version, error)
        usual = replace(route, version=0, is_canary=False)
        return self._list(shop, query, acts, call, rules, shopper, before, usual, tells=tells)

    def _list(
        self, shop: Shop, query: Query, acts: Sequence[Act], call: Call, rules: Control,
        shopper: dict[str, Any] | None, before: Sequence[Served], route: Route, *, tells: bool,
    ) -> Served:
        usual, shop = shop, shop.routed(route.version)
        context = self._context(shop, query)
        plan = arms.apply(control.plan(rules, query, context=context, shopper=shopper, now=call.moment), route)
        asked = Asked(
            shop, query, plan, acts, lambda: self._ranked(usual, call), context, shopper, _taken(shop, before),
            Trace() if tells else None, call.moment,
        )
        composed = composing.nothing() if plan.is_off else composing.compose(asked)
        return Served(asked, composed, _reason(asked, composed), route)

    def _context(self, shop: Shop, query: Query) -> Facts | None:
        """The product that the page is about, as expressions read it."""
        if not query.products:
            return None
        first = int(shop.assortment.index(query.products[:1])[0])
        return Facts(shop.assortment, first) if first >= 0 else None

    def _shopper(self, query: Query, call: Call) -> dict[str, Any]:
        """What conditions may ask of the shopper: the facts that the gate read, else those of the rows."""
        facts: dict[str, Any] = {"is_known": False}
        if query.customer:
            kept = shoppers.recall(call.one("shopper"), self.tenant_id)
            if kept is None:
                with tenancy.within(self.tenant_id) as tenant:
                    kept = shoppers.load(tenant, query.customer)
            facts = kept
        lists = zip(subjects(query), call.all("history"), strict=False)
        visit = [len(history.parse(raw)) for of, raw in lists if of.startswith("s:")]
        return {**facts, "session_events": sum(visit)} if visit else facts

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

    def _acts(self, query: Query, call: Call) -> list[Act]:
        """What this shopper did lately, newest first; completed from the rows when it must be."""
        acts: list[Act] = []
        lists = call.all("history")
        of_whom = subjects(query)
        for number, of in enumerate(of_whom):
            raw = lists[number] if number < len(lists) else []
            found = history.parse(raw)
            if of.startswith("c:") and not history.is_loaded(raw):
                older = self._recorded(query.customer)
                if lists and not suppression.known(self.tenant_id, call.epochs).has(of):
                    history.complete(self.tenant_id, of, older)
                found += [(product, kind, int(moment)) for product, kind, moment in older]
            acts += found
        if len(acts) > 1 and len(of_whom) > 1:
            acts.sort(key=lambda act: -act[2])
        return acts

    def _recorded(self, customer: str) -> list[tuple[str, str, float]]:
        with tenancy.within(self.tenant_id), connections["default"].cursor() as cursor:
            cursor.execute(RECORDED, {"tenant": self.tenant_id, "customer": customer, "most": settings.HISTORY_EVENTS})
            return [(str(product), str(kind), float(moment)) for product, kind, moment in cursor.fetchall()]

    def _ranked(self, shop: Shop, call: Call) -> list[tuple[str, float]]:
        """The popular list: this process's, else the cached one, else computed and cached for an hour."""
        epochs = call.epochs
        epoch = b"|".join((epochs[2] or b"", epochs[3] or b"")) if epochs else b""
        cached = call.one("popular")
        if shop.popular is not None and shop.popular_epoch == epoch and epochs and cached:
            return shop.popular
        found = popular.recall(cached, tenant_id=self.tenant_id, epoch=epoch)
        if found is None:
            with tenancy.within(self.tenant_id) as tenant:
                found = popular.compute(tenant)
            popular.remember(self.tenant_id, found, epoch=epoch)
        shop.popular, shop.popular_epoch = found, epoch
        return found


def _taken(shop: Shop, before: Sequence[Served]) -> list[int]:
    """What the lists before show already, in this shop's numbering: another version has another."""
    found: list[int] = []
    for served in before:
        items = served.composed.pool.items
        if served.shop is not shop:
            items = shop.assortment.index(served.shop.assortment.ids(items.tolist()))
        found += items.tolist()
    return found


def _reason(asked: Asked, composed: Composed) -> str | None:
    """Why the list is not what was asked for; None when it is."""
    shop, plan, query = asked.shop, asked.plan, asked.query
    if plan.is_off:
        return "placement_off"
    if plan.is_held_out:
        return "holdout"
    if shop.is_cold:
        return "cold_start"
    if shop.bundle is None:
        return "model_unavailable" if shop.degraded else "model_training"
    fell_back = all(composed.sources[code] in answers.FALLBACKS for code in set(composed.pool.sources.tolist()))
    if fell_back and plan.kind == "personalised":
        return "no_history"
    if fell_back and query.products and plan.kind in ("similar", "bought_together", "look"):
        return "unknown_product"
    return None


# Orders are acts of the customer too; their arrival counts, since a model knows what came before it.
RECORDED = """
select product, kind, extract(epoch from arrived)::float8 from (
    select product_external_id as product, kind, received_at as arrived, occurred_at as happened
    from recommendations_event
    where tenant_id = %(tenant)s and customer_external_id = %(customer)s and product_external_id <> ''
      and kind in ('view', 'cart', 'remove', 'click', 'purchase', 'hide')
      and occurred_at > now() - interval '180 days'
    union all
    select l.product_external_id, case when o.is_countable then 'purchase' else 'return' end,
           case when o.is_countable then o.created_at else o.updated_at end, o.ordered_at
    from recommendations_customer c
    join recommendations_order o on o.tenant_id = c.tenant_id and o.customer_id = c.id
     and (o.is_countable or o.state = 'refunded')
    join recommendations_orderline l on l.tenant_id = o.tenant_id and l.order_id = o.id
    where c.tenant_id = %(tenant)s and c.external_id = %(customer)s
) acts order by happened desc limit %(most)s
"""


def subjects(query: Query) -> list[str]:
    """Whose histories a list is made from: the customer's, and the session's."""
    found = [history.subject(customer=query.customer)] if query.customer else []
    return [*found, history.subject(session=query.session)] if query.session else found
