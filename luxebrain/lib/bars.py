"""Lying bars and interval bars: shares and positions in per cent of the width."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from luxebrain.lib import figures

Text = Callable[[float], str]


def bars(
    items: Sequence[tuple[str, float]], *, text: Text = figures.number, urls: Mapping[str, str] | None = None
) -> list[dict[str, str | float]]:
    """Lying bars for components/bars.html, each relative to the longest."""
    longest = max((abs(value) for _, value in items), default=0) or 1
    found = urls or {}
    return [
        {
            "label": label,
            "text": text(value),
            "share": round(100 * abs(value) / longest, 2),
            "url": found.get(label, ""),
        }
        for label, value in items
    ]


@dataclass(frozen=True)
class Interval:
    """One row's interval on an axis that all rows share; x values are per cent."""

    x: float
    width: float
    middle: float
    zero: float
    tone: str
    sentence: str


def intervals(
    items: Sequence[tuple[float, float, float]], *, text: Text = figures.percent, higher_is_better: bool = True
) -> list[Interval]:
    """(low, estimate, high) per row → bars; green beyond zero on the good side, red on the other."""
    ends = [end for low, _, high in items for end in (low, high)]
    least, most = min([*ends, 0.0]), max([*ends, 0.0])
    room = (most - least or 1) * 0.06
    least, most = least - room, most + room

    def x(value: float) -> float:
        return round(100 * (value - least) / (most - least), 2)

    found = []
    for low, estimate, high in items:
        decided = low > 0 or high < 0
        tone = ("good" if (low > 0) == higher_is_better else "bad") if decided else "brass"
        sentence = f"{text(estimate)}, interval {text(low)} to {text(high)}"
        found.append(Interval(x(low), round(x(high) - x(low), 2), x(estimate), x(0.0), tone, sentence))
    return found
