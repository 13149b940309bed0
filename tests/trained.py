"""The fixture `register`: versions with real, small artefacts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelregistry import store, versions
from modelregistry.models import ModelVersion
from recommendations.algorithms.data import Baskets, Interactions
from recommendations.evaluation import selection

Register = Callable[..., ModelVersion]


@pytest.fixture
def register() -> Register:
    """register(tenant, metrics={…}) → the next version, its artefact a bundle that answers."""

    def make(tenant: Any, **facts: Any) -> ModelVersion:
        own = sorted(tenant.products.values_list("external_id", flat=True))[:6]  # a version knows its shop
        known = own or [f"p{number}" for number in range(6)]
        names = [known[number % len(known)] for number in range(40)]
        rows = Interactions.of(
            customers=[f"c{number % 8}" for number in range(40)],
            products=names,
            occurred_at=np.arange(40) * 3600,
        )
        bundle = selection.train(rows, Baskets.none(), None, algorithms=["neighbours"]).bundle
        saved = store.save(
            tenant=versions.owner_of(tenant),
            model="recommendation",
            version=versions.next_number(tenant),
            arrays=bundle.arrays(),
            manifest=bundle.manifest(),
        )
        values: dict[str, Any] = {
            "algorithm": "neighbours",
            "parameters": {},
            "metrics": {"ndcg@10": 0.1},
            "counts": {"orders": 40, "customers": 8, "products": 6},
            "window": (None, None),
            "by": None,
        }
        return versions.register(tenant, artifact=saved, **values | facts)

    return make
