"""describe: an expression in words, for pages where people read it."""

from recommendations.expressions.expression import Expression
from recommendations.expressions.nodes import (
    Arithmetic,
    Comparison,
    Given,
    Joined,
    Literal,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Several,
)

_COMPARED = {
    "==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least",
    "in": "is one of", "not in": "is none of", "contains": "contains", "starts with": "starts with",
}  # fmt: skip
_CALCULATED = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_FLAGS = {
    ("product", "in_stock"): "it is in stock", ("product", "published"): "it is published",
    ("context", "in_stock"): "the viewed product is in stock",
    ("context", "published"): "the viewed product is published", ("shopper", "is_known"): "the shopper is known",
}  # fmt: skip
_NEGATED = {text: text.replace("is ", "is not ", 1) for text in _FLAGS.values()}
_PLURAL = {"tags", "categories", "orders", "days_since_order", "days_since_first_order", "session_events"}


def describe(expression: Expression) -> str:
    """“price is below that of the viewed product and tags contain wool”"""
    return _said(expression.root)


def _said(node: Node) -> str:
    if isinstance(node, Joined):
        return f" {node.op} ".join(
            f"({_said(part)})" if isinstance(part, Joined) else _said(part) for part in node.conditions
        )
    if isinstance(node, Not):
        plain = _said(node.part)
        if plain in _NEGATED:
            return _NEGATED[plain]
        return f"it is not so that {plain}" if not isinstance(node.part, Joined) else f"it is not so that ({plain})"
    if isinstance(node, Given):
        return f"{_name(node.part)} {_verb(node.part, 'is')} {'given' if node.is_given else 'missing'}"
    if isinstance(node, Comparison):
        return f"{_name(node.left)} {_verb(node.left, _COMPARED[node.op])} {_against(node.left, node.right)}"
    if isinstance(node, Membership):
        return _membership(node)
    if isinstance(node, Literal):
        return "always" if node.value else "never"
    assert isinstance(node, Name)
    return _FLAGS.get((node.owner, node.name)) if not node.is_attribute else f"{_name(node)} is true"  # type: ignore[return-value]


def _membership(node: Membership) -> str:
    left, right, op = node.left, node.right, node.op
    if op not in ("in", "not in"):
        return f"{_name(left)} {_verb(left, _COMPARED[op])} {_name(right)}"
    one = "one" if op == "in" else "none"
    if isinstance(left, Name) and left.kind == "words":
        if isinstance(right, Name):
            return f"{_name(left)} have {one} in common with {_name(right)}"
        return f"{_name(left)} have {one} of {_name(right)}"
    if not isinstance(right, Name):
        return f"{_name(left)} {_verb(left, _COMPARED[op])} {_name(right)}"
    is_plural = right.name in _PLURAL and not right.is_attribute
    if op == "in":
        return f"{_name(right)} {'contain' if is_plural else 'contains'} {_name(left)}"
    return f"{_name(right)} {'do' if is_plural else 'does'} not contain {_name(left)}"


def _verb(node: Node, verb: str) -> str:
    """The verb in the number of its subject."""
    if not (isinstance(node, Name) and node.name in _PLURAL and not node.is_attribute):
        return verb
    first, _, rest = verb.partition(" ")
    plural = {"is": "are", "contains": "contain", "starts": "start"}[first]
    return f"{plural} {rest}".rstrip()


def _against(left: Node, right: Node) -> str:
    """The other side; the same field of the viewed product is “that of the viewed product”."""
    if isinstance(right, Name) and right.owner == "context" and isinstance(left, Name) and left.owner == "product":
        if (left.name, left.is_attribute) == (right.name, right.is_attribute):
            return "that of the viewed product"
    return _name(right)


def _name(node: Node) -> str:
    if isinstance(node, Literal):
        if isinstance(node.value, bool):
            return "true" if node.value else "false"
        return node.value if isinstance(node.value, str) else f"{node.value:.12g}"
    if isinstance(node, Several):
        return ", ".join(value if isinstance(value, str) else f"{value:.12g}" for value in node.values)
    if isinstance(node, Name):
        name = node.name if node.is_attribute else node.name.replace("_", " ")
        whose = {"product": "", "context": " of the viewed product", "shopper": " of the shopper"}[node.owner]
        return f"{name}{whose}"
    if isinstance(node, Arithmetic):
        left, right = (f"({_name(one)})" if isinstance(one, Arithmetic) else _name(one) for one in node.parts)
        return f"{left} {_CALCULATED[node.op]} {right}"
    return f"minus {_name(node.part)}" if isinstance(node, Negative) else f"({_said(node)})"
