"""What pages call the states of a shop's rows: the word and its tone."""

from datetime import timedelta
from typing import Any

from tenants.models import ApiKey

SOON = timedelta(days=8)  # longer than the longest grace of a rotation


def describe_key(key: ApiKey, *, now: Any) -> dict[str, Any]:
    """A key and the word for its state."""
    usable = key.is_live(now)
    if key.revoked_at:
        state, tone = "Revoked", "neutral"
    elif not usable:
        state, tone = "Expired", "neutral"
    elif key.is_throttled(now):
        state, tone = "Throttled", "warning"
    elif key.expires_at and key.expires_at - now < SOON:
        state, tone = "Ends soon", "warning"
    else:
        state, tone = "In use" if key.last_used_at else "Not used yet", "good" if key.last_used_at else "info"
    return {"key": key, "state": state, "tone": tone, "usable": usable, "throttled": usable and key.is_throttled(now)}
