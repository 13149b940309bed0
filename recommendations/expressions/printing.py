"""An expression written out again, with the brackets it needs and no others."""

import re

from recommendations.expressions.nodes import (
    Given,
    Joined,
    Literal,
    Name,
    Negative,
    Node,
    Not,
    Pair,
    Several,
)

_PLAIN = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_BINDING = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6}
_NOT, _TEST, _NEGATIVE, _ATOM = 3, 4, 7, 8


def printed(node: Node) -> str:
    """The text of a part; parsed again it gives an equal part."""
    if isinstance(node, Literal):
        return _value(node.value)
    if isinstance(node, Several):
        return f"[{', '.join(map(_value, node.values))}]"
    if isinstance(node, Name):
        return _name(node)
    if isinstance(node, Not):
        return f"not {_inside(node.part, _NOT)}"
    if isinstance(node, Negative):
        return f"-{_inside(node.part, _NEGATIVE)}"
    if isinstance(node, Given):
        return f"{_inside(node.part, _ATOM)} is {'given' if node.is_given else 'missing'}"
    if isinstance(node, Joined):
        own = _BINDING[node.op] + 1
        return f" {node.op} ".join(_inside(part, own) for part in node.conditions)
    assert isinstance(node, Pair)
    own = _binding(node)
    # What stands to the left of + binds as tightly as +; comparisons stand inside no other.
    left = own if node.op in "+-*/" else own + 1
    return f"{_inside(node.left, left)} {node.op} {_inside(node.right, own + 1)}"


def _inside(node: Node, least: int) -> str:
    text = printed(node)
    return f"({text})" if _binding(node) < least else text


def _binding(node: Node) -> int:
    if isinstance(node, (Joined, Pair)):
        return _BINDING.get(node.op, _TEST)
    if isinstance(node, Given):
        return _TEST
    if isinstance(node, Not):
        return _NOT
    return _NEGATIVE if isinstance(node, Negative) else _ATOM


def _value(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    short = repr(value).removesuffix(".0")
    return f"{value:.340f}".rstrip("0").rstrip(".") if "e" in short else short


def _name(node: Name) -> str:
    owner = "" if node.owner == "product" else f"{node.owner}."
    if not node.is_attribute:
        return f"{owner}{node.name}"
    if _PLAIN.fullmatch(node.name):
        return f"{owner}attributes.{node.name}"
    return f"{owner}attributes[{_value(node.name)}]"
