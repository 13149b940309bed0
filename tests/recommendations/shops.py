"""A small shop with two tastes, and a model trained on it, as serving finds them."""

import random
from datetime import timedelta
from typing import Any

from django.utils import timezone

from modelregistry import store, versions
from recommendations import batch_scoring, candidates
from recommendations.algorithms.data import Baskets, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.evaluation.selection import train
from tenants import epochs, tenancy
from tests import make

TEA = [f"tea-{n}" for n in range(8)]
TOY = [f"toy-{n}" for n in range(8)]


def stock(tenant: Any) -> None:
    for name in [*TEA, *TOY]:
        make.product(tenant, name, title=f"The {name}")


def sell(tenant: Any, *, customers: int = 30, seed: int = 1) -> None:
    """Customers t-n buy tea, customers y-n toys; two orders each."""
    chance = random.Random(seed)
    arrived = timezone.now() - timedelta(hours=1)
    for number in range(customers):
        name, taste = (f"t-{number}", TEA) if number % 2 else (f"y-{number}", TOY)
        person = make.customer(tenant, name)
        for turn in range(2):
            make.order(
                tenant,
                chance.sample(taste, 3),
                customer=person,
                days_ago=40 - 15 * turn - number / 10,
                created_at=arrived,
            )


def fit(tenant: Any) -> Any:
    """Trains on the orders as they stand and makes the version the champion."""
    lines = tenant.order_lines.select_related("order__customer").order_by("order__ordered_at", "pk")
    rows = [
        (line.order.customer.external_id, line.product_external_id, line.order.ordered_at.timestamp(), line.order_id)
        for line in lines
    ]
    customers, products, moments, orders = (list(column) for column in zip(*rows, strict=True))
    catalogue = list(tenant.products.order_by("pk").values_list("external_id", flat=True))
    interactions = Interactions.of(
        customers=customers,
        products=products,
        occurred_at=moments,
        catalogue=catalogue,
        until=int(timezone.now().timestamp()),
    )
    baskets = Baskets.of(
        orders=[str(order) for order in orders], products=products, occurred_at=moments, known=interactions.products
    )
    features = ProductFeatures.of(titles=list(interactions.products), n_products=len(interactions.products))
    result = train(interactions, baskets, features, algorithms=["neighbours"], seed=1)
    number = tenant.model_versions.count() + 1
    saved = store.save(
        tenant=str(tenant.pk),
        model="recommendation",
        version=number,
        arrays=result.bundle.arrays(),
        manifest=result.bundle.manifest(),
    )
    version = tenant.model_versions.create(
        number=number,
        algorithm=result.chosen,
        artifact_path=saved.place,
        digest=saved.digest,
        size_bytes=saved.size_bytes,
    )
    activate(tenant, version)
    return version


def activate(tenant: Any, version: Any) -> None:
    tenant.model_aliases.update_or_create(
        model="recommendation", name="champion", defaults={"version": version, "moved_at": timezone.now()}
    )
    epochs.bump_now(tenant.pk, "model")


def ordering(tenant: Any, register: Any, *, customers: int) -> Any:
    """Six products, so many customers, 24 orders by the first eight of them, and a model in service."""
    candidates.forget()
    batch_scoring.forget()
    for number in range(6):
        make.product(tenant, f"p{number}")
    people = [make.customer(tenant, f"c{number}") for number in range(customers)]
    for number in range(24):
        make.order(tenant, [f"p{number % 6}"], customer=people[number % 8])
    with tenancy.enter(tenant.pk) as inside:
        versions.activate(register(inside), by=None)
    return tenant
