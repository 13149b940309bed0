"""The shop of the batch drills: products, customers, a model in two versions, and the count of what was done."""

from __future__ import annotations

from typing import Any

import numpy as np

PRODUCTS = 1_000


def open_shop(customers: int) -> Any:
    """A shop with so many customers, of whom the models know 2,000, and version 1 in service."""
    from django.db import connections
    from django.utils import timezone

    from tenants import tenancy
    from tenants.models import Tenant

    shop = Tenant(slug="drill", name="Drill", plan_id="enterprise")
    shop.save(using="ops")
    with tenancy.enter(shop.pk) as tenant, connections["default"].cursor() as cursor:
        cursor.execute(
            "insert into recommendations_customer (tenant_id, external_id, country, attributes) "
            "select %s, 'c' || n, '', '{}' from generate_series(0, %s) n", [shop.pk, customers - 1],
        )
        rows = tenant.products.model
        tenant.products.bulk_create([
            rows(tenant=tenant, external_id=f"p{n}", title=f"Product {n}", price=10, currency=tenant.currency)
            for n in range(PRODUCTS)
        ])
        for number in range(12):
            moment = timezone.now()
            tenant.orders.create(external_id=f"o{number}", currency=tenant.currency, total=10, ordered_at=moment)
    for seed in (1, 2):
        register(shop, seed)
    activate(shop, 1)
    return shop


def register(shop: Any, seed: int) -> None:
    """One more version, trained on sales drawn with this seed."""
    from django.conf import settings

    from modelregistry import artifacts, versions
    from recommendations.algorithms.data import Baskets, Interactions
    from recommendations.evaluation import selection
    from tenants import tenancy

    random = np.random.default_rng(seed)
    rows = Interactions.of(
        customers=[f"c{n}" for n in random.integers(0, 2000, 20_000)],
        products=[f"p{n}" for n in np.concatenate((np.arange(PRODUCTS), random.zipf(1.5, 19_000) % PRODUCTS))],
        occurred_at=1_750_000_000 + np.arange(20_000) * 60,
    )
    bundle = selection.train(rows, Baskets.none(), None, algorithms=["als"]).bundle
    with tenancy.enter(shop.pk) as tenant:
        saved = artifacts.save(
            settings.MODELS_DIR, tenant=versions.owner_of(tenant), model=settings.MODEL_NAME,
            version=versions.next_number(tenant), arrays=bundle.arrays(), manifest=bundle.manifest(),
        )
        versions.register(
            tenant, artifact=saved, algorithm="als", parameters={}, metrics={}, window=(None, None), by=None,
            counts={"orders": 12, "customers": 2000, "products": PRODUCTS},
        )


def activate(shop: Any, number: int) -> None:
    from modelregistry import versions
    from tenants import tenancy

    with tenancy.enter(shop.pk) as tenant:
        version = tenant.model_versions.get(number=number)
        if versions.champion(tenant) != version:
            versions.activate(version, by=None)


def submit(shop: Any) -> int:
    """A job for all customers, each with a list that is made as a single call makes it, since it is about a product:
    so it takes long enough for the faults. Its row's id."""
    from recommendations.batch import BatchInferenceQueue
    from tenants import tenancy

    with tenancy.enter(shop.pk) as tenant:
        wanted = {"audience": {"kind": "all"}, "limit": 10, "diversity": 0.3, "type": "similar", "product_id": "p1"}
        return BatchInferenceQueue(tenant).enqueue(wanted, by="drill").pk


def retry(shop: Any, job_id: int) -> None:
    from recommendations.batch import BatchInferenceQueue
    from tenants import tenancy

    with tenancy.enter(shop.pk) as tenant:
        BatchInferenceQueue(tenant).retry(tenant.batch_jobs.get(pk=job_id), by="drill", failed_only=True)


def verdict(shop: Any, job_id: int, customers: int) -> dict[str, Any]:
    """Whether every customer stands in the results once with a list, and was counted once."""
    from recommendations import batch_packing
    from tenants import tenancy, usage

    with tenancy.enter(shop.pk) as tenant:
        job = tenant.batch_jobs.get(pk=job_id)
        seen: dict[str, int] = {}
        empty = 0
        for chunk in tenant.batch_chunks.filter(job=job_id, outcome__isnull=False).iterator():
            ids = batch_packing.unpack_ids(chunk.customers)
            for one in batch_packing.told(ids, chunk.outcome, chunk.problems):
                seen[one["customer_id"]] = seen.get(one["customer_id"], 0) + 1
                empty += one["status"] != "ok"
        attempts = max(tenant.batch_chunks.filter(job=job_id).values_list("attempts", flat=True), default=0)
        counted = usage.used(tenant, "inferences", since=job.created_at.replace(minute=0, second=0, microsecond=0))
    return {
        "state": job.state, "reason": job.reason, "version": job.version, "processed": job.processed,
        "lost": customers - len(seen), "doubled": sum(seen.values()) - len(seen), "without_list": empty,
        "inferences_counted": counted, "most_attempts": attempts, "failed": job.failed,
        "whole": job.state == "completed" and not empty
        and len(seen) == sum(seen.values()) == job.processed == customers,
    }  # fmt: skip
