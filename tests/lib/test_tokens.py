"""Every text colour has at least 4.5 : 1 on every ground it stands on, in both themes."""

import re
from pathlib import Path

import pytest
from django.conf import settings

SHEETS = Path(settings.BASE_DIR) / "static" / "css"
TOKENS = dict(re.findall(r"--([\w-]+): (light-dark\(#\w{6}, #\w{6}\)|#\w{6});", (SHEETS / "tokens.css").read_text()))
GROUNDS = ("ground", "surface", "raised", "sunken")
PAIRS = [
    *((text, ground) for text in ("ink", "soft", "muted", "accent", "good", "warning", "bad") for ground in GROUNDS),
    *((tone, f"{tone}-tint") for tone in ("accent", "brass", "good", "warning", "bad", "info")),
    *(("soft", f"{tone}-tint") for tone in ("neutral", "good", "warning", "bad", "info", "accent")),
    ("on-accent", "accent-solid"),
    ("on-accent", "accent-solid-hover"),
    ("on-accent", "bad-solid"),
    ("muted", "sunken"),
]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def colour(name, theme):
    found = re.findall(r"#\w{6}", TOKENS[name])
    return found[theme] if len(found) == 2 else found[0]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_it_is_readable(text, ground, theme):
    assert contrast(colour(text, theme), colour(ground, theme)) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_it_draws_controls_that_can_be_seen(theme):
    assert contrast(colour("control", theme), colour("surface", theme)) >= 3


def test_it_names_colours_only_among_the_tokens():
    for sheet in SHEETS.glob("*.css"):
        if sheet.name != "tokens.css":
            assert set(re.findall(r"#[0-9a-f]{3,8}\b", sheet.read_text())) <= {"#ffffff"}, sheet.name
            assert len(sheet.read_text().splitlines()) <= 300
