"""Whether a training searches for its blend, or fits the one that the last search found again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from recommendations.evaluation.selection import TrainingResult
from recommendations.models import TrainingRun
from tenants.models import Tenant

# A search costs many times what its result costs to fit, and its result changes slowly.
KEPT = timedelta(days=7)
GROWTH = 1.2
# Somebody waits for these and wants the best that there is.
SEARCHED = ("manual", "command", "staff", "first", "isolated")


def of_last_search(tenant: Tenant, run: TrainingRun, interactions: int) -> Sequence[dict[str, Any]] | None:
    """The parts of the blend that the last search found; None where it is time to search.

    That is: when a person asks, after a week, when the data grew by a fifth, or where there was none.
    """
    if run.reason in SEARCHED:
        return None
    last = (
        tenant.training_runs.filter(
            state=TrainingRun.State.SUCCEEDED, finished_at__gt=timezone.now() - KEPT,
            trials__contains=[{"stage": "search"}], version__isnull=False, scope=run.scope,
        )
        .select_related("version").order_by("-id").first()
    )
    if last is None or last.version is None or last.version.algorithm != "blend":
        return None  # on a lower rung a search is cheap, and the next one may be within reach
    if interactions > GROWTH * last.version.counts.get("interactions", 0):
        return None
    found = [row["parts"] for row in last.trials if row.get("parts")]
    return found[0] if found else None


def seconds(tenant: Tenant) -> float:
    """Processor time for a search, by plan and bounded by the machine's setting."""
    return float(min(tenant.plan.training_cpu_seconds, settings.TRAINING_CPU_SECONDS))


def trials(result: TrainingResult) -> list[dict[str, Any]]:
    """Everything tried, as rows: what was tested, what the search saw, what was left out and why.

    stage    "test" (figures on the newest events), "search" (value on earlier ones) or "left_out"
    """
    tested: list[dict[str, Any]] = []
    for name in dict.fromkeys((*result.metrics, result.chosen)):
        row = {"stage": "test", "algorithm": name, "chosen": name == result.chosen, **result.metrics.get(name, {})}
        if name == result.chosen:
            row |= {"rung": result.rung, "reason": result.reason}
        if name == "blend":
            row["parts"] = list(result.parts)
        if name in result.notes:
            row["note"] = result.notes[name]
        tested.append(row)
    searched = [
        {"stage": "search", "algorithm": trial.name, "params": trial.params, "power": trial.power,
         "rung": trial.rung, "value": round(trial.value, 5), "cpu_s": round(trial.cpu_s, 3)}
        for trial in result.trials
    ]
    left_out = [{"stage": "left_out", "algorithm": name, "note": why} for name, why in result.left_out.items()]
    return tested + searched + left_out
