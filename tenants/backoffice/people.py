"""The back office's people: find somebody, platform roles, deactivate."""

from typing import Any

from allauth.account.models import EmailAddress
from axes.models import AccessAttempt
from django.contrib import messages
from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib import problems
from luxebrain.lib.pages import Column, ListPage, render_confirm, render_page
from tenants import access, staff
from tenants.access import may_operate, staff_page
from tenants.backoffice.forms import PeopleFilter
from tenants.models import Membership, User

COLUMNS = [
    Column("Person", sort="email"),
    Column("Shops"),
    Column("Platform role", sort="role"),
    Column("State"),
    Column("Last signed in", sort="seen"),
    Column("Since", sort="since"),
]
SORTS = {
    "email": "email",
    "role": ("platform_role", "email"),
    "seen": ("last_login", "email"),
    "since": ("created_at", "email"),
}


@require_safe
@staff_page()
def people(request: HttpRequest) -> HttpResponse:
    shops = Membership.objects.across_tenants().filter(user=OuterRef("pk")).order_by().values("user")
    names = shops.annotate(names=StringAgg("tenant__name", ", ", order_by="tenant__name")).values("names")
    listing = ListPage(
        request, User.objects.using("ops").annotate(shops=Subquery(names)), columns=COLUMNS, filters=PeopleFilter,
        template="tenants/backoffice/people.html", search=("email", "name", "shops"), sorts=SORTS,
        default_sort="email", nouns=("person", "people"),
    )  # fmt: skip
    return listing.render()


def find(person_id: int) -> User:
    return get_object_or_404(User.objects.using("ops"), pk=person_id)


@require_safe
@staff_page()
def person(request: Any, person_id: int) -> HttpResponse:
    found = find(person_id)
    context = {
        "person": found,
        "shops": access.memberships(found),
        "is_verified": EmailAddress.objects.filter(user=found, verified=True).exists(),
        "failures": sum(
            AccessAttempt.objects.filter(username=found.email).values_list("failures_since_start", flat=True)
        ),
        "roles": User.PlatformRole.choices,
        "may_write": may_operate(request),
    }
    return render_page(request, "tenants/backoffice/person.html", context)


@require_POST
@staff_page(may="platform.write")
def change_role(request: Any, person_id: int) -> HttpResponse:
    found, role = find(person_id), request.POST.get("role", "")
    return act(
        request, found, lambda: staff.change_role(found, role=role, by=request.user), "The platform role is changed."
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def deactivate(request: Any, person_id: int) -> HttpResponse:
    found = find(person_id)
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/backoffice.html", title=f"Deactivate {found}?", button="Deactivate",
            text="They are signed out with their next click and cannot sign in. Their memberships stay.",
            action=request.path, back=reverse("person", args=[found.pk]), danger=True, reason="Why",
        )  # fmt: skip
    reason = request.POST.get("reason", "")
    return act(
        request, found, lambda: staff.deactivate(found, by=request.user, reason=reason), f"{found} is deactivated."
    )


@require_POST
@staff_page(may="platform.write")
def reactivate(request: Any, person_id: int) -> HttpResponse:
    found = find(person_id)
    return act(request, found, lambda: staff.reactivate(found, by=request.user), f"{found} can sign in again.")


def act(request: Any, found: User, deed: Any, done: str) -> HttpResponse:
    try:
        deed()
    except problems.Problem as problem:
        messages.error(request, problem.detail)
    else:
        messages.success(request, done)
    return redirect("person", person_id=found.pk)
