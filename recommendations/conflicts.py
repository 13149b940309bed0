"""Conflicts: rules that contradict each other or never hold, and placements left with too little. Pure.

Precedence, which the words here follow: exclude stands before pin; a pinned product keeps its place
whatever boosts or buries it; boosts and buries of one product multiply. A rule for one placement does
not replace a rule for all: both hold there.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations

import numpy as np

from recommendations.models import Placement, Rule

Action = Rule.Action
BAD, WARNING, NOTE = "bad", "warning", "neutral"
_ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reached:
    """A rule with the products of the catalogue that it names.

    bits     uint8, packed bits over the catalogue: the products
    missing  ids that it names and the catalogue has not
    unseen   (title, why) of products that it names and nobody can see: out of stock, not published
    count    how many products for sale it names; None where that depends on the shopper or the page
    """

    rule: Rule
    bits: np.ndarray
    count: int | None
    missing: tuple[str, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that is wrong: how bad, in words, and the rules it is about (0 = not saved yet)."""

    code: str
    tone: str
    text: str
    rules: tuple[int, ...] = ()
    products: tuple[str, ...] = field(default=())


def of_rules(
    reached: Sequence[Reached], placements: Sequence[Placement], title: Callable[[int], str], *, now: datetime,
    about: Collection[int] = (),
) -> list[Conflict]:
    """Everything that is wrong with these rules; `title` names a product by its place in the bits.

    about    only what concerns the rules of these keys (0 = the unsaved one); empty: all
    """
    chosen = [one for one in reached if not about or (one.rule.pk or 0) in about]
    found = [conflict for one in chosen for conflict in of_one(one, placements, now=now)]
    standing = [one for one in reached if one.rule.is_active and not _is_over(one.rule, now)]
    for first, second in combinations(standing, 2):
        asked = not about or (first.rule.pk or 0) in about or (second.rule.pk or 0) in about
        if asked and _meet(first.rule, second.rule):
            found += of_pair(first, second, title)
    return found


def of_one(one: Reached, placements: Sequence[Placement], *, now: datetime) -> Iterator[Conflict]:
    """What keeps one rule from doing what it says."""
    rule = one.rule
    about = (rule.pk or 0,)
    if not rule.is_active:
        return
    if _is_over(rule, now):
        yield Conflict("expired", WARNING, "It is over: extend it, or switch it off.", about)
    if one.missing:
        yield Conflict("missing", BAD, f"The catalogue has no product {_some(one.missing)}.", about)
    if one.unseen:
        names = [f"{title} ({why})" for title, why in one.unseen]
        yield Conflict("unseen", WARNING, f"Nobody sees {_some(names)}.", about)
    if rule.filter and one.count == 0:
        yield Conflict("nothing", BAD, "Its expression holds for no product that is for sale.", about)
    yield from _where(rule, placements, about)


def _where(rule: Rule, placements: Sequence[Placement], about: tuple[int, ...]) -> Iterator[Conflict]:
    by_code = {placement.code: placement for placement in placements}
    unknown = [code for code in rule.placements if code not in by_code]
    off = [code for code in rule.placements if code in by_code and not by_code[code].is_active]
    never = bool(rule.placements) and len(unknown) + len(off) == len(rule.placements)
    tone = BAD if never else WARNING
    ending = " It never holds." if never else ""
    if unknown:
        yield Conflict("no-placement", tone, f"There is no placement {_some(unknown)}.{ending}", about)
    if off:
        yield Conflict("placement-off", tone, f"Placement {_some(off)} is switched off.{ending}", about)
    if rule.action == Action.PIN:
        last = rule.position + len(rule.products) - 1
        short = [code for code in rule.placements if code in by_code and by_code[code].count < last]
        if short:
            yield Conflict(
                "beyond", WARNING, f"It pins up to place {last}, and {_some(short)} shows "
                f"{min(by_code[code].count for code in short)} products.", about,
            )  # fmt: skip


