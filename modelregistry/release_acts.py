"""What both panels do with a release, and with the latest change: the act, its words, and the way back."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from luxebrain.lib import forms, pages
from luxebrain.lib.problems import Problem
from modelregistry import releases, versions
from modelregistry.models import ModelVersion
from modelregistry.release_forms import ReleaseForm
from tenants.models import Tenant


def act(
    request: HttpRequest, *, layout: str, back: str, title: str, text: str, button: str, do: Callable[[str], str],
    danger: bool = False, fields: Any = (),
) -> HttpResponse:
    """Asks on GET; on POST does it with the reason given, and says what `do` returns, or why it was refused."""
    if request.method == "GET":
        return pages.render_confirm(
            request, layout=layout, title=title, text=text, button=button, action=request.path, back=back,
            danger=danger, reason="Why", fields=fields,
        )
    try:
        messages.success(request, do(request.POST.get("reason", "").strip()[:300]))
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect(back)


def undo(request: HttpRequest, tenant: Tenant, *, layout: str, back: str) -> HttpResponse:
    """Takes the latest change back; `move` names the one that the page offered to undo."""
    given = request.POST.get("move", "")
    move = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None

    def do(why: str) -> str:
        made = versions.undo(tenant, by=request.user, move=move, reason=why)  # type: ignore[arg-type]
        return f"{made.version} is in service again."

    return act(
        request, layout=layout, back=back, title="Undo the latest change?", button="Undo", do=do,
        text="What served before it serves again, within two seconds. Undoing twice restores the change.",
    )


def step(request: HttpRequest, tenant: Tenant, verb: str, *, layout: str, back: str) -> HttpResponse:
    """verb: "advance" or "cancel", of the release under way; back with a word where there is none."""
    release = releases.of(tenant)
    if release is None:
        messages.error(request, "No release is under way.")
        return redirect(back)

    def go_on(why: str) -> str:
        moved = releases.advance(release, by=request.user, reason=why)  # type: ignore[arg-type]
        return f"{release.version}: {moved.get_state_display().lower()}."

    def end(why: str) -> str:
        releases.cancel(release, by=request.user, reason=why)  # type: ignore[arg-type]
        return f"The release of {release.version} ended."

    if verb == "advance":
        return act(
            request, layout=layout, back=back, title=f"Take the next stage with {release.version}?", button="Go on",
            text="Its files are checked again first. The guardrails go on watching.", do=go_on,
        )
    return act(
        request, layout=layout, back=back, title=f"End the release of {release.version}?", button="End it", do=end,
        text="The version serves nobody any more. Where it serves everybody, it stays and is watched no longer.",
        danger=True,
    )


def begin(
    request: HttpRequest, version: ModelVersion, *, template: str, back: str, context: dict[str, Any]
) -> HttpResponse:
    """The form of a guarded activation; on POST the release begins as a shadow."""
    form = ReleaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            releases.begin(version, by=request.user, **form.chosen())
        except Problem as problem:
            forms.add_problem(form, problem)
        else:
            messages.success(request, f"{version} is a shadow now: its lists are made and logged, nobody sees them.")
            return redirect(back)
    status = 422 if request.method == "POST" else 200
    context = {**context, "form": form, "version": version, "back": back}
    return pages.render_page(request, template, context, status=status)
