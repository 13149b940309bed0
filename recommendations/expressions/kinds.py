"""What fits together: a text is not compared with a number. Says so with the column, while parsing."""

from typing import Any

from lark import Token

from recommendations.expressions.errors import ExpressionError
from recommendations.expressions.nodes import (
    Arithmetic,
    Comparison,
    Given,
    Literal,
    Membership,
    Name,
    Negative,
    Node,
    Several,
    names,
)
from recommendations.expressions.printing import printed

_SPOKEN = {
    "number": "a number", "flag": "true or false", "text": "a text", "words": "a list of texts", "list": "a list",
    "any": "an attribute", "condition": "a condition",
}  # fmt: skip


def of(node: Node) -> str:
    """number, flag, text, words, any (an attribute), list or condition."""
    if isinstance(node, Name):
        return node.kind
    if isinstance(node, Literal):
        return {bool: "flag", str: "text"}.get(type(node.value), "number")
    if isinstance(node, Several):
        return "list"
    return "number" if isinstance(node, (Arithmetic, Negative)) else "condition"


def is_fixed(node: Node) -> bool:
    """Whether it says the same for every product: no field of the product is in it."""
    return all(name.owner != "product" for name in names(node))


def condition(node: Node) -> Node:
    """The part, if it can be true or false by itself."""
    kind = of(node)
    if kind in ("condition", "flag", "any"):
        return node
    example = {
        "number": "price < 50", "text": 'brand == "Acme"', "words": 'tags contains "wool"',
        "list": 'brand in ["Acme", "Bolt"]',
    }[kind]  # fmt: skip
    raise _error(f"{_spoken(node)} is {_SPOKEN[kind]}, not a condition. Write for example {example}.", node)


def number(node: Node, op: Token) -> None:
    """Refuses what cannot be calculated with."""
    kind = of(node)
    if kind not in ("number", "any"):
        raise _error(f"{_spoken(node)} is {_SPOKEN[kind]}; “{op}” works on numbers.", node)


def comparison(node: Comparison, op: Token) -> None:
    """Refuses comparisons that could not be true or have no meaning."""
    for side in (node.left, node.right):
        kind = of(side)
        if kind in ("words", "list"):
            example = 'tags contains "wool"' if kind == "words" else 'brand in ["Acme", "Bolt"]'
            raise _error(f"{_spoken(side)} is {_SPOKEN[kind]}; “{op}” compares single values. Write {example}.", side)
        if kind == "condition":
            raise _error("Join conditions with and, or and not; they are not compared.", side)
        if op.type == "ORDER" and kind not in ("number", "any"):
            raise _error(f"{_spoken(side)} is {_SPOKEN[kind]} and has no order; use == or !=.", side)
    left, right = of(node.left), of(node.right)
    if left != right and "any" not in (left, right):
        raise _error(_differing(node.left, left, node.right, right), node)
    if op.type == "EQUAL" and {left, right} not in ({"number"}, {"flag"}, {"number", "any"}):
        _one_fixed(node)


def membership(node: Membership) -> None:
    """Refuses what cannot be inside what."""
    left, right = of(node.left), of(node.right)
    if node.op in ("in", "not in"):
        _inside(node, left, right)
    else:
        _holding(node, left, right)


def given(node: Given) -> None:
    if not isinstance(node.part, Name):
        raise _error("Only a field can be missing or given.", node.part)


def values(items: list[Any]) -> tuple[Any, ...]:
    """The values of a list, all texts or all numbers."""
    for item in items:
        if type(item) is not Literal or isinstance(item.value, bool):
            raise _error("A list holds fixed texts or numbers.", item)
        if type(item.value) is not type(items[0].value):
            raise _error("A list holds texts or numbers, not both.", item)
    return tuple(item.value for item in items)


def _inside(node: Membership, left: str, right: str) -> None:
    if left not in ("text", "number", "words", "any"):
        raise _error(f"{_spoken(node.left)} is {_SPOKEN[left]}; only texts and numbers can be in a list.", node.left)
    if right == "text":
        raise _error(f'{_spoken(node.right)} is a text, not a list. Write title contains "wool".', node.right)
    if right not in ("list", "words", "any"):
        raise _error(f'{_spoken(node.right)} is {_SPOKEN[right]}, not a list. Write ["a", "b"].', node.right)
    inner = "text" if right == "words" else right
    if isinstance(node.right, Several):
        inner = "text" if isinstance(node.right.values[0], str) else "number"
    outer = "text" if left == "words" else left
    if "any" not in (inner, outer) and inner != outer:
        what = f"a list of {inner}s"
        raise _error(f"{_spoken(node.left)} is {_SPOKEN[left]} and cannot be in {what}.", node)
    _one_fixed(node)


def _holding(node: Membership, left: str, right: str) -> None:
    if left not in ("text", "words", "any"):
        raise _error(f"{_spoken(node.left)} is {_SPOKEN[left]}; “{node.op}” looks at texts.", node.left)
    if right not in ("text", "any"):
        raise _error(f"“{node.op}” is followed by a text, and {_spoken(node.right)} is {_SPOKEN[right]}.", node.right)
    if not is_fixed(node.right):
        raise _error(f"“{node.op}” is followed by a fixed text or one of context.… or shopper.….", node.right)


def _one_fixed(node: Comparison | Membership) -> None:
    """Two fields of the same product are compared as numbers only: texts would need every pair of values."""
    if not is_fixed(node.left) and not is_fixed(node.right):
        raise _error(
            "Two fields of the same product can be compared as numbers only. Compare with a fixed value, "
            "context.… or shopper.….",
            node,
        )


def _differing(left: Node, left_kind: str, right: Node, right_kind: str) -> str:
    return (
        f"{_spoken(left)} is {_SPOKEN[left_kind]} and {_spoken(right)} is {_SPOKEN[right_kind]}: "
        "they cannot be compared."
    )


def _spoken(node: Node) -> str:
    said = printed(node)
    return f"“{said}”" if len(said) <= 40 else f"“{said[:39]}…”"


def _error(message: str, node: Node) -> ExpressionError:
    return ExpressionError(message, node.start + 1, node.end - node.start)
