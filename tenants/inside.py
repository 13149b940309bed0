"""Looking at what a message of a shop says: the staff is asked why, and the answer is a line of the shop's trail."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from luxebrain.lib.pages import render_confirm
from tenants import audit
from tenants.models import Tenant


def asked(
    request: Any, shop: Tenant, action: str, *, target: str, title: str, text: str, back: str
) -> HttpResponse | None:
    """The question, or the way back where no reason was given; None = it is noted and may be shown.

    action, target   what the line of the trail says was looked at
    """
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/backoffice.html", title=title, text=text, button="Show it",
            action=request.path, back=back, reason="Why",
        )  # fmt: skip
    reason = request.POST.get("reason", "").replace("\x00", "").strip()
    if not reason:
        messages.error(request, "It is not shown: say why you need it.")
        return redirect(back)
    audit.record(shop, action, by=request.user, target=target, reason=reason)
    return None
