"""The platform's key of digests that outlive a change of the secret key."""

from functools import cache

from django.conf import settings

from luxebrain.lib import sealed
from tenants.models import PlatformKey
from tenants.models.platform_key import PURPOSE

_NAME = "digests"


@cache
def of_digests() -> str:
    """Kept sealed from the first need on; the oldest secret key that is known then, so that digests which were made
    before it was kept stay as they are. Raises sealed.Unreadable after a change that forgot `manage.py reseal`."""
    kept = PlatformKey.objects.filter(name=_NAME).first()
    if kept is None:
        oldest = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS][-1]
        fresh = PlatformKey(name=_NAME, sealed=sealed.seal(oldest, purpose=PURPOSE))
        PlatformKey.objects.bulk_create([fresh], ignore_conflicts=True)
        kept = PlatformKey.objects.get(name=_NAME)
    return sealed.unseal(kept.sealed, purpose=PURPOSE)
