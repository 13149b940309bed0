"""A person's own page, their shops, and the invitation link."""

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from luxebrain.lib import problems
from luxebrain.lib.forms import add_problem
from tenants import access, members, signup
from tenants.account.forms import ProfileForm, ShopForm


@access.person_page
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Name, shops, password and second factor. POST changes the name."""
    form = ProfileForm(request.POST or None, initial={"name": request.user.name})  # type: ignore[union-attr]
    if request.method == "POST" and form.is_valid():
        request.user.name = form.cleaned_data["name"].strip()  # type: ignore[union-attr]
        request.user.save(update_fields=["name"])
        messages.success(request, "Your name is saved.")
        return redirect("account")
    return show(request, form=form, shop_form=ShopForm(prefix="shop"))


@access.person_page
@require_http_methods(["GET", "HEAD", "POST"])
def open_shop(request: HttpRequest) -> HttpResponse:
    """GET shows the form on the person's page; POST opens a shop on the free plan."""
    form = ShopForm(request.POST or None, prefix="shop")
    if request.method == "POST" and form.is_valid():
        try:
            shop = signup.open(name=form.cleaned_data["name"], owner=request.user, by=request.user)  # type: ignore[arg-type]
        except problems.Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, f"{shop.name} is open, on the free plan.")
            return redirect(reverse("panel:overview", args=[shop.slug]))
    return show(request, form=ProfileForm(initial={"name": request.user.name}), shop_form=form)  # type: ignore[union-attr]


def show(request: HttpRequest, *, form: ProfileForm, shop_form: ShopForm) -> HttpResponse:
    context = {
        "form": form,
        "shop_form": shop_form,
        "shops": access.memberships(request.user),  # type: ignore[arg-type]
        "has_second_factor": is_mfa_enabled(request.user),
    }
    status = 422 if form.errors or shop_form.errors else 200
    return render(request, "tenants/account/account.html", context, status=status)


@access.anyone
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Says which shop and role; signing in or up comes first; the invited address must be one's own."""
    offer = members.offer(token)
    if offer is None:
        return render(request, "tenants/account/invitation.html", {"offer": None}, status=404)
    if request.method == "POST" and request.user.is_authenticated:
        try:
            membership = members.accept(token, by=request.user)  # type: ignore[arg-type]
        except problems.Problem as problem:
            context = {"offer": offer, "problem": problem.detail}
            return render(request, "tenants/account/invitation.html", context, status=problem.status)
        messages.success(request, f"Welcome to {offer.shop}. You are its {membership.get_role_display().lower()}.")
        return redirect("panel:overview", slug=membership.tenant.slug)
    if not request.user.is_authenticated:
        request.session["invitation"] = token  # found again after signing in or up
    return render(request, "tenants/account/invitation.html", {"offer": offer})
