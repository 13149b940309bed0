"""The people of a shop: members, roles, invitations."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib import problems
from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_confirm, render_page
from tenants import members
from tenants.access import tenant_page
from tenants.models.people import Role
from tenants.panel.forms import InviteForm

MEANINGS = (
    ("Owner", "everything, including people, settings and which model serves"),
    ("Developer", "API keys, the catalogue and training"),
    ("Analyst", "reads every page but the keys, and may start a training"),
)


@require_safe
@tenant_page(may="team.read")
def team(request: Any) -> HttpResponse:
    return show(request, InviteForm())


def show(request: Any, form: InviteForm) -> HttpResponse:
    tenant = request.tenant
    rows = list(tenant.memberships.select_related("user").order_by("created_at", "id"))
    invitations = list(members.pending(tenant).select_related("invited_by").order_by("-id"))
    limit = tenant.plan.members
    context = {
        "rows": rows,
        "invitations": invitations,
        "form": form,
        "roles": Role.choices,
        "meanings": MEANINGS,
        "places": len(rows) + len(invitations),
        "limit": limit,
        "is_full": limit is not None and len(rows) + len(invitations) >= limit,
        "may_write": request.membership.may("team.write"),
    }
    return render_page(request, "tenants/panel/team.html", context, status=422 if form.errors else 200)


@require_POST
@tenant_page(may="team.write")
def invite(request: Any) -> HttpResponse:
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            members.invite(request.tenant, by=request.user, **form.cleaned_data)
        except problems.Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, f"An invitation is on its way to {form.cleaned_data['email']}.")
            return back(request)
    return show(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="team.write")
def withdraw(request: Any, invitation_id: int) -> HttpResponse:
    invitation = get_object_or_404(request.tenant.invitations, pk=invitation_id)
    if request.method != "POST":
        return ask(
            request,
            title=f"Withdraw the invitation of {invitation.email}?",
            text="The link in the letter stops working.",
            button="Withdraw it",
        )
    return act(
        request,
        lambda: members.withdraw(invitation, by=request.user),
        f"The invitation of {invitation.email} is withdrawn.",
    )


@require_POST
@tenant_page(may="team.write")
def change_role(request: Any, membership_id: int) -> HttpResponse:
    membership = get_object_or_404(request.tenant.memberships.select_related("user"), pk=membership_id)
    role = request.POST.get("role", "")
    label = dict(Role.choices).get(role, role)
    return act(
        request,
        lambda: members.change_role(membership, role=role, by=request.user),
        f"{membership.user} is now {label.lower()}.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="team.write")
def remove(request: Any, membership_id: int) -> HttpResponse:
    membership = get_object_or_404(request.tenant.memberships.select_related("user"), pk=membership_id)
    if request.method != "POST":
        return ask(
            request, title=f"Remove {membership.user}?", button="Remove",
            text="They lose access with their next click. Keys that they made keep working.",
        )  # fmt: skip
    answer = act(
        request, lambda: members.remove(membership, by=request.user), f"{membership.user} is not a member any more."
    )
    return redirect("home") if membership.user_id == request.user.pk and membership.pk is None else answer


def ask(request: Any, *, title: str, text: str, button: str) -> HttpResponse:
    return render_confirm(
        request, layout="layouts/panel.html", title=title, text=text, button=button, action=request.path,
        back=reverse("panel:team", args=[request.tenant.slug]), danger=True,
    )  # fmt: skip


def act(request: Any, deed: Any, done: str) -> HttpResponse:
    """Does it, and says on the team's page what happened."""
    try:
        deed()
    except problems.Problem as problem:
        messages.error(request, problem.detail)
    else:
        messages.success(request, done)
    return back(request)


def back(request: Any) -> HttpResponse:
    return redirect("panel:team", slug=request.tenant.slug)
