"""Moments that a test asks for: an hour of a shop's own day, today or yesterday."""

from datetime import timedelta

from django.utils import timezone


def at_local_hour(shop, hour):
    """The last moment at which it was this hour in the shop."""
    local = timezone.now().astimezone(shop.zone).replace(hour=hour, minute=30, second=0, microsecond=0)
    return local if local <= timezone.now() else local - timedelta(days=1)
