"""Axes and paths: round ticks, positions and SVG path data of the charts."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from luxebrain.lib import figures

Value = float | int | None
Text = Callable[[float], str]
Point = TypeVar("Point", tuple[float, float], tuple[float, float, float])
UNIT = 1000  # the stretched inner view box is UNIT wide
GRID_LINES = 4


def short(value: float) -> str:
    """An axis label: 4.5 k, 1.2 M, 0.25, 620."""
    if abs(value) >= 1_000_000:
        return figures.compact(value)
    if abs(value) >= 10_000:
        return f"{value / 1000:.3g}{figures.THIN}k"
    return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"


def share_ticks(low: float, high: float) -> list[float]:
    """The same for shares: an axis of what cannot exceed the whole ends there."""
    found = nice_ticks(low, high)
    return found if found[-1] <= 1 or low < 0 or high > 1 else [0, 0.25, 0.5, 0.75, 1]


def nice_ticks(low: float, high: float, *, count: int = GRID_LINES) -> list[float]:
    """`count` evenly spaced round values that enclose low..high."""
    if not high > low:
        high = low + (abs(low) or 1)
    for step in steps((high - low) / (count - 1)):
        first = math.floor(low / step + 1e-9) * step
        if first + step * (count - 1) >= high - step * 1e-6:
            return [round(first + step * i, 12) for i in range(count)]
    raise AssertionError("steps grow without end")


def steps(least: float) -> Iterator[float]:
    power = 10.0 ** math.floor(math.log10(least))
    while True:
        for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8):
            if factor * power >= least * (1 - 1e-9):
                yield factor * power
        power *= 10


def known(*sequences: Sequence[Value] | None) -> list[float]:
    return [float(v) for values in sequences for v in values or () if v is not None and math.isfinite(v)]


def scale(ticks: list[float], height: int) -> Callable[[float], float]:
    low, high = ticks[0], ticks[-1]
    return lambda value: round(height - (value - low) / (high - low) * height, 2)


def grid(ticks: list[float], y: Callable[[float], float], text: Text) -> tuple[tuple[float, str], ...]:
    return tuple((y(tick), text(tick)) for tick in ticks)


def ticks(labels: Sequence[str], positions: Sequence[float]) -> tuple[tuple[float, str, str], ...]:
    """All labels if they are few and short; else four, the first and the last among them."""
    count = len(labels)
    fits = count <= 4 or (count <= 8 and max(map(len, labels)) <= 4)
    chosen = range(count) if fits else sorted({round(i * (count - 1) / 3) for i in range(4)})
    return tuple((positions[i], labels[i], anchor(positions[i])) for i in chosen)


def anchor(x: float) -> str:
    return "start" if x < 4 else "end" if x > 96 else "middle"


def runs(points: Sequence[Point | None]) -> list[list[Point]]:
    """The stretches between gaps."""
    found: list[list[Point]] = [[]]
    for point in points:
        if point is None:
            found.append([])
        else:
            found[-1].append(point)
    return [run for run in found if run]


def path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x * UNIT / 100:g} {y:g}" for x, y in points)
