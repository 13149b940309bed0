"""Guardrails of a release: when the figures of a version are worse than those of the one it is to replace.

Shares (clicks, conversion) are compared by the score p_new - (1 - loss) * p_old with its Wald variance after
adding one hit and one miss to each (Agresti and Caffo 2000), at z = 3.29 (99.9 %, two-sided): the beat looks
every minute, and a look must not cry wolf once in twenty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import sqrt
from typing import Any

Z = 3.29
ENOUGH = 50  # lists of a version before its errors, latency, coverage and fallbacks are judged


@dataclass(frozen=True)
class Limits:
    """What a version may cost. All shares 0..1; `slower` is a factor on the 95th percentile of the seconds."""

    errors: float = 0.01  # lists that failed
    slower: float = 1.5
    slack_seconds: float = 0.02  # a millisecond more is no news
    ctr_loss: float = 0.2  # of the old share
    conversion_loss: float = 0.3
    coverage_loss: float = 0.5
    more_fallbacks: float = 0.1  # points

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Limits:
        known = {one.name for one in fields(cls)}
        return cls(**{name: float(value) for name, value in stored.items() if name in known})


@dataclass(frozen=True)
class Sample:
    """Figures of one version in one stage.

    lists, errors, fallbacks    answered (or asked in the shadow), failed, filled with best sellers
    p95_seconds                 None: nothing was timed
    shown, clicked              lists seen and clicked; converted: clicked lists that were bought from
    listed, of_lists            distinct products in the newest `of_lists` lists; equal for both versions
    damage                      why the version could not be loaded, "" if it could
    """

    lists: int = 0
    errors: int = 0
    fallbacks: int = 0
    p95_seconds: float | None = None
    shown: int = 0
    clicked: int = 0
    converted: int = 0
    listed: int = 0
    of_lists: int = 0
    damage: str = ""

    def told(self) -> dict[str, Any]:
        return asdict(self)


def breaches(new: Sample, old: Sample, limits: Limits) -> list[dict[str, Any]]:
    """[{guard, text, value, limit}] of what is broken; empty: nothing, or too little was seen to say so."""
    found = [_damage(new), _errors(new, limits)]
    if new.lists >= ENOUGH and old.lists >= ENOUGH:
        found += [_latency(new, old, limits), _fallbacks(new, old, limits), _coverage(new, old, limits)]
    found += [
        _loss("ctr", "Clicks per list shown", (new.clicked, new.shown), (old.clicked, old.shown), limits.ctr_loss),
        _loss("conversion", "Clicked lists that were bought from", (new.converted, new.clicked),
              (old.converted, old.clicked), limits.conversion_loss),
    ]  # fmt: skip
    return [one for one in found if one]


def _damage(new: Sample) -> dict[str, Any] | None:
    return _breach("artefact", f"It cannot be loaded: {new.damage}", 1.0, 0.0) if new.damage else None


def _errors(new: Sample, limits: Limits) -> dict[str, Any] | None:
    asked = new.lists + new.errors
    share = new.errors / asked if asked else 0.0
    if asked < ENOUGH or share <= limits.errors:
        return None
    return _breach("errors", f"{new.errors} of {asked} lists failed", share, limits.errors)


def _latency(new: Sample, old: Sample, limits: Limits) -> dict[str, Any] | None:
    if new.p95_seconds is None or old.p95_seconds is None:
        return None
    most = old.p95_seconds * limits.slower + limits.slack_seconds
    if new.p95_seconds <= most:
        return None
    text = f"95 % of its lists took up to {new.p95_seconds * 1000:.0f} ms, before {old.p95_seconds * 1000:.0f} ms"
    return _breach("latency", text, new.p95_seconds, most)


def _fallbacks(new: Sample, old: Sample, limits: Limits) -> dict[str, Any] | None:
    mine, theirs = new.fallbacks / new.lists, old.fallbacks / old.lists
    if mine <= theirs + limits.more_fallbacks:
        return None
    text = f"{mine:.0%} of its lists fell back to best sellers, before {theirs:.0%}"
    return _breach("fallbacks", text, mine, theirs + limits.more_fallbacks)


def _coverage(new: Sample, old: Sample, limits: Limits) -> dict[str, Any] | None:
    least = old.listed * (1 - limits.coverage_loss)
    if new.of_lists < ENOUGH or new.of_lists != old.of_lists or new.listed >= least:
        return None
    text = f"It listed {new.listed} different products in {new.of_lists} lists, before {old.listed}"
    return _breach("coverage", text, float(new.listed), least)


def _loss(
    guard: str, label: str, new: tuple[int, int], old: tuple[int, int], loss: float
) -> dict[str, Any] | None:
    (hits, trials), (old_hits, old_trials) = new, old
    if trials < ENOUGH or old_trials < ENOUGH:
        return None
    mine, theirs = (hits + 1) / (trials + 2), (old_hits + 1) / (old_trials + 2)
    keep = 1 - loss
    error = sqrt(mine * (1 - mine) / (trials + 2) + keep**2 * theirs * (1 - theirs) / (old_trials + 2))
    if mine - keep * theirs + Z * error >= 0:
        return None
    text = f"{label}: {hits / trials:.2%} of {trials}, before {old_hits / old_trials:.2%} of {old_trials}"
    return _breach(guard, text, hits / trials, keep * old_hits / old_trials)


def _breach(guard: str, text: str, value: float, limit: float) -> dict[str, Any]:
    return {"guard": guard, "text": text, "value": value, "limit": limit}
