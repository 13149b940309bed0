"""The WSGI application: one chain of middleware for the panels, a shorter one for calls with an API key.

In the panels' chain ten layers only step aside for such calls; left out altogether they cost nothing. The
layers that remain, and their order, are those of settings.MIDDLEWARE.
"""

import gc
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luxebrain.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  (after the settings stand)
from django.db import close_old_connections  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.urls import ResolverMatch  # noqa: E402

from luxebrain.middleware import is_call_with_key  # noqa: E402
from recommendations.algorithms import kernels  # noqa: E402, F401  (compiled now, not while somebody waits)

# How long a thread goes on without a look at its database connections.
LOOK_SECONDS = 1.0


class ApiHandler(WSGIHandler):
    """Django's handler with the layers that settings.API_LAYERS names, and without the signals of a request.

    Their receivers close connections that are broken or too old, at twice a call's beginning and end. Here
    that is done once a second and after every fault: most calls ask no database.
    """

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        now = time.monotonic()
        if now - getattr(_looked, "at", 0.0) > LOOK_SECONDS:
            close_old_connections()
            _looked.at = now
        response = self.get_response(self.request_class(environ))
        if response.status_code >= 500:
            _looked.at = 0.0
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        if response.streaming:
            response._handler_class = self.__class__
            return response  # its close() ends what it reads from
        for close in response._resource_closers:
            close()
        return [response.content]

    def load_middleware(self, is_async: bool = False) -> None:
        every = settings.MIDDLEWARE
        settings.MIDDLEWARE = [path for path in every if path.rsplit(".", 1)[1] in settings.API_LAYERS]
        try:
            super().load_middleware(is_async=is_async)
        finally:
            settings.MIDDLEWARE = every
        self._matches: dict[str, ResolverMatch] = {}

    def make_view_atomic(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """No call is one transaction as a whole: no database has ATOMIC_REQUESTS."""
        return view

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """As Django does; a route without variable parts is looked for once."""
        match = self._matches.get(request.path_info)
        if match is None:
            match = super().resolve_request(request)
            if not match.captured_kwargs and not match.args:
                self._matches[request.path_info] = match
        request.resolver_match = match
        return match


# A call makes some thousand objects that its end frees: looked for cycles after every 700 of them, as
# Python does by itself, it costs a twentieth more. What stands now is never looked through again.
gc.set_threshold(20_000, 10, 10)
gc.freeze()

_looked = threading.local()
_api, _panels = ApiHandler(), WSGIHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    handler = _api if is_call_with_key(environ.get("PATH_INFO", "")) else _panels
    return handler(environ, start_response)
