"""How an isolated model does: offline beside the shared one, in the shop, its age, its drift; and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from modelregistry import drift, metrics, performance, statistics, versions
from modelregistry.models import ModelVersion
from modelregistry.performance import Totals
from tenants import occurrences
from tenants.models import Tenant

DAYS = 28  # of the shop's figures that are summed
ENOUGH = 300  # lists shown by each side before their click-through is compared
TOLERANCE = 0.02  # two per cent of NDCG@10 lie within the noise of the test
QUIET = timedelta(hours=24)  # between two occurrences of one kind about one version


@dataclass(frozen=True)
class Finding:
    """kind: of the occurrence; text: what is wrong, with its figures."""

    kind: str
    text: str


@dataclass(frozen=True)
class Health:
    """Of the isolated version in service. Figures that were not measured are None.

    offline   NDCG@10 on the same held-back events: own, shared, popular
    own       sums of the last 28 days over isolated versions; `shared` over the others
    shift     of the scores against the version's first days (modelregistry/drift.py)
    """

    version: ModelVersion
    offline: dict[str, float | None]
    own: Totals
    shared: Totals
    shift: float | None
    shift_at: datetime | None
    findings: list[Finding] = field(default_factory=list)

    @property
    def age(self) -> timedelta:
        return timezone.now() - self.version.created_at


def of(tenant: Tenant) -> Health | None:
    """None where no isolated version is in service."""
    version = versions.champion(tenant)
    if version is None or version.scope != ModelVersion.Scope.TENANT:
        return None
    own, shared = _online(tenant, version.model)
    shifted = metrics.latest(version, "score_shift")
    found = Health(
        version=version,
        offline={
            "own": version.metrics.get("ndcg@10"),
            "shared": version.metrics.get("shared_ndcg@10"),
            "popular": version.metrics.get("popular_ndcg@10"),
        },
        own=own,
        shared=shared,
        shift=shifted.value if shifted else None,
        shift_at=shifted.window_until if shifted else None,
    )
    return Health(**{**found.__dict__, "findings": [*_stale(found), *_worse(found), *_drifted(found)]})


def watch(tenant: Tenant) -> int:
    """Leaves an occurrence for each finding that was not left within the last day; how many."""
    health = of(tenant)
    if health is None:
        return 0
    left = 0
    subject = f"version {health.version.number}"
    for finding in health.findings:
        since = timezone.now() - QUIET
        if tenant.occurrences.filter(kind=finding.kind, subject=subject, happened_at__gt=since).exists():
            continue
        facts = {"scope": "tenant", "version": health.version.number, "reason": finding.text}
        occurrences.record(tenant, finding.kind, subject=subject, facts=facts)
        left += 1
    return left


def _online(tenant: Tenant, model: str) -> tuple[Totals, Totals]:
    """Sums of isolated versions, and of shared ones."""
    today = tenant.today()
    sums = performance.by_version(tenant, first=today - timedelta(days=DAYS - 1), last=today)
    isolated = set(
        tenant.model_versions.filter(model=model, scope=ModelVersion.Scope.TENANT).values_list("number", flat=True)
    )
    own = [found for number, found in sums.items() if number in isolated]
    others = [found for number, found in sums.items() if number and number not in isolated]
    return sum(own, Totals()), sum(others, Totals())


def _stale(health: Health) -> list[Finding]:
    most = timedelta(days=settings.ISOLATED_STALE_DAYS)
    if health.age <= most:
        return []
    text = f"{health.version} was trained {health.age.days} days ago; a new one is expected within {most.days}."
    return [Finding("model.stale", text)]


def _worse(health: Health) -> list[Finding]:
    own, others = health.offline["own"], health.offline
    found = []
    for name, words in (("shared", "the shared model"), ("popular", "the best sellers")):
        value = others[name]
        if own is not None and value is not None and own < value * (1 - TOLERANCE):
            text = f"NDCG@10 is {own:.3f}; {words} reached {value:.3f} on the same test."
            found.append(Finding("model.worse", text))
    if min(health.own.shown, health.shared.shown) >= ENOUGH:
        _, high = statistics.wilson(health.own.clicked, health.own.shown)
        low, _ = statistics.wilson(health.shared.clicked, health.shared.shown)
        if high < low:
            text = f"At most {high:.1%} of its lists are clicked; of the shared model's at least {low:.1%} were."
            found.append(Finding("model.worse", text))
    return found


def _drifted(health: Health) -> list[Finding]:
    if health.shift is None or health.shift < drift.LARGE:
        return []
    text = f"Its scores have moved by {health.shift:.2f} since its first days; above {drift.LARGE} is much."
    return [Finding("model.drifted", text)]
