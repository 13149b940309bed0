"""One shop floods the web server: its own calls wait or are refused, and those of the others are answered."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connections, transaction

from luxebrain.embedded import demo, state
from tenants import lanes, usage
from tests import make
from tests.deployment.test_systemd import UNITS, read

VIEW = {"type": "view", "session_id": "s", "product_id": "p-1"}
SECONDS = 30  # for what takes milliseconds


class Web:
    """One process of the web server as it is deployed, on the database of the tests."""

    def __init__(self) -> None:
        unit = next(unit for unit in UNITS if unit.stem == "luxebrain-web")
        command = [sys.executable, *read(unit)["Service"]["ExecStart"].split()[1:]]
        self.port = state.any_port()
        for option, value in (("--workers", "1"), ("--port", str(self.port))):
            command[command.index(option) + 1] = value
        environ = {**os.environ, "LUX_LOG_CONSOLE": "0", "DJANGO_SETTINGS_MODULE": "luxebrain.settings"}
        for alias, variable in (("default", "DATABASE_URL"), ("ops", "DATABASE_OPS_URL")):
            name = connections[alias].settings_dict["NAME"]
            environ[variable] = urlsplit(os.environ[variable])._replace(path=f"/{name}").geturl()
        self.process = subprocess.Popen(command, env=environ, start_new_session=True)

    def wait_until_it_listens(self) -> None:
        ends = time.monotonic() + 120
        while state.is_free(self.port):
            assert self.process.poll() is None and time.monotonic() < ends
            time.sleep(0.05)

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(60)

    def ask(self, method: str, path: str, secret: str, body: Any = None) -> tuple[int, Any, http.client.HTTPMessage]:
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        return self.send(method, path, json.dumps(body) if body is not None else None, headers)

    def send(
        self, method: str, path: str, body: str | bytes | None, headers: dict[str, str]
    ) -> tuple[int, Any, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        said = answer.status, json.loads(answer.read()), answer.headers
        connection.close()
        return said


class Loud(threading.Thread):
    """One connection of the flood, which asks the same again and again."""

    def __init__(self, web: Web, *asked: Any, times: int = 1) -> None:
        super().__init__(daemon=True)
        self.web, self.asked, self.times = web, asked, times
        self.said: list[tuple[int, Any, http.client.HTTPMessage]] = []
        self.start()

    def run(self) -> None:
        for _ in range(self.times):
            self.said.append(self.web.ask(*self.asked))


@pytest.fixture
def web(db: None) -> Iterator[Web]:
    found = Web()
    try:
        found.wait_until_it_listens()
        yield found
    finally:
        found.stop()


def answered(loud: list[Loud]) -> int:
    return sum(len(one.said) for one in loud)


def test_calls_that_hang_hold_up_their_own_kind_alone(web: Web, acme: Any, globex: Any) -> None:
    """Forty calls of a shop want a row that somebody holds: the process answers everybody else meanwhile."""
    mine, theirs = make.key(acme), make.key(globex)
    assert web.ask("POST", "/api/v1/products", mine, {"id": "p-1", "title": "Tea"})[0] == 200
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("select 1 from recommendations_product where tenant_id = %s for update", [acme.pk])
        loud = [Loud(web, "PATCH", "/api/v1/products/p-1", mine, {"stock": 3}) for _ in range(40)]
        ends = time.monotonic() + SECONDS
        while answered(loud) < 40 - lanes.WIDE - lanes.PLACES:
            assert time.monotonic() < ends
            time.sleep(0.01)
        for secret in (theirs, mine):
            for _ in range(3):
                assert web.ask("POST", "/api/v1/events", secret, VIEW)[0] == 202
                assert web.ask("GET", "/api/v1/products/p-1", secret)[0] == (200 if secret == mine else 404)
    for one in loud:
        one.join(SECONDS)
    said = [said for one in loud for said in one.said]
    statuses = Counter(status for status, _, _ in said)
    assert statuses[200] + statuses[429] == 40
    assert lanes.WIDE <= statuses[200] <= lanes.WIDE + lanes.PLACES  # fewer where the machine is slower than patience
    for status, body, headers in said:
        if status == 429:
            assert (body["code"], headers["Retry-After"]) == ("too_many_at_once", "1")
    assert usage.used(acme, "throttled", since=acme.created_at.replace(minute=0, second=0)) == statuses[429]


def test_every_event_that_was_acknowledged_is_kept(web: Web, acme: Any, globex: Any) -> None:
    mine, theirs = make.key(acme), make.key(globex)
    loud = [Loud(web, "POST", "/api/v1/events", mine, VIEW, times=15) for _ in range(30)]
    calm = [web.ask("POST", "/api/v1/events", theirs, VIEW)[0] for _ in range(30)]
    for one in loud:
        one.join(2 * SECONDS)
    said = Counter(status for one in loud for status, _, _ in one.said)
    assert set(said) <= {202, 429}
    assert said[202] == acme.event_batches.count()
    assert calm == [202] * 30
    assert globex.event_batches.count() == 30


def test_the_demo_starts_the_same_number_of_threads() -> None:
    source = demo.__file__
    with open(source) as text:
        assert f'"--blocking-threads", "{lanes.THREADS}"' in text.read()
