"""Streams that have learnt two weeks of an even shop, without two weeks of rows."""

import random
from datetime import timedelta

from anomalies import streams, watching
from anomalies.models import Stream


def taught(shop, metric, *, until, mean=20.0, days=14, seed=1):
    """A stream of `metric` whose engine has seen `days` of counts around `mean`, up to `until` (a bucket's start)."""
    rng = random.Random(seed)
    kind = "real" if metric in ("latency", "order_value", "catalogue", "freshness") else "count"
    stream = Stream(tenant=shop, metric=metric, engine=kind, read_until=until)
    engine = watching.engine_of(stream)
    at = until - timedelta(days=days)
    while at < until:
        value = rng.gauss(mean, 0.05) if kind == "real" else float(poisson(rng, mean))
        engine.update(at.astimezone(shop.zone), value)
        at += streams.BUCKET
    stream.state = engine.dump()
    stream.save(using="ops")
    return stream


def poisson(rng, mean):
    total, count = rng.expovariate(1), 0
    while total < mean:
        count += 1
        total += rng.expovariate(1)
    return count
