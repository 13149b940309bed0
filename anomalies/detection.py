"""AnomalyDetector: readings of calls, refusals, orders and streams become signals. It writes nothing."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from anomalies import metrics, rules
from anomalies.detectors.reading import Reading
from anomalies.incidents import Signal
from anomalies.models import Severity, Side
from tenants.models import Tenant

# By how much a currency's unit is smaller than those that limits are written in (euro, dollar, pound, franc), as a
# power of ten: a limit of 10,000 is one of 1,000,000 yen. Rough on purpose; a shop's own quantile takes over.
MAGNITUDE = {
    **dict.fromkeys(("CZK", "CNY", "DKK", "HKD", "MXN", "NOK", "SEK", "ZAR"), 10),
    **dict.fromkeys(("HUF", "INR", "ISK", "JPY", "PHP", "RUB", "THB"), 100),
    **dict.fromkeys(("CLP", "COP", "KRW"), 1_000), **dict.fromkeys(("IDR", "VND"), 10_000),
}  # fmt: skip
LISTED = 5


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """An order as far as the rules look at it."""

    external_id: str
    total: Decimal
    currency: str
    customer: str
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class RefusalSeen:
    """A failed authentication with everything that may be behind it: ("key …", "person …", "address …")."""

    at: datetime
    subjects: tuple[str, ...]


class AnomalyDetector:
    """The fixed limits and the learned baselines of all tenants, by the rules of `book`.

    detector.calls(tenant, minutes), .refusals(…), .orders(…), .bucket(…) → list of Signal. Fixed windows close:
    a window's count is made of what happened in it, and of nothing else.
    """

    def __init__(self, book: rules.RuleBook) -> None:
        self.book = book

    def calls(self, tenant: Tenant, minutes: Mapping[int, Mapping[str, int]]) -> list[Signal]:
        """API rate. minutes: {minute since the epoch: {"meter|key id": calls}}."""
        rule = self.book.of(tenant, "api_rate", "limit")
        if not rule.is_active:
            return []
        width = max(1, rule.window_seconds // 60)
        windows: dict[int, Counter[str]] = defaultdict(Counter)
        for minute, counts in minutes.items():
            windows[minute // width].update(counts)
        found = []
        for number, counts in sorted(windows.items()):
            calls = sum(counts.values())
            if calls > rule.threshold:
                at = datetime.fromtimestamp(number * width * 60, UTC)
                severity = "high" if calls > 5 * rule.threshold else rule.severity
                found.append(
                    self._limit(tenant, rule, at, calls, severity, window=f"{width}m{number}",
                                count=int(calls - rule.threshold), facts={"who": behind(counts)})
                )  # fmt: skip
        return found

    def refusals(self, tenant: Tenant, seen: Sequence[RefusalSeen], *, since: datetime) -> list[Signal]:
        """Failed authentications of one key, person or address. Those since `since` count; the older are context."""
        rule = self.book.of(tenant, "failed_auth", "limit")
        of_subject: dict[str, list[datetime]] = defaultdict(list)
        for one in seen:
            for subject in one.subjects:
                of_subject[subject].append(one.at)
        beyond = {
            name: crowded(times, most=int(rule.threshold) - 1, seconds=rule.window_seconds)
            for name, times in of_subject.items()
        }
        who = {name: densest(of_subject[name], rule.window_seconds) for name, times in beyond.items() if times}
        times = sorted({at for found in beyond.values() for at in found})
        facts = {"who": {"subjects": top(who)}}
        return self._crowds(tenant, rule, times, since, facts=facts, peak=max(who.values(), default=0))

    def orders(
        self, tenant: Tenant, seen: Sequence[OrderSeen], *, since: datetime, usual: Callable[[str], float | None],
        usual_count: float | None = None,
    ) -> list[Signal]:  # fmt: skip
        """Large orders and quick successions. usual(currency): the shop's own 99.9 % quantile, or None."""
        found = [signal for order in seen if order.ordered_at >= since for signal in self._large(tenant, order, usual)]
        rule = self.book.of(tenant, "rapid_orders", "limit")
        most = int(max(rule.threshold, usual_count or 0))
        placed = [order.ordered_at for order in seen]
        times = crowded(placed, most=most, seconds=rule.window_seconds)
        peak = densest(placed, rule.window_seconds)
        crowd = [order for order in seen if order.ordered_at >= since]
        who = {"customers": top(Counter(f"customer {order.customer or 'unknown'}" for order in crowd))}
        return found + self._crowds(tenant, rule, times, since, facts={"who": who}, peak=peak, limit=most)

    def _large(self, tenant: Tenant, order: OrderSeen, usual: Callable[[str], float | None]) -> Iterable[Signal]:
        rule = self.book.of(tenant, "large_order", "limit")
        limit = rule.threshold * MAGNITUDE.get(order.currency, 1)
        if not rule.is_active or order.total <= limit:
            return
        limit = max(limit, usual(order.currency) or 0)
        if order.total <= limit:
            return
        severity = "medium" if order.total > 10 * limit else rule.severity
        facts = {
            "currency": order.currency, "order": order.external_id,
            "who": {"orders": [[order.external_id, float(order.total)]]},
        }  # fmt: skip
        yield self._limit(tenant, rule, order.ordered_at, float(order.total), severity,
                          window=f"order {order.external_id}", facts=facts, limit=limit)  # fmt: skip

    def _crowds(
        self, tenant: Tenant, rule: rules.Rule, times: Sequence[datetime], since: datetime, *, facts: dict[str, Any],
        peak: int, limit: float | None = None,
    ) -> list[Signal]:  # fmt: skip
        """One signal for each fixed window in which something was beyond the limit."""
        if not rule.is_active:
            return []
        windows = Counter(int(at.timestamp()) // rule.window_seconds for at in times if at >= since)
        limit = rule.threshold if limit is None else limit
        severity = "high" if peak > 5 * limit else rule.severity
        found = []
        for number, count in sorted(windows.items()):
            last = max(at for at in times if int(at.timestamp()) // rule.window_seconds == number)
            beyond = {"window": f"w{number}", "count": count, "facts": facts, "limit": limit}
            found.append(self._limit(tenant, rule, last, peak, severity, **beyond))
        return found

    def _limit(
        self, tenant: Tenant, rule: rules.Rule, at: datetime, observed: float, severity: str, *, window: str,
        count: int = 1, facts: Mapping[str, Any], limit: float | None = None,
    ) -> Signal:  # fmt: skip
        night = rules.is_night(at, tenant)
        if night:
            severity = step_up(severity)
        facts = {**facts, **_by(rule, night)}
        return Signal(
            rule.metric, Side.UP, at, observed, severity, "limit", window, count,
            rule.threshold if limit is None else limit, facts=facts,
        )  # fmt: skip

    def bucket(
        self, tenant: Tenant, metric: str, at: datetime, value: float, reading: Reading, *, raised: bool = False
    ) -> Signal | None:
        """A closed bucket of a stream; None when nothing is strange about it. raised: one step more is needed."""
        rule = self.book.of(tenant, metric, "baseline")
        known = metrics.get(metric)
        side = {1: Side.UP, -1: Side.DOWN}.get(reading.side, "")
        if not rule.is_active or side not in known.sides or strangeness(reading) < rule.threshold + raised:
            return None
        severity = rule.severity or severity_of(known, reading)
        night = rules.is_night(at, tenant)
        if night and side == Side.UP:
            severity = step_up(severity)
        return Signal(
            metric, side, at, value, severity, "baseline", f"b{int(at.timestamp())}", 1, None,
            reading.expected, reading.low, reading.high, -reading.log10p if known.kind != "real" else None,
            _by(rule, night),
        )  # fmt: skip


def _by(rule: rules.Rule, night: bool) -> dict[str, Any]:
    """What an incident keeps of the rule that raised it."""
    found: dict[str, Any] = {
        "night": night, "action": rule.action, "rule": rule.rule_id, "channels": list(rule.channels),
        "cool_down": rule.cool_down,
    }  # fmt: skip
    return {**found, "throttle": list(rule.throttle)} if rule.action == "throttle" else found


def strangeness(reading: Reading) -> float:
    """The score as rules write it, 0 to 16: of counts minus log10 of the chance, of values the score times sixteen."""
    return 16.0 * reading.score


def severity_of(metric: metrics.Metric, reading: Reading) -> str:
    """High: a chance below 1 in 10^8 (of a day's measure: 10^6), a value three widths outside its range, or orders and
    calls that fall away where more than 20 were expected."""
    falls = reading.side < 0 and metric.name in ("orders", "requests") and reading.expected > 20
    high, medium = {"count": (8.0, 5.0), "real": (14.0, 0.0), "rare": (6.0, 0.0)}[metric.kind]
    if strangeness(reading) >= high or falls:
        return Severity.HIGH
    return Severity.MEDIUM if strangeness(reading) >= medium else Severity.LOW


def step_up(severity: str) -> str:
    levels = list(Severity)
    return levels[min(Severity(severity).rank + 1, len(levels) - 1)].value


def crowded(times: Sequence[datetime], *, most: int, seconds: int) -> list[datetime]:
    """Those that are more than the `most`-th within `seconds` before them (a sliding window)."""
    ordered = sorted(times)
    width = timedelta(seconds=seconds)
    return [at for i, at in enumerate(ordered) if i >= most and at - ordered[i - most] < width]


def densest(times: Sequence[datetime], seconds: int) -> int:
    """The largest number of them within `seconds`."""
    ordered, width, first, most = sorted(times), timedelta(seconds=seconds), 0, 0
    for i, at in enumerate(ordered):
        while at - ordered[first] >= width:
            first += 1
        most = max(most, i - first + 1)
    return most


def behind(counts: Mapping[str, int]) -> dict[str, list[list[Any]]]:
    """Who is behind calls: the top keys and endpoints of {"meter|key id": calls}."""
    keys: Counter[str] = Counter()
    meters: Counter[str] = Counter()
    for name, count in counts.items():
        meter, _, key = name.partition("|")
        keys[f"key {key}"] += count
        meters[meter] += count
    return {"keys": top(keys), "endpoints": top(meters)}


def top(counts: Mapping[str, int]) -> list[list[Any]]:
    return [[name, count] for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LISTED]]
