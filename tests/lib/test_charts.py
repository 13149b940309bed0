"""Charts as numbers: round ticks, gaps, bands, direct labels, the table behind."""

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from luxebrain.lib import axes, charts
from luxebrain.lib.bars import bars, intervals

WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 4.6, [0, 2, 4, 6]), (0, 612, [0, 250, 500, 750]), (0, 0.214, [0, 0.08, 0.16, 0.24]), (0, 3, [0, 1, 2, 3])],
)
def test_it_chooses_round_ticks(low, high, ticks):
    assert axes.nice_ticks(low, high) == pytest.approx(ticks)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_it_always_encloses_the_values_with_four_lines(low, width):
    ticks = axes.nice_ticks(low, low + width)
    assert len(ticks) == 4
    slack = 1e-6 * max(abs(low), width)
    assert ticks[0] <= low + slack
    assert ticks[-1] >= low + width - slack


def test_it_draws_a_line_from_edge_to_edge():
    chart = charts.line([charts.Series("v14", [0, 1, 2, 3, 2, 1, 0])], WEEK, sentence="…")
    path = chart.lines[0].path
    assert path.startswith("M0 ")
    assert "L1000 " in path
    assert [label for _, label in chart.grid] == ["0", "1", "2", "3"]


def test_it_leaves_a_gap_and_marks_a_lonely_value():
    one = charts.line([charts.Series("a", [1, 2, None, 3, None, 4, 5])], WEEK, sentence="…").lines[0]
    assert one.path.count("M") == 2
    assert len(one.dots) == 1


def test_it_closes_the_interval_band():
    series = charts.Series("a", [2, 3, 4], low=[1, 2, 3], high=[3, 4, 5])
    area = charts.line([series], WEEK[:3], sentence="…").lines[0].area
    assert area.endswith("Z")
    assert area.count("L") == 5


def test_it_moves_direct_labels_apart():
    names = ("a", "b", "c")
    chart = charts.line([charts.Series(n, [1, 1 + i / 100]) for i, n in enumerate(names)], WEEK[:2], sentence="…")
    places = sorted(one.label_y for one in chart.lines)
    assert all(after - before >= 14 for before, after in zip(places, places[1:], strict=False))


def test_it_has_the_same_values_in_the_table():
    chart = charts.line([charts.Series("a", [1, None], low=[0.5, None], high=[2, None])], WEEK[:2], sentence="…")
    assert chart.head == ("Day", "a")
    assert chart.rows == (("Mon", "1 (0.5 to 2)"), ("Tue", "—"))


def test_it_is_empty_without_values():
    assert charts.line([charts.Series("a", [None, None])], WEEK[:2], sentence="…").is_empty
    assert charts.columns([], [], sentence="…", name="a").is_empty
    assert charts.sparkline([1], sentence="…").path == ""


def test_it_draws_columns_from_zero():
    chart = charts.columns([3, -3, None], WEEK[:3], sentence="…", name="Requests")
    (_, top, _, tall, text), (_, below, _, deep, _) = chart.columns
    assert tall == pytest.approx(deep, abs=0.02)
    assert top + tall == pytest.approx(below, abs=0.02)
    assert text == "Mon: 3"


def test_it_shows_at_most_four_long_labels_with_both_ends():
    labels = [f"{day} November" for day in range(1, 29)]
    shown = [text for _, text, _ in charts.columns([1] * 28, labels, sentence="…", name="x").ticks]
    assert shown == ["1 November", "10 November", "19 November", "28 November"]


def test_it_puts_all_intervals_on_one_axis():
    ahead, unsure, behind = intervals([(0.06, 0.13, 0.2), (-0.03, 0.03, 0.08), (-0.2, -0.1, -0.05)])
    assert (ahead.tone, unsure.tone, behind.tone) == ("good", "brass", "bad")
    assert ahead.zero == unsure.zero
    assert behind.x + behind.width < behind.zero < ahead.x
    assert ahead.sentence == "13%, interval 6% to 20%"
    assert intervals([(0.1, 0.2, 0.3)], higher_is_better=False)[0].tone == "bad"


def test_it_measures_bars_by_the_longest():
    assert [bar["share"] for bar in bars([("a", 10), ("b", 5), ("c", 0)])] == [100, 50, 0]
    assert bars([]) == []


def test_it_says_its_sentence_and_escapes_labels():
    chart = charts.line([charts.Series("<b>", [1, 2])], WEEK[:2], sentence="Rose from 1 to 2.")
    html = render_to_string("components/chart.html", {"chart": chart})
    assert 'role="img" aria-label="Rose from 1 to 2."' in html
    assert "<b>" not in html
    assert "style=" not in html
