"""What the secret key sealed is sealed anew with the newest one, so that an older key can be forgotten."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models, transaction

from luxebrain.lib import sealed
from tenants import platform_key

SECOND_FACTOR = "second factor"  # purpose of what tenants/account/second_factor.py seals
AT_ONCE = 500  # rows that are held at a time


def everything() -> Iterator[tuple[str, Counter[str]]]:
    """Each kind of secret with how many were `renewed`, `new` already, and `unreadable` (left as they are)."""
    with suppress(sealed.Unreadable):  # counted below
        platform_key.of_digests()  # made while the key is still known that the digests of before were made with
    for model in sorted(apps.get_models(), key=lambda one: one._meta.label):
        fields = [field for field in model._meta.local_fields if isinstance(field, sealed.SealedField)]
        for field in fields:
            anew = partial(sealed.renewed, purpose=field.purpose)
            yield f"{model._meta.label}.{field.name}", _rows(model, {f"{field.name}__gt": ""}, field.name, anew)
    yield "second factors", _rows(Authenticator, {}, "data", _second_factor)


def _second_factor(data: dict[str, Any]) -> dict[str, Any]:
    """allauth's data of one authenticator; its secrets are what MFAAdapter sealed."""
    anew = partial(sealed.renewed, purpose=SECOND_FACTOR)
    kept = {name: anew(data[name]) for name in ("secret", "seed") if name in data}
    if "migrated_codes" in data:
        kept["migrated_codes"] = [anew(code) for code in data["migrated_codes"]]
    return data | kept


def _rows(model: type[models.Model], which: dict[str, Any], name: str, anew: Callable[[Any], Any]) -> Counter[str]:
    """A transaction for every few rows: nobody waits long, and a run that was cut off is begun again."""
    counted: Counter[str] = Counter(renewed=0, new=0, unreadable=0)
    last: Any = None
    while True:
        with transaction.atomic(using="ops"):
            rows = model._base_manager.using("ops").filter(**which).order_by("pk").select_for_update()
            found = list((rows.filter(pk__gt=last) if last is not None else rows)[:AT_ONCE])
            for row in found:
                before = getattr(row, name)
                try:
                    after = anew(before)
                except sealed.Unreadable:
                    counted["unreadable"] += 1
                    continue
                if after == before:
                    counted["new"] += 1
                    continue
                # The row alone: nothing else follows from it, and no other column is written back.
                model._base_manager.using("ops").filter(pk=row.pk).update(**{name: after})
                counted["renewed"] += 1
        if not found:
            return counted
        last = found[-1].pk
