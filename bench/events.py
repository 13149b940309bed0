"""POST of 100 events against a validate-only endpoint, and draining against a raw COPY; interleaved.

    python -m bench.events [--rounds 7] [--json OUT]

1. CPU of this process (the web process) for one call of 100 events through the whole middleware,
   stored durably, against the same call to a view that reads and checks the same body and answers.
2. Rows per second of draining waiting batches into the indexed, partitioned table, against COPY of
   the same rows, rendered, into the same table, one commit for each turn's number of rows.
"""

import argparse
import io
import random
import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from bench import scratch

EVENTS = "recommendations_event"
COLUMNS = (
    "tenant_id, occurred_at, id, kind, customer_external_id, session_id, product_external_id, quantity, value, "
    "currency, order_external_id, recommendation_id, placement, properties, is_demo, received_at"
)


def body(count: int, *, chance: random.Random, own_ids: bool) -> bytes:
    """What a storefront sends: views, carts and clicks of the last days."""
    now = datetime.now(UTC)
    events = []
    for _ in range(count):
        event = {
            "type": chance.choice(["view", "view", "view", "cart", "click"]),
            "customer_id": f"c{chance.randrange(5000)}",
            "session_id": uuid.UUID(int=chance.getrandbits(128)).hex,
            "product_id": f"p{chance.randrange(10_000)}",
            "occurred_at": (now - timedelta(minutes=chance.randrange(3000))).isoformat(),
        }
        if own_ids:
            event["id"] = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        if event["type"] == "click":
            event |= {"recommendation_id": f"rec_{chance.getrandbits(64):026d}", "placement": "product-page"}
        events.append(event)
    return orjson.dumps({"events": events})


def post(shop: Any, rounds: int) -> dict[str, Any]:
    from django.conf import settings
    from django.test import Client

    from tenants import api_keys

    settings.ROOT_URLCONF = "bench.events_urls"
    key = api_keys.issue(shop, name="bench", kind="sk", by=None)[1]
    client, head, chance = Client(), {"authorization": f"Bearer {key}"}, random.Random(7)
    bodies = [body(100, chance=chance, own_ids=True) for _ in range(40)]

    def call(path: str) -> float:
        begun = time.process_time()
        for text in bodies:
            answer = client.generic("POST", path, text, "application/json", headers=head)
            assert answer.status_code == 202, answer.content
        return (time.process_time() - begun) / len(bodies) * 1e6

    stored, checked, ratios = [], [], []
    for turn in range(rounds + 1):
        paths = ["/api/v1/events", "/api/v1/validate-only"]
        spent = {path: call(path) for path in (paths if turn % 2 else reversed(paths))}
        if turn:  # the first warms up
            stored.append(spent[paths[0]])
            checked.append(spent[paths[1]])
            ratios.append(spent[paths[1]] / spent[paths[0]])
    return {
        "ratio": scratch.median(ratios),
        "cpu_us_per_call": round(scratch.median(stored)),
        "validate_only_cpu_us_per_call": round(scratch.median(checked)),
    }


def drain(shop: Any, rounds: int, *, own_ids: bool, batches: int = 320) -> dict[str, Any]:
    from django.db import connections

    from recommendations import inbox, shapes

    chance, now = random.Random(3), datetime.now(UTC)
    calls = [orjson.loads(body(100, chance=chance, own_ids=own_ids))["events"] for _ in range(batches)]
    check = partial(shapes.events, now=now, since=now - timedelta(days=90), currency="GBP")
    kept = [[row for event in call for row in check(event)[0]] for call in calls]

    def fill() -> None:
        scratch.empty(EVENTS, "recommendations_eventbatch")
        for rows in kept:
            inbox.keep(shop.pk, rows)

    def subject() -> float:
        fill()
        begun = time.perf_counter()
        assert inbox.drain() == batches * 100
        return time.perf_counter() - begun

    subject()
    sink = io.BytesIO()
    with connections["ops"].cursor() as cursor:
        cursor.copy_expert(f"copy (select {COLUMNS} from {EVENTS}) to stdout (format csv)", sink)
    lines = sink.getvalue().splitlines(keepends=True)
    turn_of = inbox.BATCHES_A_TURN * 100
    pieces = [b"".join(lines[start : start + turn_of]) for start in range(0, len(lines), turn_of)]

    def limit() -> float:
        scratch.empty(EVENTS)
        with connections["ops"].cursor() as cursor:
            begun = time.perf_counter()
            for piece in pieces:
                cursor.copy_expert(f"copy {EVENTS} ({COLUMNS}) from stdin (format csv)", io.BytesIO(piece))
            return time.perf_counter() - begun

    limit()
    ours, theirs = [], []
    for turn in range(rounds):
        order = [(subject, ours), (limit, theirs)]
        for measure, into in order if turn % 2 else reversed(order):
            into.append(measure())
    return {
        "rows": len(lines),
        "ratio": scratch.median([raw / own for raw, own in zip(theirs, ours, strict=True)]),
        "rows_per_second": round(len(lines) / scratch.median(ours)),
        "raw_copy_rows_per_second": round(len(lines) / scratch.median(theirs)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with scratch.product() as shop:
        result = {
            "drain": drain(shop, options.rounds, own_ids=False),
            "drain_own_ids": drain(shop, options.rounds, own_ids=True),
            "post": post(shop, options.rounds),
        }
    said = [
        f"post 100 events: {result['post']['cpu_us_per_call']:,} us CPU, validate only "
        f"{result['post']['validate_only_cpu_us_per_call']:,} us, ratio {result['post']['ratio']:.2f}",
        *(
            f"{name}: {result[name]['rows_per_second']:,} rows/s, raw COPY "
            f"{result[name]['raw_copy_rows_per_second']:,} rows/s, ratio {result[name]['ratio']:.2f}"
            for name in ("drain", "drain_own_ids")
        ),
    ]
    scratch.say(result, said, options.json)


if __name__ == "__main__":
    main()
