"""Suspects: whose a failed authentication is, and which key, person and address are behind it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from anomalies.detection import RefusalSeen
from tenants.models import ApiKey, Membership
from tenants.refusals import FORGERY, Refusal


@dataclass
class Sorted:
    """Refusals by tenant; those that nobody's key or person explains are the platform's."""

    of_tenant: dict[int, list[RefusalSeen]] = field(default_factory=lambda: defaultdict(list))
    of_nobody: list[RefusalSeen] = field(default_factory=list)


def sort(refusals: Iterable[Refusal]) -> Sorted:
    """A revoked key still names its shop; a person who belongs to several shops concerns each of them."""
    seen = [one for one in refusals if one.kind != FORGERY]
    keys = _keys(bytes.fromhex(one.who) for one in seen if one.kind == "key")
    people = _people(one.who for one in seen if one.kind == "sign_in")
    found = Sorted()
    for one in seen:
        address = f"address {one.address}" if one.address else "address unknown"
        if one.kind == "key":
            tenant_id, label = keys.get(one.who, (0, ""))
            owners, subject = ([tenant_id] if tenant_id else []), label
        elif one.kind == "sign_in":
            owners, subject = people.get(one.who, []), f"person {one.who}"
        else:
            owners, subject = ([one.tenant_id] if one.tenant_id else []), f"key {one.who}"
        if not owners:
            found.of_nobody.append(RefusalSeen(one.at, (address,)))
        for owner in owners:
            found.of_tenant[owner].append(RefusalSeen(one.at, tuple(filter(None, (subject, address)))))
    return found


def forgers(refusals: Iterable[Refusal]) -> dict[int, list[tuple[str, str]]]:
    """tenant → (webhook that it came to, address that it came from) of each delivery with a wrong signature."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for one in refusals:
        if one.kind == FORGERY and one.tenant_id:
            sender = f"address {one.address}" if one.address else "address unknown"
            found[one.tenant_id].append((f"webhook {one.who}", sender))
    return found


def _keys(digests: Iterable[bytes]) -> dict[str, tuple[int, str]]:
    """digest (hex) → (tenant, "key 12"), of keys that were revoked or have expired."""
    asked = set(digests)
    if not asked:
        return {}
    rows = ApiKey.objects.across_tenants().filter(digest__in=asked).values_list("digest", "tenant_id", "pk")
    return {bytes(digest).hex(): (tenant_id, f"key {pk}") for digest, tenant_id, pk in rows}


def _people(emails: Iterable[str]) -> dict[str, list[int]]:
    asked = set(emails)
    if not asked:
        return {}
    found: dict[str, list[int]] = defaultdict(list)
    rows = Membership.objects.across_tenants().filter(user__email__in=asked)
    for email, tenant_id in rows.values_list("user__email", "tenant_id"):
        found[email].append(tenant_id)
    return found
