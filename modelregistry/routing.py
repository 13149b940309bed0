"""Which version, weights and rules serve a subject: compiled per tenant from its experiments and its canary.

Order of precedence: who is held out of personal lists is in no test; a test decides before a canary; a
canary before the champion. A subject without a name (no customer, no session) gets the champion.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db.models import QuerySet

from modelregistry import bucketing, running
from modelregistry.models import Experiment
from tenants.models import Tenant
from tenants.statements import written_once

ARMS = ("A", "B")
# Number of an experiment -> (arm, epoch seconds of the answer it was seen in), those that count first.
Kept = Mapping[int, Sequence[tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class Route:
    """How one list is made.

    version      number of the version that serves; 0 = the champion
    experiment   number of the experiment that the list counts for; 0 = none
    weights      what the weights of the blend's parts are multiplied by
    without      ids of rules that do not hold
    held_out     no personal list: what is the same for everybody
    is_canary    the version is a release that is being tried on a share of the subjects
    """

    version: int = 0
    experiment: int = 0
    key: str = ""
    arm: str = ""
    weights: Mapping[str, float] = field(default_factory=dict, hash=False)
    without: frozenset[int] = frozenset()
    held_out: bool = False
    is_canary: bool = False

    @property
    def is_usual(self) -> bool:
        """Whether the list itself is the champion's, by all rules."""
        return not (self.version or self.weights or self.without or self.held_out)


CHAMPION = Route()


@dataclass(frozen=True, slots=True)
class Canary:
    """A share of the subjects, in hundredths of a per cent, that a release serves before all others."""

    version: int
    key: str
    hundredths: int

    def takes(self, subject: str) -> bool:
        return bucketing.bucket(self.key, subject, buckets=bucketing.FINE) < self.hundredths


@dataclass(frozen=True, slots=True)
class Trial:
    """A running experiment, ready to be asked. `since`: epoch seconds of the beginning of its phase."""

    number: int
    key: str
    shares: tuple[int, int]
    placements: frozenset[str]
    since: float
    routes: tuple[Route, Route]

    def covers(self, placement: str) -> bool:
        return not self.placements or placement in self.placements

    def arm_of(self, subject: str, kept: Kept) -> int:
        """The arm that this subject saw in this phase, if it is known to have seen one, else that of its bucket."""
        for arm, seen in kept.get(self.number, ()):
            if arm in ARMS and seen >= self.since:
                return ARMS.index(arm)
        return bucketing.arm(self.key, subject, self.shares)


@dataclass(frozen=True, slots=True)
class Routes:
    """All that decides a tenant's routes at one moment."""

    holdout: Trial | None = None
    tests: tuple[Trial, ...] = ()
    canary: Canary | None = None

    def choose(self, subject: str, placement: str, kept: Kept | None = None) -> Route:
        """The route of one list. `subject`: the customer's id, else the session's, as the shop gives them."""
        if not subject or not self.decides:
            return CHAMPION
        chosen = CHAMPION
        if self.holdout is not None:
            chosen = self.holdout.routes[self.holdout.arm_of(subject, kept or {})]
            if chosen.held_out:
                return chosen
        for test in self.tests:
            if test.covers(placement):
                chosen = test.routes[test.arm_of(subject, kept or {})]
                break
        if self.canary is not None and not chosen.version and self.canary.takes(subject):
            chosen = replace(chosen, version=self.canary.version, is_canary=True)
        return chosen

    @property
    def decides(self) -> bool:
        """Whether any subject may get something else than another."""
        return self.holdout is not None or bool(self.tests) or self.canary is not None

    @property
    def has_experiments(self) -> bool:
        return self.holdout is not None or bool(self.tests)

    @property
    def versions(self) -> frozenset[int]:
        """The versions that are needed beside the champion."""
        found = {route.version for test in self.tests for route in test.routes if route.version}
        return frozenset(found | ({self.canary.version} if self.canary else set()))

    def lacking(self, versions: Collection[int]) -> Routes:
        """The same without what needs one of these versions: both arms of such a test get the champion, uncounted."""
        tests = tuple(test for test in self.tests if not {route.version for route in test.routes} & set(versions))
        canary = None if self.canary and self.canary.version in versions else self.canary
        return Routes(self.holdout, tests, canary)


NOTHING = Routes()


def of(tenant: Tenant, *, model: str = settings.MODEL_NAME, canary: Canary | None = None) -> Routes:
    """Reads and compiles; inside the tenant. One query."""
    holdout: Trial | None = None
    tests: list[Trial] = []
    for experiment in _running(tenant, model):
        if experiment.unit == Experiment.Unit.HOLDOUT:
            holdout = trial(experiment)
        else:
            tests.append(trial(experiment))
    return Routes(holdout, tuple(tests), canary)


@written_once
def _running(tenant: Tenant, model: str) -> QuerySet[Experiment]:
    return running.now_running(tenant, model=model)


def trial(experiment: Experiment) -> Trial:
    """The experiment with its shares of now."""
    since = experiment.phase_started_at.timestamp() if experiment.phase_started_at else 0.0
    return Trial(
        experiment.number, experiment.key, experiment.shares, frozenset(experiment.placements), since,
        (_route(experiment, "A"), _route(experiment, "B")),
    )


def _route(experiment: Experiment, arm: str) -> Route:
    what = experiment.arm(arm)
    unit = Experiment.Unit
    base = Route(experiment=experiment.number, key=experiment.key, arm=arm)
    if experiment.unit == unit.VERSION:
        return replace(base, version=int(what["version"]))
    if experiment.unit == unit.WEIGHTS:
        return replace(base, weights={name: float(factor) for name, factor in what.get("weights", {}).items()})
    if experiment.unit == unit.RULES:
        tried = {*experiment.a.get("rules", ()), *experiment.b.get("rules", ())}
        return replace(base, without=frozenset(tried - set(what.get("rules", ()))))
    return replace(base, held_out=arm == "B")
