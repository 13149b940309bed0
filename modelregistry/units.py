"""What an experiment may compare: how each unit's arms are checked, and what giving one everything changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from luxebrain.lib.problems import NotFound
from modelregistry import checks, versions
from modelregistry.models import Experiment
from tenants.models import Tenant, User

Reasons = dict[str, str]
Check = Callable[[Tenant, Experiment], Reasons]
Ready = Callable[[Tenant, Experiment], None]
Settle = Callable[[Tenant, Experiment, str, "User | str | None"], None]


def nothing_to_prove(tenant: Tenant, experiment: Experiment) -> None:
    """The unit is served from what the process holds anyway."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One unit.

    check    the reasons per field why these arms cannot be compared; empty: they can
    ready    raises Conflict where they cannot be served now
    bring    brings the files that both arms need to this host: before a lock, so that nobody waits for them in it
    settle   makes the winner ("A" or "B") what holds for everybody, by the use cases of what it is
    """

    check: Check
    ready: Ready
    settle: Settle
    bring: Ready = nothing_to_prove


_kinds: dict[str, Kind] = {}


def register(unit: str, kind: Kind) -> None:
    """Apps above register the units that are theirs."""
    _kinds[unit] = kind


def of(experiment: Experiment) -> Kind:
    return _kinds[experiment.unit]


def known() -> list[str]:
    return sorted(_kinds)


def _check_versions(tenant: Tenant, experiment: Experiment) -> Reasons:
    wrong: Reasons = {}
    for arm, what in (("a", experiment.a), ("b", experiment.b)):
        number = what.get("version") if isinstance(what, Mapping) else None
        if isinstance(number, bool) or not isinstance(number, int) or set(what) != {"version"}:
            wrong[arm] = "Name one version by its number."
            continue
        try:
            version = versions.find(tenant, number, model=experiment.model)
        except NotFound:
            wrong[arm] = f"There is no version {number}."
            continue
        if version.files_removed_at is not None:
            wrong[arm] = f"The files of {version} were removed."
        elif version.state != version.State.READY:
            wrong[arm] = f"{version} is {version.get_state_display().lower()}."
    return wrong


def _versions_ready(tenant: Tenant, experiment: Experiment) -> None:
    for what in (experiment.a, experiment.b):
        versions.check(versions.find(tenant, what["version"], model=experiment.model))


def _bring_versions(tenant: Tenant, experiment: Experiment) -> None:
    numbers = [what.get("version") for what in (experiment.a, experiment.b)]
    for version in tenant.model_versions.filter(model=experiment.model, number__in=numbers).order_by("number"):
        checks.fetch(version)


def _settle_version(tenant: Tenant, experiment: Experiment, winner: str, by: User | str | None) -> None:
    version = versions.find(tenant, experiment.arm(winner)["version"], model=experiment.model)
    if versions.champion(tenant, model=experiment.model) != version:
        person = by if isinstance(by, User) else None
        versions.activate(version, by=person, reason=f"{winner} of the experiment {experiment.name}")


def _check_holdout(tenant: Tenant, experiment: Experiment) -> Reasons:
    wrong = {arm: "A holdout has nothing to set here." for arm in ("a", "b") if getattr(experiment, arm)}
    if experiment.placements:
        wrong["placements"] = "A holdout is of the whole shop: leave this empty."
    return wrong


def _settle_holdout(tenant: Tenant, experiment: Experiment, winner: str, by: User | str | None) -> None:
    """Personal lists for everybody again: that is what holds once it has ended."""


register(Experiment.Unit.VERSION, Kind(_check_versions, _versions_ready, _settle_version, _bring_versions))
register(Experiment.Unit.HOLDOUT, Kind(_check_holdout, nothing_to_prove, _settle_holdout))
