"""Charts as plain numbers and SVG path data: lines with bands, columns and sparklines.

Vertical positions are pixels of a fixed height, horizontal ones per cent of the plot, so that a chart
fills any width without its text being scaled. Templates under components/ draw what is computed here.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from luxebrain.lib import markup

Value = float | int | None
Text = Callable[[float], str]
UNIT = 1000  # the stretched inner view box is UNIT wide
GRID_LINES = 4
TONES = ("accent", "brass", "info", "good")


@dataclass(frozen=True)
class Series:
    """One line: a value per label (None leaves a gap), and an interval around it if both are given."""

    name: str
    values: Sequence[Value]
    low: Sequence[Value] | None = None
    high: Sequence[Value] | None = None
    tone: str = ""


@dataclass(frozen=True)
class Event:
    """Something that happened at a label: an activation, an import, an incident."""

    at: int
    text: str


@dataclass(frozen=True)
class Line:
    name: str
    tone: str
    path: str
    area: str
    dots: tuple[tuple[float, float], ...]  # values with a gap on both sides
    end_y: float
    label_y: float


@dataclass(frozen=True)
class Chart:
    """Everything that components/chart.html draws; `head` and `rows` are the table behind it."""

    kind: str
    height: int
    plot_height: int
    sentence: str
    grid: tuple[tuple[float, str], ...] = ()  # y, label
    ticks: tuple[tuple[float, str, str], ...] = ()  # x, label, text-anchor
    lines: tuple[Line, ...] = ()
    columns: tuple[tuple[float, float, float, float, str], ...] = ()  # x, y, width, height, text
    marks: tuple[tuple[float, str, str], ...] = ()  # x, text, text-anchor
    points: tuple[tuple[float, float, str, tuple[tuple[float, float, str], ...]], ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    ends: str = ""  # room for direct labels: "", "ends", "ends-wide"

    @property
    def is_empty(self) -> bool:
        return not (any(line.path or line.dots for line in self.lines) or self.columns)


def short(value: float) -> str:
    """An axis label: 4.5 k, 1.2 M, 0.25, 620."""
    if abs(value) >= 1_000_000:
        return markup.compact(value)
    if abs(value) >= 10_000:
        return f"{value / 1000:.3g}{markup.THIN}k"
    return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"


def nice_ticks(low: float, high: float, *, count: int = GRID_LINES) -> list[float]:
    """`count` evenly spaced round values that enclose low..high."""
    if not high > low:
        high = low + (abs(low) or 1)
    for step in _steps((high - low) / (count - 1)):
        first = math.floor(low / step + 1e-9) * step
        if first + step * (count - 1) >= high - step * 1e-6:
            return [round(first + step * i, 12) for i in range(count)]
    raise AssertionError("steps grow without end")


def _steps(least: float):  # type: ignore[no-untyped-def]
    power = 10.0 ** math.floor(math.log10(least))
    while True:
        for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8):
            if factor * power >= least * (1 - 1e-9):
                yield factor * power
        power *= 10


def _known(*sequences: Sequence[Value] | None) -> list[float]:
    return [float(v) for values in sequences for v in values or () if v is not None and math.isfinite(v)]


def _scale(ticks: list[float], height: int) -> Callable[[float], float]:
    low, high = ticks[0], ticks[-1]
    return lambda value: round(height - (value - low) / (high - low) * height, 2)


def _grid(ticks: list[float], y: Callable[[float], float], text: Text) -> tuple[tuple[float, str], ...]:
    return tuple((y(tick), text(tick)) for tick in ticks)


def _ticks(labels: Sequence[str], positions: Sequence[float]) -> tuple[tuple[float, str, str], ...]:
    """All labels if they are few and short; else four, the first and the last among them."""
    count = len(labels)
    fits = count <= 4 or (count <= 8 and max(map(len, labels)) <= 4)
    chosen = range(count) if fits else sorted({round(i * (count - 1) / 3) for i in range(4)})
    return tuple((positions[i], labels[i], _anchor(positions[i])) for i in chosen)


def _anchor(x: float) -> str:
    return "start" if x < 4 else "end" if x > 96 else "middle"


def _runs(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x * UNIT / 100:g} {y:g}" for x, y in points)


def line(
    series: Sequence[Series],
    labels: Sequence[str],
    *,
    sentence: str,
    text: Text = short,
    events: Sequence[Event] = (),
    height: int = 200,
    from_zero: bool = True,
    label_ends: bool = True,
    x_name: str = "Day",
) -> Chart:
    """Lines over labels. `sentence` says what the chart shows to those who do not see it."""
    plot = height - 22
    known = _known(*(values for one in series for values in (one.values, one.low, one.high)))
    if not known:
        return Chart("line", height, plot, sentence)
    ticks = nice_ticks(min(0.0, *known) if from_zero else min(known), max(known))
    y = _scale(ticks, plot)
    positions = [round(100 * i / max(1, len(labels) - 1), 3) for i in range(len(labels))]
    lines = _spread([_line(one, positions, y, TONES[i % len(TONES)]) for i, one in enumerate(series)], plot)
    longest = max(len(one.name) for one in series)
    direct = label_ends and len(series) > 1 and longest <= 16
    return Chart(
        "line",
        height,
        plot,
        sentence,
        grid=_grid(ticks, y, text),
        ticks=_ticks(labels, positions),
        lines=tuple(lines),
        marks=tuple((positions[e.at], e.text, _anchor(positions[e.at])) for e in events if 0 <= e.at < len(labels)),
        points=_points(series, lines, labels, positions, y, text),
        head=(x_name, *(one.name for one in series)),
        rows=_rows(series, labels, text),
        ends=("ends" if longest <= 5 else "ends-wide") if direct else "",
    )


def _line(one: Series, positions: Sequence[float], y: Callable[[float], float], tone: str) -> Line:
    points = [None if v is None else (x, y(float(v))) for x, v in zip(positions, one.values, strict=False)]
    runs = _runs(points)
    area = ""
    if one.low is not None and one.high is not None:
        corners = zip(positions, one.low, one.high, strict=False)
        upper = [None if lo is None or hi is None else (x, y(float(hi)), y(float(lo))) for x, lo, hi in corners]
        area = "".join(_band(run) for run in _runs_of_three(upper) if len(run) > 1)
    end = runs[-1][-1][1] if runs else 0.0
    return Line(
        one.name,
        one.tone or tone,
        "".join(_path(run) for run in runs if len(run) > 1),
        area,
        tuple(run[0] for run in runs if len(run) == 1),
        end,
        end,
    )


def _runs_of_three(points: Sequence[tuple[float, float, float] | None]) -> list[list[tuple[float, float, float]]]:
    return _runs(points)  # type: ignore[arg-type,return-value]


def _band(run: Sequence[tuple[float, float, float]]) -> str:
    upper = [(x, high) for x, high, _ in run]
    lower = [(x, low) for x, _, low in reversed(run)]
    return _path([*upper, *lower]) + "Z"


def _spread(lines: list[Line], height: int, *, gap: float = 14) -> list[Line]:
    """Moves the labels at the line ends apart until none covers another."""
    order = sorted(range(len(lines)), key=lambda i: lines[i].end_y)
    places: dict[int, float] = {}
    above = -gap
    for index in order:
        above = places[index] = max(lines[index].end_y, above + gap)
    below = height + gap
    for index in reversed(order):
        below = places[index] = min(places[index], below - gap)
    return [Line(**{**one.__dict__, "label_y": places[i]}) for i, one in enumerate(lines)]


def _points(series, lines, labels, positions, y, text):  # type: ignore[no-untyped-def]
    """What the pointer finds: a strip per label with the values of all lines."""
    width = 100 / max(1, len(labels) - 1)
    found = []
    for i, label in enumerate(labels):
        here = [(one, drawn, one.values[i]) for one, drawn in zip(series, lines, strict=True) if i < len(one.values)]
        words = ", ".join(f"{one.name} {text(float(v)) if v is not None else markup.MISSING}" for one, _, v in here)
        dots = tuple((positions[i], y(float(v)), drawn.tone) for _, drawn, v in here if v is not None)
        found.append((round(positions[i] - width / 2, 3), round(width, 3), f"{label}: {words}", dots))
    return tuple(found)


def _rows(series: Sequence[Series], labels: Sequence[str], text: Text) -> tuple[tuple[str, ...], ...]:
    def cell(one: Series, i: int) -> str:
        value = one.values[i] if i < len(one.values) else None
        if value is None:
            return markup.MISSING
        low, high = (ends[i] if ends and i < len(ends) else None for ends in (one.low, one.high))
        interval = f" ({text(float(low))} to {text(float(high))})" if low is not None and high is not None else ""
        return text(float(value)) + interval

    return tuple((label, *(cell(one, i) for one in series)) for i, label in enumerate(labels))


def columns(
    values: Sequence[Value], labels: Sequence[str], *, sentence: str, name: str, text: Text = short, height: int = 200, x_name: str = "Day"
) -> Chart:
    """Upright columns from zero, one per label."""
    plot = height - 22
    known = _known(values)
    if not known:
        return Chart("columns", height, plot, sentence)
    ticks = nice_ticks(min(0.0, *known), max(0.0, *known))
    y = _scale(ticks, plot)
    slot = 100 / len(labels)
    centres = [round(slot * (i + 0.5), 3) for i in range(len(labels))]
    bars = []
    for i, value in enumerate(values):
        if value is not None:
            top, bottom = sorted((y(float(value)), y(0.0)))
            tall = max(bottom - top, 1.0 if value else 0.0)
            bars.append((round(slot * (i + 0.18), 3), bottom - tall, round(slot * 0.64, 3), tall, f"{labels[i]}: {text(float(value))}"))
    rows = _rows([Series(name, values)], labels, text)
    return Chart(
        "columns", height, plot, sentence,
        grid=_grid(ticks, y, text), ticks=_ticks(labels, centres), columns=tuple(bars), head=(x_name, name), rows=rows,
    )  # fmt: skip


@dataclass(frozen=True)
class Spark:
    """A small line without axes, with its last value marked."""

    height: int
    path: str
    area: str
    end_y: float
    tone: str
    sentence: str


def sparkline(values: Sequence[Value], *, sentence: str, low=None, high=None, height: int = 30, tone: str = "accent") -> Spark:  # type: ignore[no-untyped-def]
    known = _known(values, low, high)
    if len(_known(values)) < 2:
        return Spark(height, "", "", 0, tone, sentence)
    y = _scale([min(known), max(known) if max(known) > min(known) else min(known) + 1], height - 4)
    positions = [round(100 * i / (len(values) - 1), 3) for i in range(len(values))]
    drawn = _line(Series("", values, low, high), positions, lambda value: y(value) + 2, tone)
    return Spark(height, drawn.path, drawn.area, drawn.end_y, tone, sentence)
