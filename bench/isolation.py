"""The cost of row-level security on the hot queries: with filter and policy against filter alone.

    python -m luxebrain.embedded run --fresh sh -c 'python manage.py setup -v 0 && python bench/isolation.py'

The same statement runs as lux_app inside an entered tenant (filter and policy) and as lux_ops (the
filter alone), turn and turn about; the ratio is taken inside each round and the median is reported.
Goal: at most 1.15 for every query.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luxebrain.settings")

GOAL = 1.15
SMALL_SHOPS = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=130_000, help="orders of the large shop; three lines each")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    import django

    django.setup()
    from django.db import connections

    shops = fill(options.orders)
    with connections["ops"].cursor() as cursor:
        rows = {table: count(cursor, table) for table in ("product", "order", "orderline", "event")}
    result: dict[str, Any] = {"rows": rows, "rounds": options.rounds, "goal": GOAL, "queries": {}}
    print("filled", rows, file=sys.stderr, flush=True)
    for size, tenant_id in shops.items():
        for name, (statement, values) in hot_queries(tenant_id).items():
            result["queries"][f"{name}, {size} shop"] = compare(tenant_id, statement, values, rounds=options.rounds)
    result["context_us"] = context_cost(shops["large"])
    result["worst"] = max(row["ratio"] for row in result["queries"].values())
    result["passed"] = result["worst"] <= GOAL
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2))
    return 0 if result["passed"] else 1


def count(cursor: Any, table: str) -> int:
    cursor.execute(f"select count(*) from recommendations_{table}")
    return cursor.fetchone()[0]


def fill(orders: int) -> dict[str, int]:
    """One large shop and many small ones, made by the database itself."""
    from django.db import connections

    from tenants.models import Tenant

    sizes = {"large": orders} | {f"small-{number}": orders // 60 for number in range(SMALL_SHOPS)}
    ids = {}
    for slug, size in sizes.items():
        tenant, _ = Tenant.objects.using("ops").get_or_create(
            slug=f"bench-{slug}", defaults={"name": slug, "plan_id": "enterprise"}
        )
        ids[slug] = tenant.pk
        with connections["ops"].cursor() as cursor:
            cursor.execute("select 1 from recommendations_order where tenant_id = %s limit 1", [tenant.pk])
            if cursor.fetchone() is None:
                for statement in ROWS:
                    cursor.execute(statement, {"tenant": tenant.pk, "orders": size})
    with connections["owner"].cursor() as cursor:
        cursor.execute("vacuum analyze")
    return {"large": ids["large"], "small": ids["small-7"]}


ROWS = [
    "insert into recommendations_product (tenant_id, external_id, title, description, url, image_url, price, currency, "
    "categories, brand, tags, attributes, is_published) select %(tenant)s, 'p' || n, 'Product ' || md5(n::text), "
    "repeat('words ', 20), '', '', 9.5, 'EUR', array['c' || n %% 40], 'b', '{}', '{}', true "
    "from generate_series(1, greatest(%(orders)s / 4, 500)) n",
    "insert into recommendations_customer (tenant_id, external_id, country, attributes) "
    "select %(tenant)s, 'c' || n, 'DE', '{}' from generate_series(1, greatest(%(orders)s / 5, 100)) n",
    "insert into recommendations_order (tenant_id, external_id, customer_id, session_id, state, currency, total, "
    "ordered_at, is_demo) select %(tenant)s, 'o' || n, c.id, '', "
    "case when n %% 20 = 0 then 'cancelled' else 'completed' end, 'EUR', 30, "
    "now() - (n %% 380) * interval '1 day', false "
    "from generate_series(1, %(orders)s) n join recommendations_customer c on c.tenant_id = %(tenant)s "
    "and c.external_id = 'c' || 1 + n %% greatest(%(orders)s / 5, 100)",
    "insert into recommendations_orderline (tenant_id, order_id, position, product_external_id, quantity, unit_price) "
    "select o.tenant_id, o.id, l, 'p' || 1 + (o.id * 7919 + l * 104729) %% greatest(%(orders)s / 4, 500), 1, 10 "
    "from recommendations_order o, generate_series(0, 2) l where o.tenant_id = %(tenant)s",
    "insert into recommendations_event (tenant_id, occurred_at, id, kind, customer_external_id, product_external_id) "
    "select %(tenant)s, now() - (n %% 20) * interval '1 day' - n * interval '1 millisecond', gen_random_uuid(), "
    "'view', 'c' || 1 + n %% greatest(%(orders)s / 5, 100), 'p' || 1 + n %% greatest(%(orders)s / 4, 500) "
    "from generate_series(1, %(orders)s * 3) n",
]


def hot_queries(tenant_id: int) -> dict[str, tuple[str, Any]]:
    """The statements that pages, ingest and serving really send, taken from their own code."""
    from recommendations import popular
    from tenants.models import Tenant

    tenant = Tenant.objects.using("ops").get(pk=tenant_id)
    customer = tenant.customers.get(external_id="c42")
    written = {
        "catalogue page": tenant.products.order_by("title", "pk")[:26],
        "catalogue count": tenant.products.order_by()[:10_001],
        "product by id": tenant.products.filter(external_id__in=[f"p{n}" for n in range(1, 41)]),
        "countable orders": tenant.orders.countable(),
        "orders of 30 days": tenant.orders.order_by("-ordered_at")[:26],
        "lines of a customer": tenant.order_lines.filter(order__customer=customer),
        "history of a customer": tenant.events.filter(customer_external_id="c42").order_by("-occurred_at")[:50],
    }
    found = {name: rows.query.sql_with_params() for name, rows in written.items()}
    for name in ("catalogue count", "countable orders"):
        statement, values = found[name]
        found[name] = (f"select count(*) from ({statement}) as counted", values)
    values = {"tenant": tenant_id, "half_life": popular.HALF_LIFE_DAYS, "kept": popular.KEPT}
    found["best sellers"] = (popular._SQL, values)
    return found


def compare(tenant_id: int, statement: str, values: Any, *, rounds: int) -> dict[str, float]:
    """Median seconds of both and the median of the ratios inside each round."""
    from django.db import connections, transaction

    from tenants import tenancy

    def app(repeats: int) -> float:
        with tenancy.enter(tenant_id), connections["default"].cursor() as cursor:
            return timed(lambda: run(cursor, statement, values), repeats)

    def ops(repeats: int) -> float:
        with transaction.atomic(using="ops"), connections["ops"].cursor() as cursor:
            return timed(lambda: run(cursor, statement, values), repeats)

    once = max(min(app(1) for _ in range(3)), 1e-5)
    repeats = max(1, min(200, int(0.02 / once)))
    with_policy, without, ratios = [], [], []
    for number in range(rounds):
        first, second = (app, ops) if number % 2 else (ops, app)
        took = {first: first(repeats), second: second(repeats)}
        with_policy.append(took[app])
        without.append(took[ops])
        ratios.append(took[app] / took[ops])
    return {
        "with_policy_ms": round(statistics.median(with_policy) * 1000, 3),
        "without_ms": round(statistics.median(without) * 1000, 3),
        "ratio": round(statistics.median(ratios), 3),
    }


def run(cursor: Any, statement: str, values: Any) -> None:
    cursor.execute(statement, values)
    cursor.fetchall()


def timed(act: Callable[[], None], repeats: int) -> float:
    """Seconds of one run, the mean of `repeats`."""
    act()
    began = time.perf_counter()
    for _ in range(repeats):
        act()
    return (time.perf_counter() - began) / repeats


def context_cost(tenant_id: int) -> float:
    """Microseconds that entering a tenant adds to an empty transaction."""
    from django.db import connections, transaction

    from tenants import tenancy

    def entered() -> None:
        with tenancy.enter(tenant_id), connections["default"].cursor() as cursor:
            cursor.execute("select 1")

    def bare() -> None:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute("select 1")

    differences = [timed(entered, 200) - timed(bare, 200) for _ in range(7)]
    return round(statistics.median(differences) * 1e6, 1)


if __name__ == "__main__":
    sys.exit(main())
