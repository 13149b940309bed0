"""Slack is down for an hour while incidents are told: mail goes on, and each message arrives in Slack once.

    python -m bench.drills.slack_down [--incidents 6] [--seconds 60]

The product's own relay, worker and beat on servers of their own. The waits between attempts are a sixtieth of
what they are, so that --seconds 60 stand for an hour; nothing else is hurried: the half minute in which incidents
group, the beat and the leases are as they are. In the first half of the outage nobody listens at the address,
in the second half it answers 503; in the middle the worker is killed with -9. Then Slack answers again.
"""

import argparse
import json
import os
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench.drills import stage

METRICS = ("api_rate", "failed_auth", "large_order", "rapid_orders", "errors", "latency", "orders", "events")
LIMIT = 180.0  # seconds after the outage: the longest wait then is an hour, that is one minute here


class Slack:
    """An incoming webhook at 127.0.0.1: not there, broken, or well. `heard`: (time, text) of each message taken."""

    def __init__(self) -> None:
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            self.port = asked.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.is_well, self.refused = False, 0
        self.heard: list[tuple[float, str]] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                if outer.is_well:
                    outer.heard.append((time.monotonic(), json.loads(body)["text"]))
                else:
                    outer.refused += 1
                self.send_response(200 if outer.is_well else 503)
                self.end_headers()
                self.wfile.write(b"ok" if outer.is_well else b"down")

            def log_message(self, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--incidents", type=int, default=6, choices=range(1, len(METRICS) + 1))
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    slack = Slack()
    os.environ["LUX_OUTBOUND_ALLOWED"] = slack.url
    with stage.product(programs=("worker", "relay", "beat"), worker="bench.drills.hurried") as (instance, _):
        result = drill(instance, slack, options)
    print(json.dumps(result))
    return 0 if result["passed"] else 1


def drill(instance: Any, slack: Slack, options: argparse.Namespace) -> dict[str, Any]:
    happen(options.incidents, slack)
    begun = time.monotonic()
    mailed: list[float] = []  # when each letter was sent, seconds after the incidents

    def is_mailed() -> bool:
        count = stage.number(f"{_DELIVERIES} and c.kind = 'mail' and d.state = 'sent'") or 0
        mailed.extend([time.monotonic() - begun] * (count - len(mailed)))
        return len(mailed) >= options.incidents

    def go_on(is_over: Callable[[], bool], *, limit: float) -> None:
        """Until it is over, counting letters all the while."""

        def look() -> bool:
            is_mailed()
            return is_over() or time.monotonic() >= limit

        instance.supervisor.watch(look, interval=0.2)

    go_on(lambda: tried() > 0, limit=begun + LIMIT)
    began = time.monotonic()  # of the outage, as the product sees it: the first attempt has failed
    go_on(lambda: False, limit=began + options.seconds / 2)
    killed = stage.kill(instance, "worker")
    with slack.listening():
        go_on(lambda: False, limit=began + options.seconds)
        before = len(slack.heard)
        slack.is_well = True
        over = time.monotonic()
        go_on(lambda: is_mailed() and is_told() and written() == 2 * options.incidents, limit=over + LIMIT)
        took = time.monotonic() - over
    states = Counter(dict(stage.rows(f"{_STATES} and c.kind = 'slack' group by 1") or []))
    said = Counter(text for _, text in slack.heard)
    lost, doubled = options.incidents - len(said), sum(said.values()) - len(said)
    lines = written()
    return {
        "incidents": options.incidents, "outage_seconds": options.seconds, "stands_for_minutes": options.seconds,
        "killed_worker": killed, "mailed": len(mailed), "mailed_after_seconds": round(max(mailed, default=0.0), 1),
        "attempts": stage.number(f"{_ATTEMPTS} and c.kind = 'slack'"), "answered_503": slack.refused,
        "slack": dict(states), "heard_while_down": before, "lost": lost, "doubled": doubled,
        "told_after_seconds": round(took, 1), "lines_of_history": lines,
        "passed": bool(killed) and len(mailed) == options.incidents and lost == doubled == before == 0
        and lines == 2 * options.incidents,
    }  # fmt: skip


_FROM = "from anomalies_alertdelivery d join anomalies_alertchannel c on c.id = d.channel_id where true"
_DELIVERIES, _ATTEMPTS = f"select count(*) {_FROM}", f"select sum(d.attempts) {_FROM}"
_STATES = f"select d.state, count(*) {_FROM}"


def tried() -> int:
    return stage.number(f"{_ATTEMPTS} and c.kind = 'slack'") or 0


def written() -> int:
    """Lines of history that say that somebody was told: each is written after its message went."""
    return stage.number("select count(*) from anomalies_incidentevent where act = 'told'") or 0


def is_told() -> bool:
    left = stage.number(f"{_DELIVERIES} and c.kind = 'slack' and d.state in ('waiting', 'sending')")
    return left == 0


def happen(incidents_wanted: int, slack: Slack) -> None:
    """A mail and a Slack channel of the platform, and an incident of another metric in each of so many shops."""
    from django.utils import timezone

    from anomalies import incidents
    from anomalies.channels import setup
    from anomalies.incidents import Signal
    from tenants import tenancy
    from tenants.models import Tenant, User

    sam = User.objects.using("ops").create(email="sam@drill.example", name="Sam", platform_role="operator")
    setup.save(None, kind="mail", by=sam, name="Mail", recipients=["oncall@drill.example"])
    setup.save(None, kind="slack", by=sam, name="Slack", url=f"{slack.url}/services/drill")
    for number, metric in enumerate(METRICS[:incidents_wanted]):
        shop = Tenant(slug=f"drill-{number}", name=f"Drill {number}", plan_id="free")
        shop.save(using="ops")
        with tenancy.enter(shop.pk) as tenant:
            now = timezone.now()
            incidents.flag(tenant, Signal(metric, "up", now, 90.0, "high", window="w", limit=5.0), now=now)


if __name__ == "__main__":
    sys.exit(main())
