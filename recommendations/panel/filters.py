"""Trying a filter or segment: what it holds for now, or what is wrong with it and where."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from luxebrain.lib.pages import render_page
from recommendations import expressions, matching
from recommendations.panel.expression_field import ExpressionField
from tenants.access import tenant_page

TEMPLATE = "recommendations/check_filter.html"
SCOPES = (("product", "Products"), ("shopper", "Shoppers"))
FIELDS = {"filter", "segment"}  # of the forms that ask


class FilterForm(forms.Form):
    scope = forms.ChoiceField(label="A condition on", choices=SCOPES, widget=forms.RadioSelect)
    filter = ExpressionField(
        label="Expression", required=True, help_text='Such as price < context.price and "wool" in tags.'
    )
    product = forms.CharField(
        label="On the page of", max_length=64, required=False,
        help_text="The id of the product that “context” stands for. Empty: the model's best seller, or any product.",
    )  # fmt: skip
    customer = forms.CharField(
        label="For the customer", max_length=64, required=False,
        help_text="The id of the customer that “shopper” stands for. Empty: nobody whom the shop knows.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="recommendations.read")
def check(request: Any) -> HttpResponse:
    """The page, or the answer alone for the fields of other pages: ?field=segment&scope=shopper."""
    given = request.POST or request.GET
    name = request.GET.get("field", "")
    text = _one(given, name if name in FIELDS else "filter", expressions.MAX_LENGTH + 1).strip()
    scope = "shopper" if (request.GET.get("scope") or given.get("scope")) == "shopper" else "product"
    product, customer = _one(given, "product", 64), _one(given, "customer", 64)
    form = FilterForm(initial={"scope": scope, "filter": text, "product": product, "customer": customer})
    context = {"form": form, "scope": scope, "beside_form": name in FIELDS, "found": None}
    if text:
        context["found"] = matching.match(request.tenant, text, scope=scope, product=product, customer=customer)
    return render_page(request, TEMPLATE, context, fragment="answer")


def _one(given: Any, name: str, most: int) -> str:
    return given.get(name, "").replace("\x00", "")[:most]
