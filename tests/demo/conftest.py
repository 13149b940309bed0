"""A demo shop in miniature, and a real server for scripts and replays to speak to."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections

from demo import keys
from tests import make

SLUG = "lindenhof"


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


class _Server(ThreadedWSGIServer):
    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            connections.close_all()


@pytest.fixture
def address(db: None, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where a server with the whole product answers, on a port of its own."""
    server = _Server(("127.0.0.1", 0), _Quiet)
    server.daemon_threads = False
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(settings, "BASE_URL", url)
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def keys_file() -> Iterator[None]:
    keys.path().unlink(missing_ok=True)
    yield
    keys.path().unlink(missing_ok=True)


@pytest.fixture
def shop(db: None, keys_file: None) -> Any:
    """Three customers, twelve orders of four products: warm, with popular products and no model."""
    tenant = make.tenant(SLUG, name="Lindenhof", currency="GBP", is_demo=True)
    for name in ("bag", "box", "card", "cup"):
        make.product(tenant, name, title=f"Red {name}", categories=["Bags and purses"] if name == "bag" else [])
    people = [make.customer(tenant, f"100{number}") for number in range(3)]
    for number in range(12):
        make.order(tenant, ["bag", "box"] if number % 2 else ["bag", "card"], customer=people[number % 3])
    return tenant
