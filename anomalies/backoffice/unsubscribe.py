"""The way out of a mailing list of alerts: a link in each letter, for people who may have no account."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from anomalies.channels import mail, setup
from tenants.access import anyone


@never_cache
@csrf_exempt  # mail programs post here by themselves (RFC 8058); the signed link is the right
@require_http_methods(["GET", "HEAD", "POST"])
@anyone
def unsubscribe(request: Any, token: str) -> HttpResponse:
    """GET asks, POST does."""
    found = mail.read_token(token)
    if found is None:
        raise Http404
    done = request.method == "POST"
    if done:
        setup.unsubscribe(*found)
    return render(request, "anomalies/unsubscribe.html", {"recipient": found[1], "done": done, "action": request.path})
