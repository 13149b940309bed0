"""Makes the shops that bench.serving asks: products, keys, a model of the usual shape, customers with a past.

    python -m bench.serving_shop SIZES TENANTS

One shop of each of the SIZES (10000,100000), and TENANTS shops of SMALL products. The matrices are drawn, not
trained: the cost of an answer depends on how many entries the rows of a history have: here 100, in two parts.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luxebrain.settings")
PARTS = (
    {"name": "repurchase", "params": {}, "weight": 1.0, "power": 0.5},
    {"name": "local_ease", "params": {"keep": 100}, "weight": 0.3, "power": 1.0},
    {"name": "neighbours", "params": {}, "weight": 0.3, "power": 1.0},
)
CLUSTER = 200  # products of one taste; rows of the matrices stay in it
SMALL = 100
CUSTOMERS, PAST = 2_000, 20  # of each shop, products that each has bought
_PRODUCTS = (
    "insert into recommendations_product (tenant_id, external_id, title, description, url, image_url, price, currency, "
    "categories, brand, tags, attributes, is_published) select t, 'p' || n, 'Product ' || n, '', '', '', 10, 'EUR', "
    "'{}', '', '{}', '{}', true from unnest(%s::bigint[]) t, generate_series(0, %s) n"
)
_ORDERS = (
    "insert into recommendations_order (tenant_id, external_id, session_id, state, currency, total, ordered_at, "
    "is_demo) select t, 'o' || n, '', 'completed', 'EUR', 1, now(), false from unnest(%s::bigint[]) t, "
    "generate_series(1, 12) n"
)


def rows(items: int, entries: int, chance: np.random.Generator) -> dict[str, np.ndarray]:
    """A matrix of `entries` distinct columns per row, all in the row's cluster, as arrays of an item part."""
    entries = min(entries, CLUSTER // 2, items - 1)
    first = chance.integers(0, CLUSTER, items, dtype=np.int32)
    places = np.sort((first[:, None] + np.arange(entries, dtype=np.int32)) % min(CLUSTER, items), axis=1)
    columns = np.arange(items, dtype=np.int32)[:, None] // CLUSTER * CLUSTER + places
    return {
        "indptr": np.arange(items + 1, dtype=np.int64) * entries,
        "indices": np.minimum(columns, items - 1).astype(np.int32).ravel(),
        "data": chance.random(items * entries, dtype=np.float32),
    }


def bundle(items: int, customers: int = CUSTOMERS) -> Any:
    """A bundle of repurchase, local EASE and the item graph, for customers p0..pn of one taste each."""
    from recommendations.algorithms import registry
    from recommendations.algorithms.blend import Blend
    from recommendations.algorithms.bundle import Bundle
    from recommendations.algorithms.data import Baskets, Interactions
    from recommendations.algorithms.ease import LocalEase
    from recommendations.algorithms.history import Bought, Histories
    from recommendations.algorithms.repurchase import Repurchase

    chance = np.random.default_rng(1)
    customer = np.repeat(np.arange(customers), PAST)
    product = (customer * 7919 % items // CLUSTER * CLUSTER + chance.integers(0, CLUSTER, len(customer))) % items
    now = int(time.time())
    past = Interactions.of(
        customers=[f"c{n}" for n in customer], products=[f"p{n}" for n in product],
        occurred_at=now - chance.integers(0, 90 * 86_400, len(customer)), catalogue=[f"p{n}" for n in range(items)],
        until=now,
    )
    graph = registry.find("neighbours")()
    graph.restore({**rows(items, 100, chance), "diagonal": chance.random(items, dtype=np.float32)})
    ease = LocalEase(keep=100)
    ease.restore(rows(items, 100, chance))
    blend = Blend(parts=PARTS)
    made = (Repurchase().fit(past, None, seed=1), ease, graph)
    blend.restore({"scales": np.array([1, 10, 10], np.float32), **{
        f"part_{chr(97 + number)}_{name}": array
        for number, part in enumerate(made) for name, array in part.arrays().items()
    }})
    parts = {name: registry.find(name)().fit(past, None, seed=1) for name in ("popularity", "trending", "content")}
    together = registry.find("bought_together")().fit_baskets(Baskets.none(), items)  # type: ignore[attr-defined]
    return Bundle(
        products=past.products, customers=past.customers, histories=Histories.of(past), bought=Bought.of(past),
        parts={**parts, "neighbours": graph, "bought_together": together, "blend": blend}, personal="blend",
        rung="blend",
    )


def main(sizes: list[int], tenants: int) -> None:
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from tenants.models import Plan, Tenant

    os.fsync = lambda descriptor: None  # type: ignore[assignment]  # nothing here is worth keeping
    call_command("setup", verbosity=0)
    Plan.objects.using("owner").filter(code="enterprise").update(requests_per_minute=100_000_000)
    shops = [Tenant(slug=f"bench-{n}", name="Bench", plan_id="enterprise") for n in range(len(sizes) + tenants)]
    for shop in shops:
        shop.save(using="ops")
    sized, small = shops[: len(sizes)], shops[len(sizes) :]
    with connections["ops"].cursor() as cursor:
        for shop, items in zip(sized, sizes, strict=True):
            cursor.execute(_PRODUCTS, [[shop.pk], items - 1])
        cursor.execute(_PRODUCTS, [[shop.pk for shop in small], SMALL - 1])
        cursor.execute(_ORDERS, [[shop.pk for shop in shops]])
    for shop, items in zip(sized, sizes, strict=True):
        keep([shop], bundle(items))
    if small:
        keep(small, bundle(SMALL, 20))
    secrets = keys(shops)
    facts = {"sized": dict(zip(map(str, sizes), secrets[: len(sizes)], strict=True)), "small": secrets[len(sizes) :]}
    print(json.dumps({**facts, "shops": [shop.pk for shop in shops], "keys": secrets}))


def keys(shops: Any) -> list[str]:
    """A secret key for each shop."""
    from luxebrain.lib import tokens
    from tenants import api_keys
    from tenants.models import ApiKey

    secrets = [tokens.api_key(mode="live", kind="sk") for _ in shops]
    ApiKey.objects.across_tenants().using("ops").bulk_create(
        [
            ApiKey(tenant=shop, name="bench", kind="sk", mode="live", prefix=secret[:15], last4=secret[-4:],
                   digest=tokens.digest(secret), scopes=list(api_keys.SCOPES), origins=[])
            for shop, secret in zip(shops, secrets, strict=True)
        ]
    )
    return secrets


def keep(shops: Any, made: Any) -> None:
    """The bundle as each shop's champion."""
    from django.conf import settings
    from django.utils import timezone

    from modelregistry import artifacts
    from modelregistry.models import ModelAlias, ModelVersion

    arrays, manifest = made.arrays(), made.manifest()
    versions = []
    for shop in shops:
        saved = artifacts.save(Path(settings.MODELS_DIR), tenant=str(shop.pk), model="recommendation", version=1,
                               arrays=arrays, manifest=manifest)
        path = str(saved.path.relative_to(settings.MODELS_DIR))
        versions.append(ModelVersion(tenant=shop, number=1, algorithm="blend", artifact_path=path, digest=saved.digest))
    ModelVersion.objects.across_tenants().using("ops").bulk_create(versions)
    ModelAlias.objects.across_tenants().using("ops").bulk_create(
        [ModelAlias(tenant=version.tenant, name="champion", version=version, moved_at=timezone.now())
         for version in versions]
    )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1].split(",")], int(sys.argv[2]))
