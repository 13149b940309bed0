"""A release as its page tells it: the stages, the figures of both versions, the guardrails and every look."""

from __future__ import annotations

from typing import Any

from modelregistry.guardrails import ENOUGH, Limits
from modelregistry.models import Release
from tenants.models import Tenant

TONES = {
    "shadow": "info", "canary": "info", "full": "accent", "done": "good", "rolled_back": "bad", "cancelled": "neutral",
}  # fmt: skip
LOOKS = 50


def page(tenant: Tenant) -> dict[str, Any]:
    """release: the one under way, else the latest; None before the first."""
    rows = list(tenant.releases.select_related("version", "baseline", "created_by")[:20])
    release = next((row for row in rows if row.is_open), rows[0] if rows else None)
    if release is None:
        return {"release": None, "earlier": []}
    checks = list(release.checks.all()[:LOOKS])
    last = next((check for check in checks if check.stage == release.state or not release.is_open), None)
    return {
        "release": release,
        "tone": TONES[release.state],
        "stages": stages(release),
        "guards": guards(last.candidate, last.baseline, Limits.of(release.limits)) if last else [],
        "seen": last,
        "enough": ENOUGH,
        "looks": checks,
        "earlier": [{"row": row, "tone": TONES[row.state]} for row in rows if row != release],
    }


def stages(release: Release) -> list[dict[str, Any]]:
    """[{label, is_done, is_now}] from the shadow to full service."""
    steps = [("shadow", 0, "Shadow: lists are made and logged, nobody sees them")]
    shares = enumerate(release.shares)
    steps += [("canary", number, f"Canary: {share / 100:g} % of the shoppers") for number, share in shares]
    steps += [("full", 0, "Everybody, watched")]
    keys = [(state, number) for state, number, _ in steps]
    state = release.state if release.is_open else ("full" if release.state == "done" else "")
    now = keys.index((state, release.step if state == "canary" else 0)) if state else -1
    done = len(steps) if release.state == "done" else now
    return [
        {"label": label, "is_done": number < done, "is_now": number == now and release.is_open}
        for number, (_, _, label) in enumerate(steps)
    ]


def guards(new: dict[str, Any], old: dict[str, Any], limits: Limits) -> list[dict[str, str]]:
    """[{label, new, old, limit, help}] of one look; "—" where there is nothing to divide by."""
    asked = new["lists"] + new["errors"]
    return [
        _guard("Failed lists", _share(new["errors"], asked), _share(old["errors"], old["lists"]),
               f"at most {limits.errors:.1%}", "Lists that ended in an error. The shopper got the other version's."),
        _guard("Slowest twentieth", _milliseconds(new["p95_seconds"]), _milliseconds(old["p95_seconds"]),
               f"at most {limits.slower:g} times", "95 of 100 answers took no longer than this."),
        _guard("Click-through", _share(new["clicked"], new["shown"]), _share(old["clicked"], old["shown"]),
               f"not {limits.ctr_loss:.0%} lower", "Lists clicked of lists shown."),
        _guard("Conversion", _share(new["converted"], new["clicked"]), _share(old["converted"], old["clicked"]),
               f"not {limits.conversion_loss:.0%} lower", "Clicked lists that were bought from."),
        _guard("Different products", str(new["listed"]), str(old["listed"]), f"not {limits.coverage_loss:.0%} fewer",
               "How many products the newest lists showed, as many lists of both versions."),
        _guard("Fell back", _share(new["fallbacks"], new["lists"]), _share(old["fallbacks"], old["lists"]),
               f"at most {limits.more_fallbacks:.0%} more", "Lists that had to be filled with best sellers."),
    ]  # fmt: skip


def _guard(label: str, new: str, old: str, limit: str, text: str) -> dict[str, str]:
    return {"label": label, "new": new, "old": old, "limit": limit, "help": text}


def _share(hits: int, trials: int) -> str:
    return f"{hits / trials:.1%} of {trials:,}" if trials else "—"


def _milliseconds(seconds: float | None) -> str:
    return "—" if seconds is None else f"{seconds * 1000:.0f} ms"
