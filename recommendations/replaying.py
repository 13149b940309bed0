"""Replaying an answered list: the same question, history and decisions through another version or today's catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings

from luxebrain.lib.problems import NotFound, Problem
from modelregistry.artifacts import ArtifactError
from recommendations import candidates, decided, explaining, queries
from recommendations.algorithms.bundle import BundleDamaged
from recommendations.explaining import Served
from recommendations.models import ServedList
from tenants.models import Tenant

_EPOCHS = ("model", "catalogue", "best sellers", "placements and rules")


@dataclass(frozen=True, slots=True)
class Line:
    """One product in both lists. `before` and `after` are its places, None where it is not listed.

    note    what became of the product's own row since; said of lines that differ
    """

    product: str
    before: int | None
    after: int | None
    why: str = ""
    note: str = ""

    @property
    def moved(self) -> int:
        """Places up; negative: down."""
        return self.before - self.after if self.before and self.after else 0

    @property
    def down(self) -> int:
        return -self.moved


@dataclass(frozen=True, slots=True)
class Replayed:
    """The list as it was and as it would be. `answer` is what explaining.explain gives of it.

    then    the decisions of that moment; None: today's were asked for
    """

    version: int
    answer: dict[str, Any]
    before: list[Line]
    after: list[Line]
    causes: list[str] = field(default_factory=list)
    then: decided.Then | None = None

    @property
    def is_same(self) -> bool:
        return [line.product for line in self.before] == [line.product for line in self.after]


def versions(tenant: Tenant) -> list[int]:
    """Numbers of the stored versions, newest first."""
    rows = tenant.model_versions.filter(model=settings.MODEL_NAME).exclude(artifact_path="")
    return list(rows.order_by("-number").values_list("number", flat=True)[:50])


def replay(tenant: Tenant, row: ServedList, *, version: int | None = None, today: bool = False) -> Replayed:
    """The list again, as of that moment, with the shopper's history and the shop's decisions of then. The catalogue,
    the best sellers and what is stored of the shopper are today's.

    version    None: the one in service
    today      with today's rules and placements
    Raises Problem with a sentence for a version that cannot be loaded, and for a question that
    cannot be asked any more.
    """
    query = queries.parse(row.facts["query"])
    acts = [(product, kind, moment) for product, kind, moment in row.facts["history"]]
    then = None if today else decided.at(tenant, row.at)
    rules = then.control if then is not None else None
    try:
        served = explaining.serve(tenant, query, version=version, acts=acts, moment=row.facts["moment"], rules=rules)
    except NotFound as missing:
        raise Problem(f"{missing.detail} Choose another version.") from None
    except (ArtifactError, BundleDamaged, OSError):
        raise Problem(f"Version v{version} is stored, and cannot be loaded. Choose another.") from None
    answer = explaining.explained(served)
    names = [item["product_id"] for item in answer["items"]]
    before, after = _lines(row.products, names, answer, served)
    notes = _notes(tenant, row, {*row.products, *names})
    before, after = ([_noted(line, notes) for line in lines] for lines in (before, after))
    same = [line.product for line in before] == [line.product for line in after]
    return Replayed(served.version, answer, before, after, [] if same else _causes(row, served, then), then)


def _notes(tenant: Tenant, row: ServedList, names: set[str]) -> dict[str, str]:
    """Which of these came into the catalogue, or were written there, after the list was answered."""
    found = tenant.products.filter(external_id__in=names, updated_at__gt=row.at)
    rows = found.values_list("external_id", "created_at", "updated_at")
    return {
        name: f"new in the catalogue on {made:%-d %b}" if made > row.at else f"its data changed on {changed:%-d %b}"
        for name, made, changed in rows
    }


def _noted(line: Line, notes: dict[str, str]) -> Line:
    return replace(line, note=notes.get(line.product, "")) if line.before != line.after else line


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


def _causes(row: ServedList, served: Served, decisions: decided.Then | None) -> list[str]:
    """What is not as it was; said only where the lists differ."""
    found = []
    if served.version != row.version:
        found.append(f"Another version: {_spoken(row.version)} then, {_spoken(served.version)} here.")
    then = row.facts.get("epochs")
    now = _now(served)
    if then and now:
        for name, was, moved in list(zip(_EPOCHS, then, now, strict=False))[1:]:
            is_of_then = name == _EPOCHS[3] and decisions is not None
            if moved is not None and was != moved and not is_of_then:
                found.append(f"Changed since: {name}.")
    if decisions is not None and decisions.unknown:
        found.append(f"Not known as of then, and taken as today: {', '.join(decisions.unknown)}.")
    return found or ["What is recorded is the same; something else changed, such as the shopper's orders."]


def _spoken(version: int) -> str:
    return f"v{version}" if version else "no model"


def _now(served: Served) -> list[str | None]:
    shop = candidates.peek(served.shop.tenant_id) or served.shop  # one with another version has no epochs
    kept = (shop.model_epoch, shop.catalogue_epoch, None, shop.control_epoch)
    return [None if one is None else one.decode("ascii", "replace") for one in kept]
