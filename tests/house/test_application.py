"""The short chain of calls with a key: the same answers as the whole list of layers gives."""

import io
import json

import pytest
from django.conf import settings
from django.test import Client

from luxebrain import wsgi

_OF_ONE_CALL = {"X-Request-Id", "X-RateLimit-Remaining", "Server-Timing", "Date"}


def served(path, *, method="GET", query="", **headers):
    """(status, headers, body) as the server hands them out."""
    said = {}
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "HTTP_HOST": "testserver",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    answer = wsgi.application(environ, lambda status, names: said.update(status=int(status[:3]), headers=dict(names)))
    body = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return said["status"], said["headers"], body


def test_it_leaves_out_what_steps_aside_alone():
    """R51: every layer of the list that acts on a call with a key is in the short chain."""
    acts_on_pages = {"AccountMiddleware", "AxesMiddleware", "TenantMiddleware"}
    names = [path.rsplit(".", 1)[1] for path in settings.MIDDLEWARE]
    left = [name for name in names if not name.startswith("Panel") and name not in acts_on_pages]
    assert set(left) == settings.API_LAYERS


@pytest.mark.parametrize("key", [True, False])
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v1/recommendations", "limit=3"),
        ("/api/v1/recommendations", "limit=none"),
        ("/api/v1/recommendations/cross-sell/p-1", ""),
        ("/api/v1/products", ""),
        ("/api/limits/status", ""),
        ("/api/v1/none", ""),
        ("/api/schema", ""),
    ],
)
def test_it_answers_as_the_whole_list_does(db, api, path, query, key):
    """R89: status, headers and kind of body are the same by both chains."""
    headers = {"authorization": f"Bearer {api.secret}"} if key else {}
    status, names, _ = served(path, query=query, **headers)
    whole = Client(raise_request_exception=False).get(f"{path}?{query}", headers=headers)
    assert status == whole.status_code
    kept = {name: value for name, value in whole.items() if name not in _OF_ONE_CALL}
    assert {name: value for name, value in names.items() if name not in _OF_ONE_CALL} == kept


def test_it_tracks_a_fault_of_a_view(db, api, monkeypatch):
    """R94: by the short chain too."""
    from recommendations.serving import RecommendationEngine
    from tenants.models import ErrorOccurrence

    def explode(self, query, **given):
        raise ZeroDivisionError

    monkeypatch.setattr(RecommendationEngine, "predict", explode)
    status, _, body = served("/api/v1/recommendations", authorization=f"Bearer {api.secret}")
    assert status == 500
    assert ErrorOccurrence.objects.using("ops").get().error_id == json.loads(body)["error_id"]


def test_it_refuses_a_strange_host(db):
    status, _, body = served("/api/v1/recommendations", host="evil.example")
    assert (status, json.loads(body)["code"]) == (400, "bad_host")


def test_pages_pass_the_whole_list(db):
    status, names, _ = served("/account/login/")
    assert status == 200
    assert names["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in names["Content-Security-Policy"]
