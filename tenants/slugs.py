"""Slugs: the part of an address that names a shop; checked, suggested, made unique."""

import re
import unicodedata

from luxebrain.lib import problems
from tenants import tenancy

LENGTH = 50
RESERVED = frozenset({"open"})  # /tenants/open is a page of the back office
_SHAPE = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def check(slug: str) -> str:
    """The slug, if a new shop may have it. Raises Problem that names the field."""
    if len(slug) > LENGTH or not _SHAPE.fullmatch(slug):
        raise problems.Problem(
            "This address cannot be used.", fields={"slug": "Lower-case letters, digits and hyphens; at most 50."}
        )
    if is_taken(slug):
        raise problems.Conflict("This address is taken.", fields={"slug": "Another shop has this address."})
    return slug


def suggest(name: str) -> str:
    """A free slug made from a shop's name: "Maison Verre" → maison-verre, maison-verre-2, …"""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: LENGTH - 5].strip("-") or "shop"
    # A slug has no dollar or backslash, so the base is a literal in the pattern.
    taken = set(tenancy.across().filter(slug__regex=rf"^{base}(-[0-9]+)?$").values_list("slug", flat=True))
    slug, number = base, 1
    while slug in taken or slug in RESERVED:
        number += 1
        slug = f"{base}-{number}"
    return slug


def is_taken(slug: str) -> bool:
    return slug in RESERVED or tenancy.across().filter(slug=slug).exists()
