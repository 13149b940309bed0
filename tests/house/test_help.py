"""Help where it is needed: figures say what they are, what destroys asks or explains, what loads shows it."""

import re

from tests.house import tree

TEXTS = {name: tree.read(name) for name in tree.templates()}


def tags(pattern: str) -> list[tuple[str, re.Match[str]]]:
    return [(name, found) for name, text in TEXTS.items() for found in re.finditer(pattern, text)]


def test_every_figure_on_a_card_says_what_it_is():
    """R130, R147: the question mark beside it opens by hover, focus and touch (tests/lib/test_panel_script.py)."""
    cards = tags(r'{% include "components/stat.html"[^%]*%}')
    assert len(cards) > 10
    assert [name for name, found in cards if "help=" not in found[0]] == []


def test_a_tip_describes_its_button():
    """R130: by aria-describedby, with a name of its own."""
    tip = TEXTS[next(name for name in TEXTS if name.endswith("components/tip.html"))]
    assert 'aria-describedby="{{ id }}"' in tip
    assert 'id="{{ id }}" class="tip-text" role="tooltip"' in tip
    assert "What is {{ label }}?" in tip


def test_what_destroys_asks_first_or_explains_itself():
    """R130: three dots lead to a question; a button that acts at once has its words beside it."""
    at_once = []
    for name, found in tags(r'<(?:a|button) class="btn[^"]*danger[^"]*"([^>]*)>([^<]*)'):
        described = re.search(r'aria-describedby="([^"]+)"', found[1])
        explained = described and f'id="{described[1]}"' in TEXTS[name]
        asks = "components/confirm" in name or name.endswith("deactivate_form.html")  # the question itself
        if not asks and not found[2].rstrip().endswith("…") and not explained:
            at_once.append((name, found[0]))
    assert at_once == []


def test_a_confirmation_says_what_will_happen():
    """R130: every use of the question gives its text."""
    uses = tags(r'{% include "components/confirm(?:_page)?.html"[^%]*%}')
    assert uses
    assert [name for name, found in uses if not re.search(r"\btext=", found[0])] == []


def test_a_card_that_is_loaded_late_shows_that_it_loads():
    """R145: a skeleton until the answer is there."""
    late = tags(r'hx-get="[^"]*"[^>]*hx-trigger="load"[^>]*>([\s\S]{0,200})')
    assert late
    assert [name for name, found in late if "components/skeleton.html" not in found[1]] == []
