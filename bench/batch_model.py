"""The shop of the batch bench: a folded-in ALS model of 64 factors that knows every customer, and one measured job."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

SEEN = 10  # products that a customer remembers, in the mean


def open_shop(customers: int, products: int) -> tuple[Any, np.ndarray]:
    """(the shop, factors of its products)."""
    from django.conf import settings
    from django.db import connections
    from django.utils import timezone

    from modelregistry import artifacts, versions
    from tenants import tenancy
    from tenants.models import Tenant

    shop = Tenant(slug="bench", name="Bench", plan_id="enterprise", currency="EUR")
    shop.save(using="ops")
    with tenancy.enter(shop.pk) as tenant, connections["default"].cursor() as cursor:
        cursor.execute(
            "insert into recommendations_customer (tenant_id, external_id, country, attributes) "
            "select %s, 'c' || n, '', '{}' from generate_series(0, %s) n", [shop.pk, customers - 1],
        )
        row = tenant.products.model
        tenant.products.bulk_create([
            row(tenant=tenant, external_id=f"p{n}", title=f"Product {n}", price=10, currency="EUR")
            for n in range(products)
        ])
        for number in range(12):
            tenant.orders.create(external_id=f"o{number}", currency="EUR", total=10, ordered_at=timezone.now())
    bundle = _bundle(customers, products)
    with tenancy.enter(shop.pk) as tenant:
        saved = artifacts.save(
            settings.MODELS_DIR, tenant=versions.owner_of(tenant), model=settings.MODEL_NAME,
            version=versions.next_number(tenant), arrays=bundle.arrays(),
            manifest={**bundle.manifest(), "read_at": int(time.time())},
        )
        version = versions.register(
            tenant, artifact=saved, algorithm="als", parameters={}, metrics={}, window=(None, None), by=None,
            counts={"orders": 12, "customers": customers, "products": products},
        )
        versions.activate(version, by=None)
    return shop, bundle.parts["als"].factors  # type: ignore[attr-defined]


def _bundle(customers: int, products: int) -> Any:
    """Trained on a few customers, so that it takes seconds; then it remembers all of them."""
    from recommendations.algorithms.als import ALS
    from recommendations.algorithms.data import Baskets, Interactions
    from recommendations.algorithms.history import Bought, Histories
    from recommendations.algorithms.ids import IdMap
    from recommendations.evaluation import selection

    random = np.random.default_rng(3)
    named = np.concatenate((np.arange(products), random.zipf(1.5, 20_000) % products))
    rows = Interactions.of(
        customers=[f"c{n}" for n in random.integers(0, 3000, len(named))], products=[f"p{n}" for n in named],
        occurred_at=int(time.time()) - 86_400 + np.arange(len(named)),
    )
    bundle = selection.train(rows, Baskets.none(), None, algorithms=["neighbours"]).bundle
    bundle = replace(bundle, personal="als", parts={**bundle.parts, "als": ALS().fit(rows, None, seed=1)})
    counts = np.clip(random.poisson(SEEN, customers), 1, 40)
    weights = np.sort(random.random(int(counts.sum())).astype(np.float32))
    items = random.integers(0, products, len(weights)).astype(np.int32)
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return replace(
        bundle, customers=IdMap.of(f"c{n}" for n in range(customers)), bought=Bought.nothing(customers),
        histories=Histories(indptr, items, weights, bundle.until),
    )


def run(instance: Any, shop: Any, customers: int) -> dict[str, Any]:
    """One job for everybody, and what the worker spent on it."""
    from bench.drills import stage
    from recommendations.batch import BatchInferenceQueue
    from tenants import tenancy

    pid = instance.supervisor.running["worker"].pid
    idle = _idle(instance, pid)
    before, began = _spent(pid), time.monotonic()
    curve = {"start": _memory(pid)}
    with tenancy.enter(shop.pk) as tenant:
        number = BatchInferenceQueue(tenant).enqueue({"audience": {"kind": "all"}, "limit": 10}, by="bench").pk

    def is_over() -> bool:
        memory = _memory(pid)
        curve["peak"] = max(curve.get("peak", memory), memory)
        found = stage.rows("select state, processed from recommendations_batchjob where id = %s", number)
        state, done = found[0] if found else ("", 0)
        if done:
            curve.setdefault(f"{10 * done // customers}/10", memory)
        return state not in ("pending", "processing")

    instance.supervisor.watch(is_over, interval=0.5)
    wall, cpu = time.monotonic() - began, _spent(pid) - before
    curve["end"] = _memory(pid)
    size = "select sum(pg_column_size(outcome) + pg_column_size(customers)) from recommendations_batchchunk"
    table = "select pg_total_relation_size('recommendations_batchchunk')"
    done = stage.rows("select processed, failed, state from recommendations_batchjob where id = %s", number)
    return {
        "state": str(done), "worker_us": round(1e6 * cpu / customers, 1), "wall_s": round(wall, 1),
        "chores_us": round(1e6 * idle * wall / customers, 1),
        "customers_per_second": round(customers / wall), "memory_mb": curve,
        "model_mb": round(sum(one.stat().st_size for one in _model_files()) / 1e6),
        "stored_bytes_per_customer": round((stage.number(size) or 0) / customers, 1),
        "table_bytes_per_customer": round((stage.number(table) or 0) / customers, 1),
    }


def _idle(instance: Any, pid: int, seconds: float = 30.0) -> float:
    """Processor seconds per second that the worker spends on the chores of beat while nothing else is to do."""
    before, began = _spent(pid), time.monotonic()
    instance.supervisor.watch(lambda: time.monotonic() - began > seconds, interval=1.0)
    return (_spent(pid) - before) / (time.monotonic() - began)


def _memory(pid: int) -> tuple[int, int]:
    """Megabytes of the worker's largest process: resident, and those of them that are no mapped files."""
    most = (0, 0)
    for one in _processes(pid):
        with suppress(psutil.NoSuchProcess):
            found = one.memory_info()
            most = max(most, (round(found.rss / 1e6), round((found.rss - found.shared) / 1e6)))
    return most


def _model_files() -> list[Path]:
    from django.conf import settings

    return [one for one in Path(settings.MODELS_DIR).rglob("*") if one.is_file()]


def _processes(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _spent(pid: int) -> float:
    """Processor seconds of the worker and its children so far."""
    total = 0.0
    for one in _processes(pid):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + (times.children_user + times.children_system if one.pid == pid else 0)
    return total
