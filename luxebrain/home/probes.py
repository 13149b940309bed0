"""The addresses that machines ask: alive, ready, health, startup. Cheap, open to all, without secrets."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from luxebrain.home import health
from tenants.access import anyone


def _tell(parts: Sequence[health.Part]) -> HttpResponse:
    failed = [part.name for part in parts if not part.ok]
    content = {
        "status": "unavailable" if failed else "ok",
        "failed": failed,
        "parts": {part.name: {"ok": part.ok, "text": part.text} for part in parts},
    }
    return JsonResponse(content, status=503 if failed else 200)


@anyone
@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks nobody else: a database that is away must not restart the web."""
    return JsonResponse({"status": "ok"})


@anyone
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Everything that a shop's day needs is there, the worker included."""
    return _tell(health.look(health.READY))


@anyone
@never_cache
@require_safe
def general(request: HttpRequest) -> HttpResponse:
    """This instance can answer: database and cache server."""
    return _tell(health.look((health.database, health.cache)))


@anyone
@never_cache
@require_safe
def database(request: HttpRequest) -> HttpResponse:
    return _tell(health.look((health.database,)))


@anyone
@never_cache
@require_safe
def startup(request: HttpRequest) -> HttpResponse:
    """The start is over: the tables are those that this code expects."""
    return _tell(health.look((health.database, health.migrations)))
