"""Replaying an answered list: the same question and history through another version or today's catalogue and rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from luxebrain.lib.problems import NotFound, Problem
from modelregistry.artifacts import ArtifactError
from recommendations import candidates, explaining, queries
from recommendations.algorithms.bundle import BundleDamaged
from recommendations.explaining import Served
from recommendations.models import ServedList
from tenants.models import Tenant

_EPOCHS = ("model", "catalogue", "best sellers", "placements and rules")


@dataclass(frozen=True, slots=True)
class Line:
    """One product in both lists. `before` and `after` are its places, None where it is not listed."""

    product: str
    before: int | None
    after: int | None
    why: str = ""

    @property
    def moved(self) -> int:
        """Places up; negative: down."""
        return self.before - self.after if self.before and self.after else 0

    @property
    def down(self) -> int:
        return -self.moved


@dataclass(frozen=True, slots=True)
class Replayed:
    """The list as it was and as it would be. `answer` is what explaining.explain gives of it."""

    version: int
    answer: dict[str, Any]
    before: list[Line]
    after: list[Line]
    causes: list[str] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        return [line.product for line in self.before] == [line.product for line in self.after]


def versions(tenant: Tenant) -> list[int]:
    """Numbers of the stored versions, newest first."""
    rows = tenant.model_versions.filter(model=settings.MODEL_NAME).exclude(artifact_path="")
    return list(rows.order_by("-number").values_list("number", flat=True)[:50])


def replay(tenant: Tenant, row: ServedList, *, version: int | None = None) -> Replayed:
    """The list again, as of that moment and with the shopper's history of then; catalogue and rules are today's.

    version    None: the one in service
    Raises Problem with a sentence for a version that cannot be loaded, and for a question that
    cannot be asked any more.
    """
    query = queries.parse(row.facts["query"])
    acts = [(product, kind, moment) for product, kind, moment in row.facts["history"]]
    try:
        served = explaining.serve(tenant, query, version=version, acts=acts, moment=row.facts["moment"])
    except NotFound as missing:
        raise Problem(f"{missing.detail} Choose another version.") from None
    except (ArtifactError, BundleDamaged, OSError):
        raise Problem(f"Version v{version} is stored, and cannot be loaded. Choose another.") from None
    answer = explaining.explained(served)
    names = [item["product_id"] for item in answer["items"]]
    before, after = _lines(row.products, names, answer, served)
    return Replayed(served.version, answer, before, after, _causes(row, served, before != after))


def _lines(
    then: list[str], now: list[str], answer: dict[str, Any], served: Served
) -> tuple[list[Line], list[Line]]:
    """Each side in its own order; a product that is gone says why."""
    old, new = ({name: place for place, name in enumerate(names, start=1)} for names in (then, now))
    dropped = {one["product_id"]: one["why"] for one in answer["dropped"]}
    known = dict(zip(then, served.shop.assortment.index(then).tolist(), strict=True))
    before = [Line(name, old[name], new.get(name), _gone(name, new, dropped, known, served)) for name in then]
    return before, [Line(name, old.get(name), new[name]) for name in now]


def _gone(name: str, new: dict[str, int], dropped: dict[str, str], known: dict[str, int], served: Served) -> str:
    if name in new:
        return ""
    if known[name] < 0:
        return "no longer in the catalogue"
    if not served.shop.assortment.for_sale[known[name]]:
        return "sold out or not published any more"
    return dropped.get(name, "others rank higher")


def _causes(row: ServedList, served: Served, differs: bool) -> list[str]:
    """What is not as it was; said only where the lists differ."""
    if not differs:
        return []
    found = []
    if served.version != row.version:
        found.append(f"Another version: {_spoken(row.version)} then, {_spoken(served.version)} here.")
    then = row.facts.get("epochs")
    now = _now(served)
    if then and now:
        for name, was, moved in list(zip(_EPOCHS, then, now, strict=False))[1:]:
            if moved is not None and was != moved:
                found.append(f"Changed since: {name}.")
    return found or ["What is recorded is the same; something else changed, such as the shopper's orders."]


def _spoken(version: int) -> str:
    return f"v{version}" if version else "no model"


def _now(served: Served) -> list[str | None]:
    shop = candidates.peek(served.shop.tenant_id) or served.shop  # one with another version has no epochs
    kept = (shop.model_epoch, shop.catalogue_epoch, None, shop.control_epoch)
    return [None if one is None else one.decode("ascii", "replace") for one in kept]