def of_pair(first: Reached, second: Reached, title: Callable[[int], str]) -> Iterator[Conflict]:
    """What two rules that hold at the same time and place do to each other."""
    one, other = sorted((first, second), key=lambda reached: _ORDER[reached.rule.action])
    about = (one.rule.pk or 0, other.rule.pk or 0)
    actions = (one.rule.action, other.rule.action)
    if actions == (Action.PIN, Action.PIN):
        if places := _places(one.rule) & _places(other.rule):
            words = f"“{one.rule.name}” and “{other.rule.name}” pin to the same place {_numbers(places)}"
            yield Conflict("same-place", BAD, f"{words}: the older rule has it.", about)
        return
    telling = _TELLING.get(actions)
    if telling is None:
        return
    both = np.flatnonzero(np.unpackbits(one.bits & other.bits))
    if not len(both):
        return
    code, tone, words = telling
    names = tuple(title(int(number)) for number in both[:3])
    text = words.format(one=f"“{one.rule.name}”", other=f"“{other.rule.name}”")
    yield Conflict(code, tone, f"{text}: {_some(names, of=len(both))}.", about, names)


_ORDER = {Action.EXCLUDE: 0, Action.PIN: 1, Action.BOOST: 2, Action.BURY: 3}
_TELLING = {
    (Action.EXCLUDE, Action.PIN): ("pinned-excluded", BAD, "{other} pins what {one} excludes; it is not shown"),
    (Action.EXCLUDE, Action.BOOST): (
        "boosted-excluded", WARNING, "{other} boosts what {one} excludes; it is not shown"
    ),
    (Action.EXCLUDE, Action.BURY): ("buried-excluded", NOTE, "{other} buries what {one} excludes; it is not shown"),
    (Action.PIN, Action.BURY): ("pinned-buried", WARNING, "{other} buries what {one} pins; it keeps its place"),
    (Action.BOOST, Action.BURY): ("boosted-buried", WARNING, "{one} boosts what {other} buries; both multiply"),
}


def of_placement(placement: Placement, *, matching: int, left: int, for_sale: int) -> Iterator[Conflict]:
    """What leaves a placement with fewer products than it shows.

    matching  products for sale that its filter holds for; left: those that no rule excludes there
    """
    if not placement.is_active or not for_sale:
        return
    if placement.filter and matching < placement.count:
        words = f"Its filter holds for {_products(matching)} for sale, and it shows {placement.count}."
        yield Conflict("filter-leaves-few", BAD if not matching else WARNING, words)
    elif left < placement.count <= matching:
        words = f"Rules leave {_products(left)} for sale here, and it shows {placement.count}."
        yield Conflict("rules-leave-few", BAD if not left else WARNING, words)


def of_pins(
    placement: Placement, allowed: np.ndarray, pins: Sequence[Reached], title: Callable[[int], str]
) -> Iterator[Conflict]:
    """Pins that the filter of this placement keeps out; `allowed` are the packed bits of what it lets in."""
    for one in pins:
        if one.rule.placements and placement.code not in one.rule.placements:
            continue
        out = np.flatnonzero(np.unpackbits(one.bits & ~allowed))
        if len(out):
            names = tuple(title(int(number)) for number in out[:3])
            words = f"“{one.rule.name}” pins what the filter of “{placement.name}” keeps out"
            yield Conflict(
                "pin-filtered", WARNING, f"{words}: {_some(names, of=len(out))}.", (one.rule.pk or 0,), names
            )


def _is_over(rule: Rule, now: datetime) -> bool:
    return rule.ends_at is not None and rule.ends_at <= now


def _meet(one: Rule, other: Rule) -> bool:
    """Whether there is a moment and a placement at which both may hold. Segments are taken to overlap."""
    starts = max(one.starts_at or _ALWAYS[0], other.starts_at or _ALWAYS[0])
    ends = min(one.ends_at or _ALWAYS[1], other.ends_at or _ALWAYS[1])
    everywhere = not one.placements or not other.placements
    return starts < ends and (everywhere or bool(set(one.placements) & set(other.placements)))


def _places(rule: Rule) -> set[int]:
    return set(range(rule.position, rule.position + len(rule.products)))


def _numbers(places: set[int]) -> str:
    return ", ".join(str(place) for place in sorted(places)[:5])


def _products(count: int) -> str:
    return f"{count:,} product{'' if count == 1 else 's'}"


def _some(names: Sequence[str], *, of: int = 0) -> str:
    total = of or len(names)
    return ", ".join(names[:3]) + (f" and {total - 3:,} more" if total > 3 else "")
