"""Numbers, times and links as pages show them."""

import datetime as dt
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from luxebrain.lib import markup

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def draw(source, **context):
    return Template(source).render(Context(context))


@pytest.mark.parametrize(
    ("source", "value", "shown"),
    [
        ("{{ v|number }}", 12400, "12,400"),
        ("{{ v|number }}", -3, "−3"),
        ("{{ v|number }}", 0.21437, "0.214"),
        ("{{ v|number }}", None, "—"),
        ("{{ v|number }}", float("nan"), "—"),
        ("{{ v|compact }}", 1_284_000, "1.28\u202fM"),
        ("{{ v|compact }}", 48_210, "48,210"),
        ("{{ v|money:'EUR' }}", Decimal("18420.40"), "€18,420"),
        ("{{ v|money:'GBP' }}", Decimal("14.3"), "£14.30"),
        ("{{ v|money:'EUR' }}", Decimal("-5"), "−€5.00"),
        ("{{ v|money:'CHF' }}", 20, "CHF\u00a020.00"),
        ("{{ v|price:'EUR' }}", Decimal("1249"), "€1,249.00"),
        ("{{ v|price:'JPY' }}", Decimal("1249"), "¥1,249"),
        ("{{ v|percent }}", 0.0386, "3.86%"),
        ("{{ v|percent }}", 0.61, "61%"),
        ("{{ v|percent }}", 0.992, "99.2%"),
        ("{{ v|percent }}", 0, "0%"),
        ("{{ v|size }}", 1_468_006, "1.5\u202fMB"),
        ("{{ v|plural:'order,orders' }}", 1, "1 order"),
        ("{{ v|plural:'order,orders' }}", 2000, "2,000 orders"),
        ("{{ v|initials }}", "Maison Verre", "MV"),
        ("{{ v|initials }}", "anna@shop.example", "AN"),
        ("{{ v|initials }}", "", "?"),
        ("{{ v|duration }}", 0.4213, "0.421\u00a0s"),
        ("{{ v|duration }}", dt.timedelta(minutes=3, seconds=20), "3\u00a0min 20\u00a0s"),
        ("{{ v|duration }}", 7500, "2\u00a0h 5\u00a0min"),
    ],
)
def test_it_formats_values(source, value, shown):
    assert draw(source, v=value) == shown


def test_it_escapes_text_that_comes_from_users():
    assert "<b>" not in draw("{{ v|initials }}{{ v|plural:'<b>x,y' }}", v="<b>")


@pytest.mark.parametrize(
    ("distance", "shown"),
    [
        (dt.timedelta(seconds=20), "just now"),
        (dt.timedelta(minutes=4), "4\u00a0min ago"),
        (dt.timedelta(minutes=59, seconds=40), "1\u00a0h ago"),
        (dt.timedelta(hours=5), "5\u00a0h ago"),
        (dt.timedelta(days=7), "7\u00a0d ago"),
        (dt.timedelta(days=40), "15 Oct"),
        (dt.timedelta(days=400), "20 Oct 2025"),
        (-dt.timedelta(hours=3), "in 3\u00a0h"),
    ],
)
def test_it_says_when_relative_to_now(distance, shown):
    assert markup.since(NOON - distance, now=NOON) == shown


def test_it_keeps_the_exact_time_in_the_tenants_zone_on_hover_and_focus():
    with timezone.override("Europe/Paris"):
        html = draw("{% when at %}", at=NOON)
    assert 'title="24 Nov 2026, 13:00:00 CET"' in html
    assert 'tabindex="0"' in html
    assert 'datetime="2026-11-24T12:00:00+00:00"' in html


def test_it_says_never_for_a_missing_time():
    assert "not used yet" in draw("{% when at 'not used yet' %}", at=None)
    assert "</time>: done" in draw("{% when at %}: done", at=NOON)  # no space before what follows


def test_it_compares_with_a_base_and_knows_which_way_is_good():
    up = markup.change(112.4, 100)
    assert (up.text, up.direction, up.tone, up.words) == ("12.4%", "up", "good", "up 12.4%")
    assert markup.change(90, 100, lower_is_better=True).tone == "good"
    assert markup.change(0.0386, 0.0344, points=True).text == "0.42\u00a0pt"
    assert markup.change(100, 100).direction == "flat"
    assert markup.change(5, 0) is None
    assert markup.change(None, 3) is None


def test_it_changes_a_query_string_and_forgets_the_page():
    assert markup.build_query(QueryDict("q=a&page=3"), sort="name") == "?q=a&sort=name"
    assert markup.build_query(QueryDict("q=a&sort=x"), sort=None) == "?q=a"
    request = RequestFactory().get("/?q=<script>&days=7")
    assert draw("{% query days=28 %}", request=request) == "?q=%3Cscript%3E&amp;days=28"


def test_it_draws_icons_that_screen_readers_skip():
    assert 'aria-hidden="true"' in draw("{% icon 'house' %}")
    assert "<script" not in draw("{% icon 'house' 16 css %}", css='"><script>')
