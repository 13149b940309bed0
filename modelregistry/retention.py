"""Which versions keep their files, and for how long: by the plan, and never what something still needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from modelregistry import lineage, moving, undecided
from modelregistry.models import Experiment, ModelAlias, ModelVersion, Release
from tenants import audit
from tenants.models import Tenant

TASK = "modelregistry.let_go"
ROLLBACKS = 2  # how often in a row somebody can roll back for certain
_ALIASES = {
    ModelAlias.CHAMPION: "it is in service",
    ModelAlias.CHALLENGER: "it serves a share of the shoppers",
    ModelAlias.SHADOW: "it is tried as a shadow",
    ModelAlias.PREVIOUS: "a rollback would bring it back",
}
State = ModelVersion.State
Held = dict[int, str]  # number of a version → why its files stay
_holders: list[Callable[[Tenant, str], Held]] = []


@dataclass(frozen=True)
class Fate:
    """What becomes of a version's files: they are gone, they stay (`why`), or they go at `goes_at`."""

    removed_at: datetime | None = None
    why: str = ""
    goes_at: datetime | None = None

    @property
    def is_gone(self) -> bool:
        return self.removed_at is not None


def holder(function: Callable[[Tenant, str], Held]) -> Callable[[Tenant, str], Held]:
    """Registers what names the versions (of a tenant and model) that an app above still needs."""
    _holders.append(function)
    return function


def fates(tenant: Tenant, versions: Sequence[ModelVersion], *, model: str = settings.MODEL_NAME) -> dict[int, Fate]:
    """Number → fate. Files go once a version is none of the newest that the plan keeps, nothing needs it, and the
    plan's days have passed since it was made, came back or last served."""
    plan = tenant.plan
    held, newest = _held(tenant, model), _newest(tenant, model)
    served = dict(
        lineage.moves(tenant, model).order_by().exclude(previous=None).values_list("previous_id")
        .annotate(until=Max("moved_at"))
    )  # fmt: skip
    found = {}
    for version in versions:
        if version.files_removed_at is not None:
            found[version.number] = Fate(removed_at=version.files_removed_at)
        elif version.number in held:
            found[version.number] = Fate(why=held[version.number])
        elif version.number in newest:
            found[version.number] = Fate(why=f"it is one of the newest {plan.kept_versions}, which the plan keeps")
        else:
            moments = (version.created_at, version.files_returned_at, served.get(version.pk))
            since = max(moment for moment in moments if moment is not None)
            found[version.number] = Fate(goes_at=since + timedelta(days=plan.kept_version_days))
    return found


def fate(version: ModelVersion) -> Fate:
    return fates(version.tenant, [version], model=version.model)[version.number]


def let_go(tenant: Tenant) -> list[str]:
    """Takes the files off the versions whose time is over; the facts stay. Returns their places, to be discarded
    after the commit: should that not happen, `sweeping` finds them."""
    places: list[str] = []
    with moving.locked(tenant):
        kept = list(tenant.model_versions.filter(files_removed_at=None))
        for model in sorted({version.model for version in kept}):
            versions = [version for version in kept if version.model == model]
            told = fates(tenant, versions, model=model)
            over = [one for one in versions if (at := told[one.number].goes_at) is not None and at <= timezone.now()]
            places += [place for version in over if (place := _remove(tenant, version))]
    return places


def _remove(tenant: Tenant, version: ModelVersion) -> str:
    place = version.artifact_path
    state = State.ARCHIVED if version.state == State.READY else version.state
    tenant.model_versions.filter(pk=version.pk).update(state=state, artifact_path="", files_removed_at=timezone.now())
    plan = tenant.plan
    reason = f"The plan keeps the newest {plan.kept_versions} and others for {plan.kept_version_days} days"
    details = {"digest": version.digest, "size_bytes": version.size_bytes}
    audit.record(tenant, "version.files_removed", by="retention", target=str(version), details=details, reason=reason)
    return place


def _newest(tenant: Tenant, model: str) -> set[int]:
    """Of each scope, so that neither kind of model pushes out what stands in for the other."""
    found: set[int] = set()
    ready = tenant.model_versions.filter(model=model, state=State.READY).order_by("-number")
    for scope in ModelVersion.Scope.values:
        found |= set(ready.filter(scope=scope).values_list("number", flat=True)[: max(tenant.plan.kept_versions, 1)])
    return found


def _held(tenant: Tenant, model: str) -> Held:
    found: Held = {}
    for alias in tenant.model_aliases.filter(model=model).select_related("version").order_by("name"):
        found.setdefault(alias.version.number, _ALIASES[alias.name])
    last = lineage.last_move(tenant, model=model)
    if last is not None and last.previous is not None:
        found.setdefault(last.previous.number, "the last change can be undone")
    earlier = (version for version in lineage.before(tenant, model) if version.state == State.READY)
    for version in islice(earlier, ROLLBACKS):
        found.setdefault(version.number, "a second rollback would bring it back")
    under_way = tenant.releases.filter(model=model, state__in=Release.OPEN).select_related("version", "baseline")
    for release in under_way:
        found.setdefault(release.version.number, "it is being released")
        found.setdefault(release.baseline.number, "a release under way is held against it")
    now = timezone.now()
    tests = tenant.experiments.filter(model=model, unit=Experiment.Unit.VERSION).select_related("tenant")
    for one in tests.exclude(state=Experiment.State.CONCLUDED):
        if why := undecided.why_held(one, now):
            for number in (arm["version"] for arm in (one.a, one.b) if "version" in arm):
                found.setdefault(int(number), why)
    for holds in _holders:
        for number, why in holds(tenant, model).items():
            found.setdefault(number, why)
    return found
