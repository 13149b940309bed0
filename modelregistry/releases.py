"""Guarded activation: a version begins as a shadow, serves a share, serves everybody, or is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from luxebrain.lib.problems import Conflict, Problem
from modelregistry import checks, guardrails, lineage, moving, versions
from modelregistry.guardrails import Limits, Sample
from modelregistry.models import ModelAlias, ModelVersion, Release
from modelregistry.routing import Canary
from tenants import audit, epochs, occurrences
from tenants.models import Tenant, User
from tenants.statements import written_once

SHARES = (500, 2_500)  # 5 %, then 25 %
BREACHED = "guard.breached"


def begin(
    version: ModelVersion, *, by: User | str | None, reason: str = "", shares: Sequence[int] = SHARES,
    stage_hours: float = 24.0, least_lists: int = 200, goes_on: bool = True, limits: Mapping[str, Any] | None = None,
) -> Release:
    """Makes the version a shadow. It must pass the checks of an activation, and something must serve already.

    shares    of the canary's steps, in hundredths of a per cent, rising
    Raises Problem with the field, NotActivatable, Conflict while another release is under way.
    """
    tenant = version.tenant
    chosen = _checked(shares, stage_hours, least_lists, limits or {})
    checks.fetch(version)
    with moving.locked(tenant) as now:
        version.refresh_from_db()
        versions.check(version, tenant=tenant)
        champion = lineage.champion(tenant, model=version.model)
        if champion is None:
            raise Conflict("Nothing serves yet, so there is nothing to compare with: put it into service.")
        if champion == version:
            raise Conflict(f"{version} is in service already.")
        other = of(tenant, model=version.model)
        if other is not None and other.state != Release.State.FULL:
            raise Conflict(f"{other.version} is on its way into service. Cancel that first.")
        if other is not None:
            _close(other, Release.State.DONE, "Another release began", by=by, now=now)
        release = tenant.releases.create(
            model=version.model, version=version, baseline=champion, shares=list(shares), stage_at=now,
            stage_hours=stage_hours, least_lists=least_lists, goes_on=goes_on, limits=chosen,
            reason=reason[:300], created_by=moving.person(by),
        )
        moving.point(tenant, ModelAlias.SHADOW, version, by=by, reason=reason, model=version.model)
        audit.record(tenant, "release.began", by=by, target=str(version), reason=reason,
                     details={"baseline": str(champion), "shares": list(shares)})  # fmt: skip
    return release


def of(tenant: Tenant, *, model: str = settings.MODEL_NAME) -> Release | None:
    """The release that is under way."""
    rows = tenant.releases.filter(model=model, state__in=Release.OPEN).select_related("version", "baseline", "tenant")
    return rows.first()


def canary(tenant: Tenant, *, model: str = settings.MODEL_NAME) -> Canary | None:
    """The route of the release that serves a share of the subjects."""
    for release in _canaries(tenant, model):
        return Canary(release.version.number, f"release-{release.pk}", int(release.share * 100))
    return None


@written_once
def _canaries(tenant: Tenant, model: str) -> Any:
    return tenant.releases.filter(model=model, state=Release.State.CANARY).select_related("version")


def advance(release: Release, *, by: User | str | None, reason: str = "") -> Release:
    """The next stage: canary, its next step, everybody, done. The version is checked again each time."""
    tenant = release.tenant
    checks.fetch(release.version)
    with moving.locked(tenant) as now:
        release.refresh_from_db()
        if not release.is_open:
            raise Conflict(f"{release} is over: {release.get_state_display().lower()}.")
        if release.state == Release.State.FULL:
            return _close(release, Release.State.DONE, reason or "Watched long enough", by=by, now=now)
        versions.check(release.version, tenant=tenant)
        if release.state == Release.State.SHADOW and release.shares:
            release.state, release.step = Release.State.CANARY, 0
            moving.point(tenant, ModelAlias.SHADOW, None, by=by, reason=reason, model=release.model)
            moving.point(tenant, ModelAlias.CHALLENGER, release.version, by=by, reason=reason, model=release.model)
        elif release.state == Release.State.CANARY and release.step + 1 < len(release.shares):
            release.step += 1
            epochs.bump(tenant, "model")
        else:
            # The move itself ends the release's share and leaves it to be watched.
            versions.activate(release.version, by=by or "release", reason=reason or "Passed its canary")
            release.refresh_from_db()
        release.stage_at = now
        release.save(update_fields=["state", "step", "stage_at"])
        audit.record(tenant, "release.advanced", by=by or "release", target=str(release.version), reason=reason,
                     details={"stage": release.state, "share": release.share})  # fmt: skip
    return release


def cancel(release: Release, *, by: User | str | None, reason: str = "") -> Release:
    """Ends it: the version serves nobody any more, or (where it serves everybody) is watched no longer."""
    with moving.locked(release.tenant) as now:
        release.refresh_from_db()
        if not release.is_open:
            raise Conflict(f"{release} is over: {release.get_state_display().lower()}.")
        state = Release.State.DONE if release.state == Release.State.FULL else Release.State.CANCELLED
        return _close(release, state, reason or "Cancelled", by=by, now=now)


def judge(release: Release, new: Sample, old: Sample) -> list[dict[str, Any]]:
    """Holds the figures against the guardrails: notes the look; a breach takes the version back at once, in the
    same transaction, with its reason; without one the next stage begins when its time has come. → breaches"""
    tenant = release.tenant
    if _may_go_on(release, new, timezone.now()):
        checks.fetch(release.version)
    with moving.locked(tenant) as now:
        release.refresh_from_db()
        if not release.is_open:
            return []
        found = guardrails.breaches(new, old, Limits.of(release.limits))
        tenant.release_checks.create(
            release=release, at=now, stage=release.state, step=release.step, candidate=new.told(), baseline=old.told(),
            breaches=found,
        )
        if found:
            _take_back(release, found, now)
        elif _may_go_on(release, new, now):
            advance(release, by=None, reason=f"No guardrail was broken in {new.lists} lists")
    return found


def _take_back(release: Release, found: list[dict[str, Any]], now: Any) -> None:
    tenant, why = release.tenant, "; ".join(one["text"] for one in found)[:280]
    was = release.state
    if was == Release.State.FULL:
        versions.rollback(tenant, by="guardrails", reason=why, model=release.model)
        release.refresh_from_db()
    _close(release, Release.State.ROLLED_BACK, why, by="guardrails", now=now)
    facts = {"version": release.version.number, "baseline": release.baseline.number, "stage": was, "breaches": found}
    occurrences.record(tenant, BREACHED, subject=f"version {release.version.number}", facts=facts)


def _may_go_on(release: Release, new: Sample, now: Any) -> bool:
    long_enough = now - release.stage_at >= timedelta(hours=release.stage_hours)
    seen = new.lists >= release.least_lists or release.state == Release.State.FULL
    return release.goes_on and long_enough and seen


def _close(release: Release, state: str, why: str, *, by: User | str | None, now: Any) -> Release:
    tenant = release.tenant
    for name in (ModelAlias.SHADOW, ModelAlias.CHALLENGER):
        moving.point(tenant, name, None, by=by, reason=why, model=release.model)
    release.state, release.conclusion, release.ended_at = state, why[:500], now
    release.save(update_fields=["state", "conclusion", "ended_at"])
    audit.record(tenant, f"release.{state}", by=by or "release", target=str(release.version), reason=why)
    epochs.bump(tenant, "model")
    return release


def _checked(shares: Sequence[int], hours: float, least: int, limits: Mapping[str, Any]) -> dict[str, float]:
    wrong: dict[str, str] = {}
    rising = all(a < b for a, b in zip(shares, shares[1:], strict=False))
    if len(shares) > 5 or not rising or not all(type(one) is int and 1 <= one <= 9_900 for one in shares):
        wrong["shares"] = "Up to five rising shares from 0.01 to 99 per cent."
    if not 0 <= hours <= 720:
        wrong["stage_hours"] = "From 0 to 720 hours."
    if not 1 <= least <= 10_000_000:
        wrong["least_lists"] = "At least one list."
    known = Limits().__dict__
    for name, value in limits.items():
        if name not in known or not isinstance(value, int | float) or not 0 <= value <= 100:
            wrong[name[:40]] = "There is no such guardrail." if name not in known else "A number from 0 to 100."
    if wrong:
        raise Problem("The release cannot begin like this.", fields=wrong)
    return known | {name: float(value) for name, value in limits.items()}
