"""The WSGI application: one chain of middleware for the panels, a shorter one for calls with an API key.

In the panels' chain ten layers only step aside for such calls; left out altogether they cost nothing. The
layers that remain, and their order, are those of settings.MIDDLEWARE.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luxebrain.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  (after the settings stand)

from luxebrain.middleware import is_call_with_key  # noqa: E402


class ApiHandler(WSGIHandler):
    """Django's handler with the layers that settings.API_LAYERS names."""

    def load_middleware(self, is_async: bool = False) -> None:
        every = settings.MIDDLEWARE
        settings.MIDDLEWARE = [path for path in every if path.rsplit(".", 1)[1] in settings.API_LAYERS]
        try:
            super().load_middleware(is_async=is_async)
        finally:
            settings.MIDDLEWARE = every


_api, _panels = ApiHandler(), WSGIHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    handler = _api if is_call_with_key(environ.get("PATH_INFO", "")) else _panels
    return handler(environ, start_response)
