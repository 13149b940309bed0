"""Where a person who has just signed in should be."""

from django.urls import reverse

from tenants import access
from tenants.models import User


def path(person: User) -> str:
    """Staff: the back office; a member: their first shop that is served; anybody else: their account."""
    if person.platform_role:
        return reverse("dashboard")
    shops = access.memberships(person)
    active = next((shop for shop in shops if shop.state == "active"), shops[0] if shops else None)
    return reverse("panel:overview", args=[active.slug]) if active else reverse("account")
