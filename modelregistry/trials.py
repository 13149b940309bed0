"""What a training tried, in words: figures of each algorithm, the blend's parts, the search by family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from luxebrain.lib import markup
from modelregistry import labels

# Powers of the history, as people say them.
_POWERS = {0.0: "everything in the history counts alike", 1.0: ""}


@dataclass(frozen=True)
class Trials:
    """tested, families, left_out and parts as rows for templates; rung and reason in words, "" if unsaid."""

    tested: list[dict[str, Any]]
    families: list[dict[str, Any]]
    left_out: list[dict[str, str]]
    parts: list[dict[str, Any]]
    rung: str
    reason: str
    count: int
    took: str

    def __bool__(self) -> bool:
        return bool(self.tested or self.families)


def told(rows: list[dict[str, Any]]) -> Trials:
    """A run's stored trials, ready for a page. Rows of earlier software have no stage: they were tests."""
    searched = [row for row in rows if row.get("stage") == "search"]
    tested = [row for row in rows if row.get("stage", "test") == "test"]
    chosen = next((row for row in tested if row.get("chosen")), {})
    return Trials(
        tested=[_tested(row) for row in tested],
        families=_families(searched),
        left_out=[{"algorithm": labels.algorithm(str(row["algorithm"])), "note": str(row.get("note", ""))}
                  for row in rows if row.get("stage") == "left_out"],
        parts=_parts(next((row["parts"] for row in tested if row.get("parts")), [])),
        rung=labels.RUNGS.get(str(chosen.get("rung", "")), ""),
        reason=str(chosen.get("reason", "")),
        count=len(searched),
        took=_took(sum(float(row.get("cpu_s") or 0) for row in searched)),
    )


def _tested(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "algorithm": labels.algorithm(str(row["algorithm"])),
        "chosen": row.get("chosen"),
        "note": row.get("note", ""),
        "took": _took(row.get("fit_cpu_s")),
        "tested": row.get("tested"),
        **{key.partition("@")[0]: row.get(key) for key, _, _ in labels.METRICS},
    }


def _families(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By algorithm, the best family first and its best trial first; a trial on all data stands above."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["algorithm"]), []).append(row)
    families = []
    for name, trials in found.items():
        trials.sort(key=lambda row: (-int(row.get("rung") or 0), -float(row.get("value") or 0)))
        families.append({
            "algorithm": labels.algorithm(name),
            "best": trials[0].get("value"),
            "count": len(trials),
            "took": _took(sum(float(row.get("cpu_s") or 0) for row in trials)),
            "rows": [{"settings": _settings(row), "value": row.get("value"), "took": _took(row.get("cpu_s")),
                      "on": "all data" if row.get("rung") else "some of the data"} for row in trials],
        })
    return sorted(families, key=lambda family: -float(family["best"] or 0))


def _parts(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blend's parts with their share of the weight, the weightiest first; what weighs below 0 counts against."""
    total = sum(abs(float(part["weight"])) for part in parts) or 1.0
    rows = [{"algorithm": labels.algorithm(str(part["name"])), "share": abs(float(part["weight"])) / total,
             "settings": ("counts against, " if part["weight"] < 0 else "") + _settings(part)} for part in parts]
    return sorted(rows, key=lambda row: -row["share"])


def _settings(row: dict[str, Any]) -> str:
    """Parameters as name value, then what the history's weights are raised to."""
    said = [f"{name.replace('_', ' ')} {_value(value)}" for name, value in (row.get("params") or {}).items()
            if value is not None]
    power = float(row.get("power", 1.0))
    words = _POWERS.get(power, f"history weights to the power {power:g}")
    return ", ".join([*said, *([words] if words else [])]) or "as they come"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(entry) for entry in value)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _took(seconds: float | None) -> str:
    if seconds is None:
        return markup.MISSING
    return markup.duration(round(seconds, 2)) if seconds >= 0.01 else f"under {markup.duration(0.01)}"
