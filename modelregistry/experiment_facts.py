"""What pages say about an experiment: arms in words, tiles, chart and the rows of its tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from luxebrain.lib import charts
from luxebrain.lib.bars import Interval, intervals
from luxebrain.lib.figures import MISSING, money, number, percent, plural
from modelregistry import results, undecided, verdicts
from modelregistry.measured import Arm, Comparison, Kind
from modelregistry.models import Experiment
from modelregistry.readings import Result
from modelregistry.statistics.stopping import Verdict

STATES = {
    Experiment.State.DRAFT: "neutral",
    Experiment.State.RUNNING: "accent",
    Experiment.State.STOPPED: "neutral",
    Experiment.State.CONCLUDED: "good",
}


@dataclass(frozen=True)
class Row:
    """One metric, day or segment as a table shows it."""

    label: str
    help: str
    a: str
    b: str
    a_counts: str
    b_counts: str
    lift: str
    span: str
    chance: str
    risk: str
    missing: str
    interval: Interval | None = None


def entry(experiment: Experiment) -> dict[str, Any]:
    """One row of the list. What ended is told from the figures kept with it."""
    found = {
        "experiment": experiment,
        "tone": STATES[Experiment.State(experiment.state)],
        "compares": f"{arm_text(experiment, 'A')} with {arm_text(experiment, 'B')}",
    }
    if experiment.state == Experiment.State.DRAFT:
        return found
    kept = experiment.result if not experiment.is_running else {}
    summary = kept or results.summary(results.read(experiment))
    text, tone = verdicts.BADGES[Verdict(summary["verdict"])]
    by = undecided.until(experiment)
    return found | {"subjects": sum(summary["subjects"]), "verdict": text, "verdict_tone": tone, "decide_by": by}


def context(result: Result) -> dict[str, Any]:
    """Everything that templates/modelregistry/experiment.html shows of the figures."""
    experiment = result.experiment
    text, tone = verdicts.badge(result)
    by_day = rows([day.goal for day in result.days], result)
    by_segment = rows([segment.goal for segment in result.segments], result)
    said = {"text": text, "tone": tone, "sentence": verdicts.sentence(result), "advice": verdicts.advice(result)}
    return {
        "result": result,
        "arms": [(letter, arm_text(experiment, letter), share) for letter, _, share in experiment.arms],
        "state_tone": STATES[Experiment.State(experiment.state)],
        "verdict": said,
        "tiles": tiles(result),
        "metrics": rows(result.comparisons, result),
        "chart": chart(result) if result.days else None,
        "days": [(day.day, day.new, row) for day, row in zip(result.days, by_day, strict=True)],
        "segments": list(zip(result.segments, by_segment, strict=True)),
    }


def tiles(result: Result) -> list[dict[str, Any]]:
    """The figures above the tables, as components/stat.html takes them."""
    experiment, goal = result.experiment, result.goal
    a, b = result.subjects
    planned = experiment.minimum_subjects
    found: list[dict[str, Any]] = [
        {"label": "Subjects", "value": number(a + b),
         "note": f"A {number(a)}, B {number(b)}; planned {number(planned)} each",
         "help": "Customers, and guests by session, that were shown a list of this experiment."},
        {"label": "Days", "value": number(len(result.days)), "note": _left(result),
         "help": "Days with figures in this phase. The forecast takes the pace so far."},
        {"label": "Chance that B is better", "value": _chance(goal.chance) if goal.is_shown else None,
         "missing": goal.missing, "note": goal.kind.label,
         "help": "If nothing was known before. It moves with every look and is no reason to stop by itself."},
    ]  # fmt: skip
    if experiment.unit == Experiment.Unit.HOLDOUT:
        extra, currency = result.incremental, experiment.tenant.currency
        words = f"interval {money(extra[0], currency)} to {money(extra[2], currency)}" if extra else ""
        missing = next(one.missing for one in result.comparisons if one.kind.key == "revenue")
        found.append(
            {"label": "Revenue that personal lists brought", "value": money(extra[1], currency) if extra else None,
             "note": words, "missing": missing,
             "help": "Revenue per subject with personal lists minus without, times the subjects with them."}
        )  # fmt: skip
    else:
        found.append(
            {"label": "Risk of choosing B", "value": percent(goal.risk, 2) if goal.is_shown else None,
             "missing": goal.missing, "note": f"of {goal.kind.label.lower()}",
             "help": "What choosing B would lose on average, weighed by how probable each loss is."}
        )  # fmt: skip
    return found


def _left(result: Result) -> str:
    if not result.experiment.is_running:
        return "ended"
    left = result.days_left
    if left == 0:
        return "the planned sample is full"
    return "no end in sight at this pace" if left is None else f"about {plural(left, 'day,days')} to go"


def rows(comparisons: Any, result: Result) -> list[Row]:
    """Rows with interval bars on one axis."""
    shown = [one for one in comparisons if one.is_shown]
    bars = iter(intervals([(one.interval[0], one.lift, one.interval[1]) for one in shown]))
    return [_row(one, result, next(bars) if one.is_shown else None) for one in comparisons]


def _row(one: Comparison, result: Result, bar: Interval | None) -> Row:
    currency = result.experiment.tenant.currency
    low, high = one.interval or (None, None)
    lift = percent(one.lift)
    return Row(
        one.kind.label,
        one.kind.help + (" What subjects did in the 28 days before is taken into account." if one.is_adjusted else ""),
        _value(one.kind, one.a, currency), _value(one.kind, one.b, currency),
        _counts(one.kind, one.a, currency), _counts(one.kind, one.b, currency),
        f"+{lift}" if one.lift and one.lift > 0 else lift,
        f"{percent(low)} to {percent(high)}" if one.interval else "",
        _chance(one.chance), percent(one.risk, 2), one.missing, bar,
    )  # fmt: skip


def _chance(chance: float | None) -> str:
    """Never "100 %": nothing measured is certain."""
    if chance is not None and not 0.0005 <= chance < 0.9995:
        return "below 0.1%" if chance < 0.5 else "over 99.9%"
    return percent(chance, 1)


def _value(kind: Kind, arm: Arm, currency: str) -> str:
    if arm.value is None:
        return MISSING
    if kind.unit == "share":
        return percent(arm.value)
    return money(arm.value, currency) if kind.unit == "money" else number(arm.value, 3)


def _counts(kind: Kind, arm: Arm, currency: str) -> str:
    top = money(arm.top, currency) if kind.unit == "money" else number(arm.top)
    return f"{top} of {number(arm.bottom)}" if kind.unit == "share" else f"{top} by {number(arm.bottom)}"


def chart(result: Result) -> charts.Chart:
    """The lift day by day with its interval at any time; days with too little data are gaps."""
    goals = [day.goal for day in result.days]
    return charts.line(
        [
            charts.Series(
                "Lift of B", [one.lift for one in goals],
                [one.interval[0] if one.interval else None for one in goals],
                [one.interval[1] if one.interval else None for one in goals],
            )
        ],
        [f"{day.day.day} {day.day:%b}" for day in result.days],
        sentence=f"Lift of B over A in {result.goal.kind.label.lower()}, up to each day. {verdicts.sentence(result)}",
        text=percent, height=240,
    )  # fmt: skip


def arm_text(experiment: Experiment, letter: str) -> str:
    """What an arm is, in words."""
    what = experiment.arm(letter)
    unit = Experiment.Unit
    if experiment.unit == unit.VERSION:
        return f"v{what.get('version')}"
    if experiment.unit == unit.WEIGHTS:
        parts = [f"{name} × {factor:g}" for name, factor in what.get("weights", {}).items()]
        return ", ".join(parts) or "Weights as they are"
    if experiment.unit == unit.RULES:
        return plural(len(what.get("rules", ())), "rule,rules") if what.get("rules") else "Without these rules"
    return "Personal lists" if letter == "A" else "The same list for everybody"
