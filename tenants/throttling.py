"""Throttling: a key slowed to so many calls a minute until a time. It ends by itself, or is taken back."""

from datetime import timedelta

from django.utils import timezone

from luxebrain.lib import problems
from tenants import audit, epochs
from tenants.models import ApiKey, Tenant, User

LONGEST_MINUTES = 7 * 24 * 60
USUAL_PER_MINUTE, USUAL_MINUTES = 10, 60
CHOICES = ((15, "15 minutes"), (60, "1 hour"), (240, "4 hours"), (1440, "1 day"), (LONGEST_MINUTES, "1 week"))


def throttle(key: ApiKey, *, per_minute: int, minutes: int, by: User | str | None, reason: str = "") -> ApiKey:
    """At most `per_minute` calls a minute for `minutes` from now; another throttle of the key is replaced.

    The limit travels with the key's facts: a process lets pass the call with which it learns of it, and holds the
    next ones to it. Raises Problem with a reason per field, Conflict for a key that is not in use."""
    most = key.tenant.plan.requests_per_minute
    wrong = {}
    if not 1 <= per_minute <= most:
        wrong["per_minute"] = f"From 1 to {most}, which the {key.tenant.plan.name} plan allows."
    if not 1 <= minutes <= LONGEST_MINUTES:
        wrong["minutes"] = f"From 1 to {LONGEST_MINUTES} (a week)."
    if wrong:
        raise problems.Problem("The key was not throttled.", fields=wrong, status=422)
    with key.tenant.atomic():
        held = _held(key)
        now = timezone.now()
        if not held.is_live(now):
            raise problems.Conflict("This key is not in use any more.")
        held.throttle_per_minute, held.throttled_until = per_minute, now + timedelta(minutes=minutes)
        held.throttle_reason = reason.strip()[:200]
        _save(held)
        details = {"per_minute": per_minute, "until": held.throttled_until.isoformat()}
        audit.record(held.tenant, "api_keys.throttle", by=by, target=str(held), reason=reason, details=details)
    return held


def release(key: ApiKey, *, by: User | str | None, reason: str = "") -> ApiKey:
    """Takes the throttle back: the plan's limit holds from the next call on. Raises Conflict where none holds."""
    with key.tenant.atomic():
        held = _held(key)
        if not held.is_throttled(timezone.now()):
            raise problems.Conflict("This key is not throttled.")
        held.throttle_per_minute = held.throttled_until = None
        held.throttle_reason = ""
        _save(held)
        audit.record(held.tenant, "api_keys.release", by=by, target=str(held), reason=reason)
    return held


def _held(key: ApiKey) -> ApiKey:
    tenant: Tenant = key.tenant
    return tenant.api_keys.select_for_update(of=("self",)).select_related("tenant__plan").get(pk=key.pk)


def _save(key: ApiKey) -> None:
    key.save(update_fields=["throttle_per_minute", "throttled_until", "throttle_reason"])
    epochs.bump(key.tenant, "keys")
