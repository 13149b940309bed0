"""Every regular expression of the product against fifty kilobytes of its worst (T25)."""

import ast
import re
import time

from tests.house import tree

SIZE = 50_000
LIMIT = 0.05  # seconds of CPU


def patterns():
    """(place, compiled pattern) of every pattern that is written out as one."""
    for name in tree.product():
        for node in ast.walk(tree.tree(name)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            owner = node.func.value
            text = node.args[0]
            is_re = isinstance(owner, ast.Name) and owner.id == "re"
            if is_re and isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield f"{name}:{node.lineno}", re.compile(text.value, flags(node))


def flags(node):
    said = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute) and hasattr(re, one.attr)}
    value = 0
    for name in said & {"ASCII", "I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL", "VERBOSE", "X"}:
        value |= getattr(re, name)
    return value


def worst(pattern):
    """Long texts that almost match: what the pattern is made of, repeated, with an end that it refuses."""
    letters = sorted({char for char in pattern.pattern if char not in "\\()[]{}?*+|^$"} | set("a0 .-_/<&:@\t\n"))
    for char in letters:
        yield char * SIZE + "\x00"
    for unit in ("a.", "a-", "0.", "<a", "&a", "a@", "://", "a b", "0:", "2025-06-01T12:30:00", "a\n", "%2e", "[["):
        yield unit * (SIZE // len(unit)) + "\x00"


def test_no_pattern_takes_long():
    slow, count = [], 0
    for place, pattern in patterns():
        count += 1
        for text in worst(pattern):
            for how in (pattern.fullmatch, pattern.match, pattern.search):
                took = min(timed(how, text) for _ in range(3))
                if took > LIMIT:
                    slow.append((place, how.__name__, repr(text[:12]), round(took, 3)))
                    break
    assert count >= 10
    assert not slow


def timed(how, text):
    began = time.thread_time()
    how(text)
    return time.thread_time() - began
