"""Streams: closes buckets of five minutes, lets each stream's engine judge them, and keeps both."""

import math
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from anomalies import culprits, incidents, metrics, rules, series, watching
from anomalies.detection import AnomalyDetector
from anomalies.detectors.reading import Reading
from anomalies.metrics import BUCKET_SECONDS
from anomalies.models import Stream, StreamPoint
from luxebrain.lib import logs
from tenants.models import Tenant

BUCKET = timedelta(seconds=BUCKET_SECONDS)
SETTLED = timedelta(seconds=45)  # until then events of a bucket may still be in the inbox
MEMORY = timedelta(hours=12)  # the longest window of the count engine
MOST_BUCKETS = 24  # behind; older buckets are no data: the counters of calls live two hours
KEPT_DAYS = 35
log = logs.get(__name__)


@dataclass
class Judged:
    """One stream's bucket: what is stored of it, and what the engine said (None: it was not asked).
    calm: the bucket itself is ordinary; what is strange about its windows lies further back."""

    point: StreamPoint
    reading: Reading | None
    calm: bool = False


def bucket_of(at: datetime) -> datetime:
    seconds = int(at.timestamp())
    return datetime.fromtimestamp(seconds - seconds % BUCKET_SECONDS, UTC)


def close(*, now: datetime | None = None, renew: Callable[[], object] = lambda: None) -> int:
    """Closes every bucket that is over and was not read yet; returns how many buckets."""
    now = now or timezone.now()
    last = bucket_of(now - SETTLED) - BUCKET
    first = max(watching.mark("buckets", last), last - MOST_BUCKETS * BUCKET)
    tenants = watching.active_tenants()
    detector = AnomalyDetector(rules.book())
    closed = 0
    at = first
    while at <= last:
        values = series.read([tenant.pk for tenant in tenants], at)
        for tenant in tenants:
            close_one(detector, tenant, at, values.get(tenant.pk, {}), now=now)
            renew()
        at += BUCKET
        closed += 1
        watching.advance("buckets", at)
    return closed


def close_one(detector: AnomalyDetector, tenant: Tenant, at: datetime, values: Any, *, now: datetime) -> None:
    """One shop's bucket, in one transaction that holds its streams; a second worker finds them read already."""
    with tenant.atomic():
        held = {row.metric: row for row in tenant.streams.select_for_update()}
        expected = rules.expected_metrics(tenant, at)
        judged = {}
        for metric in metrics.STREAMS:
            if metric.name not in values:
                continue
            value, exposure = values[metric.name]
            stream = held.get(metric.name)
            if stream is None:
                if value is None or (not value and metric.starts == "once"):
                    continue  # a stream begins with the first thing that happens
                stream = Stream(tenant=tenant, metric=metric.name, engine=metric.kind, read_until=at)
            if stream.read_until > at:
                continue
            learns = not expected & {"", metric.name}
            judged[metric.name] = (stream, judge(stream, tenant, at, value, exposure, learns=learns))
        _keep(tenant, judged.values())
        noisy = incidents.open_sides(tenant)
        for name, (stream, result) in judged.items():
            _speak(detector, tenant, name, stream, result, noisy, now)


def judge(
    stream: Stream, tenant: Tenant, at: datetime, value: float | None, exposure: float, *, learns: bool
) -> Judged:
    """Asks the stream's engine. No data is no zero: the engine is not asked, and the stream says since when."""
    point = StreamPoint(tenant=tenant, metric=stream.metric, at=at, value=value, exposure=exposure)
    stream.read_until = at + BUCKET
    if value is None:
        stream.silent_since = stream.silent_since or at
        return Judged(point, None)
    stream.silent_since = None
    if not learns:
        return Judged(point, None)
    engine = watching.engine_of(stream)
    local = at.astimezone(tenant.zone)
    if stream.engine == "real":
        if value <= 0:
            return Judged(point, None)
        reading = engine.update(local, math.log(value))
        found = engine.lasting  # a single odd bucket alarms nobody
        reading = reading._replace(
            score=found, log10p=-math.log10(max(1e-16, 1.0 - found)), side=int(engine.beside) if found else 0
        )
        bounds = {name: math.exp(min(80.0, getattr(reading, name))) for name in ("expected", "low", "high")}
        reading = reading._replace(**bounds)
    else:
        reading = engine.update(local, value, exposure)
    stream.state = engine.dump()
    if math.isfinite(reading.high):
        point.expected, point.low, point.high = reading.expected, reading.low, reading.high
    point.log10p = -reading.log10p if reading.ready else None
    return Judged(point, reading, stream.engine == "count" and engine.calm())


def _keep(tenant: Tenant, judged: Iterable[tuple[Stream, Judged]]) -> None:
    rows = list(judged)
    moment = timezone.now()
    fresh = [stream for stream, _ in rows if stream.pk is None]
    known = [stream for stream, _ in rows if stream.pk is not None]
    for stream in known:
        stream.updated_at = moment
    tenant.streams.bulk_create(fresh)
    tenant.streams.bulk_update(known, ["state", "read_until", "silent_since", "updated_at"])
    tenant.stream_points.bulk_create([result.point for _, result in rows], ignore_conflicts=True)


def _speak(
    detector: AnomalyDetector, tenant: Tenant, metric: str, stream: Stream, result: Judged,
    noisy: Set[tuple[str, str]], now: datetime,
) -> None:  # fmt: skip
    """A strange bucket is a signal; an ordinary one counts towards the recovery of an open incident (`noisy`)."""
    point, reading = result.point, result.reading
    if reading is None or not reading.ready or point.value is None:
        return
    signal = detector.bucket(tenant, metric, point.at, point.value, reading, raised=stream.is_raised(now))
    if signal is not None and result.calm and incidents.is_known(tenant, metric, signal.side, since=point.at - MEMORY):
        signal = None  # the echo of what was said already
    if signal is not None:
        who = culprits.of(tenant, metric, point.at)
        if who:
            signal = replace(signal, facts={**signal.facts, "who": who})
        watching.tell(tenant, signal, now=now)
    for side in metrics.get(metric).sides:
        if (metric, side) in noisy and (signal is None or signal.side != side):
            incidents.quiet(tenant, metric, side, bucket=point.at, now=now)


def sweep(now: datetime | None = None) -> int:
    """Removes points older than KEPT_DAYS; returns how many went."""
    horizon = (now or timezone.now()) - timedelta(days=KEPT_DAYS)
    return StreamPoint.objects.across_tenants().filter(at__lt=horizon)._raw_delete("ops")
