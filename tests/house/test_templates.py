"""Every template parses, says what it needs, has a layout, and carries no code of its own."""

import re
from pathlib import Path

from django.template import engines
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode

from tests.house import tree

ALL = tree.templates()
LETTERS = [name for name in ALL if "/letters/" in name or "/emails/" in name or "/email/" in name]
PAGES = [
    name
    for name in ALL
    if name not in LETTERS and not re.search(r"templates/(?:components|layouts|errors)/", name) and name.count("/") > 1
]
# Attributes that lead somewhere must be made by {% url %}, by a variable, or lead out of the house.
LINK = re.compile(r"""\b(?:href|action|hx-get|hx-post|hx-delete|hx-put|formaction)=["']([^"']*)["']""")


def short(name: str) -> str:
    return name.split("templates/", 1)[1]


def test_it_parses():
    for name in ALL:
        get_template(short(name))


def test_it_says_what_it_needs_in_its_first_lines():
    """A component says its arguments, a page its blocks and context."""
    silent = [name for name in ALL if not re.search(r"\{#.+#\}", "\n".join(tree.read(name).splitlines()[:3]))]
    assert not silent, "no {# … #} among the first lines"


def test_it_has_a_layout_or_is_part_of_a_page():
    texts = {name: tree.read(name) for name in tree.files() if name.endswith((".html", ".py"))}
    alone = []
    for name in PAGES:
        template = get_template(short(name)).template
        if not template.nodelist.get_nodes_by_type(ExtendsNode):
            part = re.compile(rf"(?:include|extends) +[\"']{re.escape(short(name))}[\"']")
            fragment = re.search(r"(?i)fragment|card|part|row", tree.read(name).splitlines()[0])
            if not fragment and not any(part.search(text) for text in texts.values()):
                alone.append(name)
    assert not alone, "a page extends a layout"


def test_it_carries_no_code():
    """The content policy refuses inline code and style; data blocks are not code."""
    found = []
    for name in ALL:
        text = tree.read(name)
        if name in LETTERS:
            continue
        if re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:|hx-on|hx-vals=[\"']js:", text):
            found.append(name)
        for tag in re.findall(r"<script[^>]*>", text):
            if "src=" not in tag and 'type="application/' not in tag:
                found.append(f"{name}: {tag}")
    assert not found


def test_it_names_pages_by_their_name():
    """A link made by hand breaks silently when a route moves; "/" always leads home."""
    hard = [
        f"{name}: {target}"
        for name in ALL
        for target in LINK.findall(tree.read(name))
        if target.startswith("/") and target != "/" and not target.startswith(("//", "/static/"))
    ]
    assert not hard


def test_every_component_is_used():
    """What nobody includes is not a component."""
    texts = {name: tree.read(name) for name in tree.files() if name.endswith((".html", ".py"))}
    idle = [
        name
        for name in ALL
        if "/components/" in name
        and not any(short(name) in text for other, text in texts.items() if other != name and "tests/" not in other)
    ]
    assert not idle


def test_every_letter_has_a_plain_text():
    """Mail programs show the text where pictures and colours are switched off."""
    texts = {Path(name).stem.removesuffix("_message") for name in tree.files() if name.endswith(".txt")}
    assert not [name for name in LETTERS if Path(name).stem.removesuffix("_message") not in texts | {"base"}]


def test_every_error_has_a_page():
    """R146"""
    for status in (400, 403, 404, 500):
        assert engines["django"].get_template(f"{status}.html")
