"""Makes the shop that bench.serving asks: N products, N/2 customers with clustered tastes, a model."""

import json
import os
import sys
import time
from pathlib import Path

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luxebrain.settings")


def main(items: int) -> None:
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections
    from django.utils import timezone

    from modelregistry import artifacts
    from recommendations.algorithms.data import Baskets, Interactions
    from recommendations.evaluation.selection import train
    from tenants import api_keys
    from tenants.models import Plan, Tenant

    call_command("setup", verbosity=0)
    Plan.objects.using("owner").filter(code="enterprise").update(requests_per_minute=100_000_000)
    tenant = Tenant(slug="bench", name="Bench", plan_id="enterprise")
    tenant.save(using="ops")
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "insert into recommendations_product (tenant_id, external_id, title, description, url, image_url, "
            "price, currency, categories, brand, tags, attributes, is_published) "
            "select %s, 'p' || n, 'Product ' || n, '', '', "
            "'', 10, 'EUR', '{}', '', '{}', '{}', true from generate_series(0, %s) n", [tenant.pk, items - 1])
        cursor.execute(
            "insert into recommendations_order (tenant_id, external_id, session_id, state, currency, total, "
            "ordered_at, is_demo) "
            "select %s, 'o' || n, '', 'completed', 'EUR', 1, now(), false from generate_series(1, 12) n",
            [tenant.pk])
    chance = np.random.default_rng(1)
    customers = max(2_000, items // 2)
    customer = np.repeat(np.arange(customers), 10)
    cluster = customer % max(20, items // 200)
    spread = np.minimum(chance.zipf(1.3, len(customer)), 400) * 7
    product = (cluster * 200 + spread) % items
    now = int(time.time())
    moments = now - chance.integers(0, 90 * 86_400, len(customer))
    interactions = Interactions.of(
        customers=[f"c{n}" for n in customer], products=[f"p{n}" for n in product], occurred_at=moments,
        catalogue=[f"p{n}" for n in range(items)], until=now)
    result = train(interactions, Baskets.none(), None, algorithms=["neighbours"], seed=1)
    saved = artifacts.save(Path(settings.MODELS_DIR), tenant=str(tenant.pk), model="recommendation", version=1,
                           arrays=result.bundle.arrays(), manifest=result.bundle.manifest())
    version = tenant.model_versions.create(
        number=1, algorithm=result.chosen, artifact_path=str(saved.path.relative_to(settings.MODELS_DIR)),
        digest=saved.digest)
    tenant.model_aliases.create(name="champion", version=version, moved_at=timezone.now())
    print(json.dumps({"key": api_keys.issue(tenant, name="bench", kind="sk", by=None)[1]}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
