"""What pages and the API say about an isolation request: its state, its steps, its training, the model's figures."""

from __future__ import annotations

from typing import Any

from luxebrain.lib import markup
from modelregistry.isolation_health import Health
from modelregistry.models import IsolationRequest, IsolationStep
from modelregistry.performance import Totals
from tenants.models import Tenant

TONES = {
    "requested": "info", "approved": "info", "training": "info", "serving": "good", "declined": "bad",
    "cancelled": "neutral", "disabled": "neutral",
}  # fmt: skip
STEPS = {
    "requested": "Asked for", "approved": "Approved", "training": "Training began", "serving": "In service",
    "declined": "Declined", "cancelled": "Withdrawn", "disabled": "Disabled",
}  # fmt: skip
# A request that is approved again has lost a training on the way.
AGAIN = "Waits for another training"


def tone(row: IsolationRequest) -> str:
    return TONES[row.state]


def steps(row: IsolationRequest) -> list[dict[str, Any]]:
    """Every step so far, the oldest first: {label, tone, by, note, at}."""
    told: list[dict[str, Any]] = []
    seen: set[str] = set()
    for step in row.steps.select_related("by"):  # type: ignore[attr-defined]
        again = step.state == IsolationRequest.State.APPROVED and IsolationRequest.State.TRAINING in seen
        told.append({
            "label": AGAIN if again else STEPS[step.state], "tone": TONES[step.state], "by": _who(step),
            "note": step.note, "at": step.at,
        })
        seen.add(step.state)
    return told


def ahead(row: IsolationRequest) -> list[str]:
    """The steps that are still to come if all goes well."""
    way = ["requested", "approved", "training", "serving"]
    return [STEPS[name] for name in way[way.index(row.state) + 1 :]] if row.state in way else []


def answer(row: IsolationRequest) -> str:
    """What was said with the state that it has: why it was declined, disabled, or waits again."""
    last = row.steps.order_by("-id").first()  # type: ignore[attr-defined]
    return last.note if last else ""


def progress(tenant: Tenant) -> dict[str, Any] | None:
    """The training of an isolated model that waits or runs: {step, share or None, text}."""
    run = tenant.training_runs.filter(state__in=["queued", "running"], scope="tenant").first()  # type: ignore[attr-defined]
    if run is None:
        return None
    running = run.state == "running"
    share = round(100 * run.progress)
    return {"step": run.step, "share": share if running else None, "text": f"{share}%" if running else "Waiting"}


def figures(health: Health) -> list[dict[str, Any]]:
    """Rows {label, help, own, shared, popular} for a table; values are texts: the figure, or why there is none."""
    offline = health.offline
    rows = [{
        "label": "NDCG@10 on held-back events",
        "help": "How well the first ten recommendations hit what shoppers took next: 1 is a perfect list. All three "
        "were asked the same questions, on the newest events, which none of them had seen.",
        "own": _score(offline["own"]), "popular": _score(offline["popular"]),
        "shared": _score(offline["shared"], "no shared model to ask"),
    }]
    for label, name, text in (
        ("Click-through, last 28 days", "ctr", "Clicked lists of shown lists."),
        ("Conversion, last 28 days", "conversion", "Lists that something was bought from, of clicked lists."),
    ):
        rows.append({
            "label": label, "help": text, "own": _share(health.own, name), "shared": _share(health.shared, name),
            "popular": "not told apart",
        })
    return rows


def _score(value: float | None, missing: str = "too few to test on") -> str:
    return missing if value is None else markup.number(value, 3)


def _share(online: Totals, name: str) -> str:
    value, trials = online.share(name), online.hits(name)[1]
    if value is None:
        return "nothing shown yet" if name == "ctr" else "nothing clicked yet"
    return f"{markup.percent(value)} of {markup.number(trials)}"


def _who(step: IsolationStep) -> str:
    if step.by is None:
        return "Automatic"
    return str(step.by)
