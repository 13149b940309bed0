"""Every component draws without inline code, states its arguments, and says what it shows."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from luxebrain.lib import charts, markup
from luxebrain.lib.bars import bars, intervals

TEMPLATES = Path(settings.BASE_DIR) / "templates"
COMPONENTS = sorted((TEMPLATES / "components").glob("*.html"))
NASTY = '"><script>alert(1)</script>'


@pytest.mark.parametrize("file", COMPONENTS, ids=lambda file: file.name)
def test_it_states_its_arguments_first(file):
    lines = file.read_text().splitlines()
    assert any(line.startswith("{#") for line in lines[:2])


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_it_has_no_inline_code(file):
    text = file.read_text()
    assert not re.search(r"<[^>]*\sstyle=", text)
    assert not re.search(r"<[^>]*\son\w+=", text)
    assert not re.search(r"<script(?![^>]*src=)[^>]*>(?!\s*</script>)", text)
    assert "|safe" not in text


CASES = {
    "badge": {"text": NASTY, "tone": "good"},
    "banner": {"title": NASTY, "text": NASTY, "tone": "bad", "url": "/x", "action": NASTY},
    "bars": {"items": bars([(NASTY, 3)]), "label": NASTY},
    "chart": {"chart": charts.columns([1, 2], [NASTY, "b"], sentence=NASTY, name=NASTY)},
    "checklist": {"steps": [{"label": NASTY, "done": True, "note": NASTY}]},
    "confirm": {
        "id": "c",
        "button": NASTY,
        "title": NASTY,
        "text": NASTY,
        "action": "/x",
        "type": NASTY,
        "reason": NASTY,
    },
    "copyable": {"text": NASTY, "label": NASTY},
    "empty": {"title": NASTY, "text": NASTY, "call": NASTY, "url": "/x", "action": NASTY},
    "error": {"what": NASTY, "request_id": NASTY},
    "interval": {"interval": intervals([(1, 2, 3)], text=lambda value: NASTY)[0]},
    "meter": {"label": NASTY, "used": 3, "allowed": 5, "unit": NASTY},
    "progress": {"label": NASTY, "value": 3, "text": NASTY},
    "spark": {"spark": charts.sparkline([1, 2], sentence=NASTY)},
    "stat": {"label": NASTY, "value": NASTY, "help": NASTY, "note": NASTY, "change": markup.change(2, 1)},
    "tabs": {"tabs": [{"label": NASTY, "url": "/x", "current": True, "count": 3}]},
    "tip": {"label": NASTY, "text": NASTY},
    "toast": {"text": NASTY, "detail": NASTY},
}


@pytest.mark.parametrize("name", CASES)
def test_it_escapes_what_people_write(name):
    html = render_to_string(f"components/{name}.html", CASES[name])
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_it_shows_too_little_data_instead_of_a_figure():
    html = render_to_string(
        "components/stat.html", {"label": "Conversion", "value": "3%", "missing": "41 of 100 clicks"}
    )
    assert "Not enough data" in html
    assert "41 of 100 clicks" in html
    assert "3%" not in html


def test_it_warns_before_a_limit_is_reached():
    html = render_to_string("components/meter.html", {"label": "Calls", "used": 82_000, "allowed": 100_000})
    assert 'low="80000" high="99900" optimum="0"' in html
    assert "82,000 of 100,000" in html
    assert "no limit" in render_to_string("components/meter.html", {"label": "Calls", "used": 3, "allowed": None})


def test_it_links_a_tip_to_its_button():
    html = render_to_string("components/tip.html", {"label": "coverage", "text": "Share of products shown."})
    (target,) = re.findall(r'popovertarget="([\w-]+)"', html)
    assert f'aria-describedby="{target}"' in html
    assert f'id="{target}"' in html


@pytest.mark.parametrize("status", ["400", "403", "404", "500"])
def test_it_draws_error_pages_without_any_context(status):
    html = render_to_string(f"{status}.html", {})
    assert status in html
    assert "Request <code>" not in html
    assert "Request <code>req_7</code>" in render_to_string(f"{status}.html", {"request_id": "req_7"})
