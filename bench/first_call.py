"""What the first call of each shop costs a process that serves many: processor time, statements, memory.

    python -m bench.first_call [--small 300] [--large 8] [--json OUT]

The shops of bench.serving_shop, `small` of 100 products and `large` of 10,000, asked one after another through the
product's WSGI application in one process that has answered for WARM others before. Reported per size: the processor
time (user + system, all threads) of a shop's first call and of its second, the SQL statements of the first, and what
the process grew by for each shop. PostgreSQL and Valkey are not in it.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from bench import scratch

WARM = 10  # shops of each size that are asked before anything is measured
LARGE = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=300)
    parser.add_argument("--large", type=int, default=8)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with scratch.servers() as environ:
        sizes = ",".join([str(LARGE)] * (options.large + 2))
        made = ["-m", "bench.serving_shop", sizes, str(options.small + WARM)]
        facts = scratch.last_line(made, environ)
        asked = ["-c", "from bench.first_call import ask; ask()"]
        result = scratch.last_line(asked, environ, facts)
    print(json.dumps(json.loads(result), indent=2))
    if options.json:
        options.json.write_text(result)


def ask() -> None:
    """In a process of its own; the facts of the shops are its standard input."""
    from django.db import connection

    from luxebrain.wsgi import application

    facts = json.load(sys.stdin)
    large = facts["keys"][: -len(facts["small"])]
    statements = 0

    def count(execute: Any, *rest: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*rest)

    def call(key: str) -> float:
        """Milliseconds of processor time."""
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": "/api/v1/recommendations", "QUERY_STRING": "customer_id=c7",
            "HTTP_AUTHORIZATION": f"Bearer {key}", "HTTP_HOST": "127.0.0.1", "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
        }
        statuses: list[str] = []
        spent = time.process_time()
        application(environ, lambda status, headers: statuses.append(status))
        spent = time.process_time() - spent
        if statuses != ["200 OK"]:
            raise SystemExit(f"{statuses}")
        return spent * 1000

    def of(keys: list[str]) -> dict[str, float]:
        nonlocal statements
        statements, before = 0, psutil.Process().memory_info().rss
        first = [call(key) for key in keys]
        asked, after = statements, psutil.Process().memory_info().rss
        second = [call(key) for key in keys]
        return {
            "first_call_ms": round(statistics.median(first), 2), "second_call_ms": round(statistics.median(second), 2),
            "statements": round(asked / len(keys), 1), "kb_of_a_shop": round((after - before) / len(keys) / 1024),
        }

    for key in [*facts["small"][:WARM], *large[:2]]:
        call(key)
    with connection.execute_wrapper(count):
        print(json.dumps({"100 products": of(facts["small"][WARM:]), f"{LARGE} products": of(large[2:])}))


if __name__ == "__main__":
    main()
