"""Charts as plain numbers and SVG path data: lines with bands, columns and sparklines.

Vertical positions are pixels of a fixed height, horizontal ones per cent of the plot, so that a chart
fills any width without its text being scaled. Templates under components/ draw what is computed here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from luxebrain.lib import axes, figures
from luxebrain.lib.axes import Text, Value, short

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
class Span:
    """A stretch of labels that is shaded: a sale, a window in which something is expected."""

    begin: int
    end: int
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
    spans: tuple[tuple[float, float, str], ...] = ()  # x, width, text
    points: tuple[tuple[float, float, str, tuple[tuple[float, float, str], ...]], ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    ends: str = ""  # room for direct labels: "", "ends", "ends-wide"

    @property
    def is_empty(self) -> bool:
        return not (any(line.path or line.dots for line in self.lines) or self.columns)


def line(
    series: Sequence[Series],
    labels: Sequence[str],
    *,
    sentence: str,
    text: Text = short,
    events: Sequence[Event] = (),
    spans: Sequence[Span] = (),
    height: int = 200,
    from_zero: bool = True,
    label_ends: bool = True,
    x_name: str = "Day",
) -> Chart:
    """Lines over labels. `sentence` says what the chart shows to those who do not see it."""
    plot = height - 22
    known = axes.known(*(values for one in series for values in (one.values, one.low, one.high)))
    if not known:
        return Chart("line", height, plot, sentence)
    enclose = axes.share_ticks if text is figures.percent else axes.nice_ticks
    ticks = enclose(min(0.0, *known) if from_zero else min(known), max(known))
    y = axes.scale(ticks, plot)
    positions = [round(100 * i / max(1, len(labels) - 1), 3) for i in range(len(labels))]
    lines = _spread([_line(one, positions, y, TONES[i % len(TONES)]) for i, one in enumerate(series)], plot)
    longest = max(len(one.name) for one in series)
    direct = label_ends and len(series) > 1 and longest <= 16
    return Chart(
        "line",
        height,
        plot,
        sentence,
        grid=axes.grid(ticks, y, text),
        ticks=axes.ticks(labels, positions),
        lines=tuple(lines),
        marks=tuple((positions[e.at], e.text, axes.anchor(positions[e.at])) for e in events if 0 <= e.at < len(labels)),
        spans=tuple(_span(one, positions) for one in spans if one.begin <= one.end),
        points=_points(series, lines, labels, positions, y, text),
        head=(x_name, *(one.name for one in series)),
        rows=_rows(series, labels, text),
        ends=("ends" if longest <= 5 else "ends-wide") if direct else "",
    )


def _span(one: Span, positions: Sequence[float]) -> tuple[float, float, str]:
    """At least as wide as one label, so that it can be seen."""
    first, last = positions[max(0, one.begin)], positions[min(len(positions) - 1, one.end)]
    width = max(last - first, 100 / max(1, len(positions)))
    return min(first, 100 - width), round(width, 3), one.text


def _line(one: Series, positions: Sequence[float], y: Callable[[float], float], tone: str) -> Line:
    points = [None if v is None else (x, y(float(v))) for x, v in zip(positions, one.values, strict=False)]
    stretches = axes.runs(points)
    area = ""
    if one.low is not None and one.high is not None:
        corners = zip(positions, one.low, one.high, strict=False)
        upper = [None if lo is None or hi is None else (x, y(float(hi)), y(float(lo))) for x, lo, hi in corners]
        area = "".join(_band(run) for run in axes.runs(upper) if len(run) > 1)
    end = stretches[-1][-1][1] if stretches else 0.0
    return Line(
        one.name,
        one.tone or tone,
        "".join(axes.path(run) for run in stretches if len(run) > 1),
        area,
        tuple(run[0] for run in stretches if len(run) == 1),
        end,
        end,
    )


def _band(run: Sequence[tuple[float, float, float]]) -> str:
    upper = [(x, high) for x, high, _ in run]
    lower = [(x, low) for x, _, low in reversed(run)]
    return axes.path([*upper, *lower]) + "Z"


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


def _points(
    series: Sequence[Series],
    lines: Sequence[Line],
    labels: Sequence[str],
    positions: Sequence[float],
    y: Callable[[float], float],
    text: Text,
) -> tuple[tuple[float, float, str, tuple[tuple[float, float, str], ...]], ...]:
    """What the pointer finds: a strip per label with the values of all lines."""
    width = 100 / max(1, len(labels) - 1)
    found = []
    for i, label in enumerate(labels):
        here = [(one, drawn, one.values[i]) for one, drawn in zip(series, lines, strict=True) if i < len(one.values)]
        words = ", ".join(f"{one.name} {text(float(v)) if v is not None else figures.MISSING}" for one, _, v in here)
        dots = tuple((positions[i], y(float(v)), drawn.tone) for _, drawn, v in here if v is not None)
        found.append((round(positions[i] - width / 2, 3), round(width, 3), f"{label}: {words}", dots))
    return tuple(found)


def _rows(series: Sequence[Series], labels: Sequence[str], text: Text) -> tuple[tuple[str, ...], ...]:
    def cell(one: Series, i: int) -> str:
        value = one.values[i] if i < len(one.values) else None
        if value is None:
            return figures.MISSING
        low, high = (ends[i] if ends and i < len(ends) else None for ends in (one.low, one.high))
        interval = f" ({text(float(low))} to {text(float(high))})" if low is not None and high is not None else ""
        return text(float(value)) + interval

    return tuple((label, *(cell(one, i) for one in series)) for i, label in enumerate(labels))


def columns(
    values: Sequence[Value],
    labels: Sequence[str],
    *,
    sentence: str,
    name: str,
    text: Text = short,
    height: int = 200,
    x_name: str = "Day",
) -> Chart:
    """Upright columns from zero, one per label."""
    plot = height - 22
    known = axes.known(values)
    if not known:
        return Chart("columns", height, plot, sentence)
    ticks = axes.nice_ticks(min(0.0, *known), max(0.0, *known))
    y = axes.scale(ticks, plot)
    slot = 100 / len(labels)
    centres = [round(slot * (i + 0.5), 3) for i in range(len(labels))]
    bars = []
    for i, value in enumerate(values):
        if value is not None:
            top, bottom = sorted((y(float(value)), y(0.0)))
            tall = round(max(bottom - top, 1.0 if value else 0.0), 2)
            words = f"{labels[i]}: {text(float(value))}"
            bars.append((round(slot * (i + 0.18), 3), round(bottom - tall, 2), round(slot * 0.64, 3), tall, words))
    return Chart(
        "columns",
        height,
        plot,
        sentence,
        grid=axes.grid(ticks, y, text),
        ticks=axes.ticks(labels, centres),
        columns=tuple(bars),
        head=(x_name, name),
        rows=_rows([Series(name, values)], labels, text),
    )


@dataclass(frozen=True)
class Spark:
    """A small line without axes, with its last value marked."""

    height: int
    path: str
    area: str
    end_y: float
    tone: str
    sentence: str


def sparkline(
    values: Sequence[Value],
    *,
    sentence: str,
    low: Sequence[Value] | None = None,
    high: Sequence[Value] | None = None,
    height: int = 30,
    tone: str = "accent",
) -> Spark:
    """A small line; empty with fewer than two values."""
    known = axes.known(values, low, high)
    if len(axes.known(values)) < 2:
        return Spark(height, "", "", 0, tone, sentence)
    y = axes.scale([min(known), max(known) if max(known) > min(known) else min(known) + 1], height - 4)
    positions = [round(100 * i / (len(values) - 1), 3) for i in range(len(values))]
    drawn = _line(Series("", values, low, high), positions, lambda value: y(value) + 2, tone)
    return Spark(height, drawn.path, drawn.area, drawn.end_y, tone, sentence)
