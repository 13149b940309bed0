"""The demo's experiments: a holdout that runs, and a test of two versions that has ended; figures from the replay.

The goal is clicks: in the replay every list belongs to an order, so that all subjects "bought".
"""

from datetime import datetime

from modelregistry import experiment_plans, experiments, results, verdicts, versions
from modelregistry.models import Experiment
from modelregistry.statistics.stopping import Verdict
from recommendations import exposures
from tenants import epochs
from tenants.models import Tenant

HOLDOUT, TEST = "personal-lists", "second-version"


def begin_holdout(tenant: Tenant, *, at: datetime) -> bool:
    """Every tenth shopper gets the list that all get. `at`: where the replay begins, so that its days count."""
    if not experiment_plans.includes(tenant) or versions.champion(tenant) is None:
        return False
    if tenant.experiments.filter(key=HOLDOUT).exists():
        return False
    one = experiments.set_up(
        tenant, by="demo", name="What personal lists bring", key=HOLDOUT, unit=Experiment.Unit.HOLDOUT, share_b=10,
        goal=Experiment.Goal.CLICKS, hypothesis="Shoppers click more often on lists that are made for them.",
    )  # fmt: skip
    _start(one, at=at)
    return True


def begin_test(tenant: Tenant, *, at: datetime) -> bool:
    """The two newest versions, half of the shoppers each."""
    numbers = sorted(tenant.model_versions.filter(state="ready").values_list("number", flat=True))[-2:]
    if not experiment_plans.includes(tenant) or len(numbers) < 2:
        return False
    if tenant.experiments.filter(key=TEST).exists():
        return False
    one = experiments.set_up(
        tenant, by="demo", name="The version with two more weeks", key=TEST, unit=Experiment.Unit.VERSION,
        a={"version": numbers[0]}, b={"version": numbers[1]}, goal=Experiment.Goal.CLICKS,
        hypothesis="A model that has seen two more weeks of orders is clicked more often.",
    )  # fmt: skip
    _start(one, at=at)
    return True


def end_test(tenant: Tenant) -> None:
    """Counts what the replay brought and ends the test by what it shows; without a difference, what serves stays."""
    one = tenant.experiments.filter(key=TEST, state=Experiment.State.RUNNING).first()
    if one is None:
        return
    with tenant.atomic():
        exposures.count(one)
    result = results.read(one)
    champion = versions.champion(tenant)
    serving = "B" if champion and champion.number == one.b["version"] else "A"
    winner = {Verdict.BETTER: "B", Verdict.WORSE: "A"}.get(result.verdict, serving)
    results.conclude(one, winner=winner, by="demo", reason=verdicts.sentence(result))


def count_holdout(tenant: Tenant) -> None:
    for one in tenant.experiments.filter(key=HOLDOUT):
        with tenant.atomic():
            exposures.count(one)


def _start(one: Experiment, *, at: datetime) -> None:
    """Started, and its clock set back to the days that are replayed."""
    experiments.start(one, by="demo")
    one.refresh_from_db()
    one.started_at = one.phase_started_at = at
    one.save(update_fields=["started_at", "phase_started_at"])
    epochs.bump(one.tenant, "model")
