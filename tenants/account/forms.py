"""Forms of the account pages."""

from django import forms
from django.http import HttpRequest

from tenants import signup
from tenants.models import User


class SignupForm(forms.Form):
    """What we ask beside address and password. A shop's name opens the shop; an invited person leaves it out."""

    name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}), required=False
    )
    shop_name = forms.CharField(
        label="Shop name",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        help_text="Opens your shop on the free plan. Leave it empty if you were invited to a shop.",
    )
    field_order = ["name", "shop_name", "email", "password1", "password2"]

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"].strip()
        user.save(update_fields=["name"])
        if self.cleaned_data["shop_name"].strip():
            signup.open(name=self.cleaned_data["shop_name"], owner=user, by=user)


class ProfileForm(forms.Form):
    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class ShopForm(forms.Form):
    name = forms.CharField(label="Shop name", max_length=120)
