"""What a shop says about itself: name, website, currency, time zone; checked in one place."""

import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from luxebrain.lib import problems
from tenants import audit, epochs, work
from tenants.models import Tenant, User

# ISO 4217 codes of the currencies in which the shops we know sell; the field takes any three letters.
CURRENCIES = (
    "EUR", "USD", "GBP", "CHF", "AUD", "BRL", "CAD", "CNY", "CZK", "DKK", "HKD", "HUF", "INR", "JPY",
    "MXN", "NOK", "NZD", "PLN", "RON", "SEK", "SGD", "TRY", "ZAR",
)  # fmt: skip
_http_url = URLValidator(schemes=["http", "https"])


PART_CHANGED = "recommendations.part_changed"  # the work that it causes; done by the app above
WINDOW_HOURS = 24
MOST_WINDOW_HOURS = 168  # a week; more would count orders that the list has little to do with


def check(
    *, name: str, currency: str, time_zone: str, website: str = "", attribution_hours: int = WINDOW_HOURS
) -> None:
    """Raises Problem that names every field which is wrong."""
    wrong: dict[str, str] = {}
    if not name.strip() or len(name) > 120:
        wrong["name"] = "Between 1 and 120 characters."
    if not re.fullmatch(r"[A-Z]{3}", currency):
        wrong["currency"] = "The three capital letters of a currency, such as EUR."
    if not is_zone(time_zone):
        wrong["time_zone"] = "A time zone name such as Europe/Paris."
    if website:
        try:
            _http_url(website)
        except ValidationError:
            wrong["website"] = "An address that begins with https:// or http://."
    if not 1 <= attribution_hours <= MOST_WINDOW_HOURS:
        wrong["attribution_hours"] = f"A whole number of hours from 1 to {MOST_WINDOW_HOURS}."
    if wrong:
        raise problems.Problem("Please correct the marked fields.", fields=wrong)


def is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def zones() -> list[str]:
    return sorted(
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))
    ) + ["UTC"]


def update(
    tenant: Tenant, *, name: str, currency: str, time_zone: str, website: str, by: User,
    attribution_hours: int | None = None, takes_part: bool | None = None,
) -> list[str]:
    """Changes the shop's own facts; returns the names of those that changed. None leaves a fact as it is."""
    wanted: dict[str, Any] = {
        "name": name.strip(), "currency": currency.upper(), "time_zone": time_zone, "website": website.strip(),
        "attribution_hours": tenant.attribution_hours if attribution_hours is None else attribution_hours,
    }
    check(**wanted)
    wanted["takes_part"] = tenant.takes_part if takes_part is None else takes_part
    before = {field: getattr(tenant, field) for field in wanted}
    changed = [field for field in wanted if before[field] != wanted[field]]
    if not changed:
        return []
    with tenant.atomic():
        for field in changed:
            setattr(tenant, field, wanted[field])
        tenant.save(update_fields=changed)
        details = {field: {"from": before[field], "to": wanted[field]} for field in changed}
        audit.record(tenant, "profile.update", by=by, target=tenant.slug, details=details)
        if "takes_part" in changed:
            work.enqueue(tenant, PART_CHANGED, key="part-changed")
        if "currency" in changed:
            epochs.bump(tenant, "keys")  # a key's credential carries the currency
    return changed
