"""Measured: the quality of models, which is measured once a day or once a training, as streams of their own.

What modelregistry keeps of a shop's versions (ModelMetrics) is read as it comes; each measure counts once. A day with
too few lists, or none measured, is no data: there is no point, and after three days the stream says since when.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connections
from django.utils import timezone

from anomalies import incidents, metrics, rules, watching
from anomalies.detection import AnomalyDetector
from anomalies.models import Stream, StreamPoint
from luxebrain.lib import logs
from modelregistry.performance import ENOUGH_LISTS
from modelregistry.statistics.shares import Z95
from tenants.models import Tenant

KEPT = timedelta(days=35)  # as the points of the other streams
FRESH = timedelta(days=3)  # older measures are learnt, and nobody is told
log = logs.get(__name__)

# Of the version that answered most of a day, which is over: its day in the shop.
_ONLINE = """
select distinct on (m.tenant_id, m.window_until)
       m.tenant_id, m.window_from, m.window_until, m.value, m.low, m.high, v.number
from modelregistry_modelmetrics m join modelregistry_modelversion v on v.id = m.version_id
where m.tenant_id = any(%s) and m.source = 'online' and m.metric = 'ctr' and m.sample_size >= %s
  and m.window_until > %s and m.window_until <= m.measured_at
order by m.tenant_id, m.window_until, m.sample_size desc, v.number desc
"""
# Of each training: how well its version did on the newest events, which it had not seen.
_OFFLINE = """
select m.tenant_id, v.created_at, v.created_at, m.value, m.low, m.high, v.number
from modelregistry_modelmetrics m join modelregistry_modelversion v on v.id = m.version_id
where m.tenant_id = any(%s) and m.source = 'offline' and m.metric = 'ndcg@10' and v.origin = 'training'
  and v.created_at > %s
order by m.tenant_id, v.created_at
"""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of one version over [since, at]; low and high: its 95 % interval, None where none is known."""

    since: datetime
    at: datetime
    value: float
    low: float | None
    high: float | None
    version: int

    @property
    def variance(self) -> float:
        return 0.0 if self.low is None or self.high is None else ((self.high - self.low) / (2 * Z95)) ** 2


def read(tenant_ids: Sequence[int], since: datetime) -> dict[int, dict[str, list[Measure]]]:
    """tenant → metric → the measures that came after `since`, the oldest first."""
    found: dict[int, dict[str, list[Measure]]] = defaultdict(lambda: defaultdict(list))
    with connections["ops"].cursor() as cursor:
        for name, query, values in (
            ("quality_online", _ONLINE, [list(tenant_ids), ENOUGH_LISTS, since]),
            ("quality_offline", _OFFLINE, [list(tenant_ids), since]),
        ):
            cursor.execute(query, values)
            for tenant_id, *row in cursor.fetchall():
                found[tenant_id][name].append(Measure(*row))
    return found


def close(*, now: datetime | None = None, renew: Callable[[], object] = lambda: None) -> int:
    """Judges every measure that was not judged yet; returns how many there were."""
    now = now or timezone.now()
    tenants = watching.active_tenants()
    detector = AnomalyDetector(rules.book())
    found = read([tenant.pk for tenant in tenants], now - KEPT)
    judged = 0
    for tenant in tenants:
        judged += close_one(detector, tenant, found.get(tenant.pk, {}), now=now)
        renew()
    return judged


def close_one(detector: AnomalyDetector, tenant: Tenant, found: dict[str, list[Measure]], *, now: datetime) -> int:
    """One shop's measures, in one transaction that holds its streams; a second worker finds them read already."""
    judged = 0
    with tenant.atomic():
        names = [metric.name for metric in metrics.STREAMS if metric.kind == "rare"]
        held = {row.metric: row for row in tenant.streams.select_for_update().filter(metric__in=names)}
        for name in names:
            stream = held.get(name)
            fresh = [one for one in found.get(name, ()) if stream is None or one.at > stream.read_until]
            if stream is None and fresh:
                stream = Stream(tenant=tenant, metric=name, engine="rare", read_until=fresh[0].at)
            if stream is None:
                continue
            for one in fresh:
                _judge(detector, tenant, stream, one, now)
            quiet = name == "quality_online" and stream.read_until < now - FRESH
            silent_since = stream.read_until if quiet else None
            if fresh or stream.silent_since != silent_since:  # most hours bring nothing new
                stream.silent_since = silent_since
                stream.save(using=tenant.alias)
            judged += len(fresh)
    return judged


def _judge(detector: AnomalyDetector, tenant: Tenant, stream: Stream, one: Measure, now: datetime) -> None:
    stream.read_until = one.at
    point = StreamPoint(tenant=tenant, metric=stream.metric, at=one.at, value=one.value)
    reading = None
    if not rules.is_expected(tenant, stream.metric, one.since, one.at):  # whatever window touches what was measured
        engine = watching.engine_of(stream)
        reading = engine.update(one.at.astimezone(tenant.zone), one.value, one.variance)
        reading = reading._replace(low=max(0.0, reading.low))  # no share, and no quality, is below nothing
        stream.state = engine.dump()
    if reading is not None and reading.ready:
        point.expected, point.low, point.high = reading.expected, reading.low, reading.high
        point.log10p = -reading.log10p
    tenant.stream_points.bulk_create([point], ignore_conflicts=True)
    if reading is None or not reading.ready or one.at < now - FRESH:
        return
    signal = detector.bucket(tenant, stream.metric, one.at, one.value, reading, raised=stream.is_raised(now))
    if signal is None:
        for side in metrics.get(stream.metric).sides:  # one ordinary measure ends it: it stands for a day
            incidents.quiet(tenant, stream.metric, side, bucket=one.at, now=now, enough=1)
        return
    signal = replace(signal, facts={**signal.facts, "subject": f"version {one.version}"})
    watching.tell(tenant, signal, now=now)


