"""From tokens to typed parts: called by the parser for every rule, so that nothing recurses into a deep text."""

import math
import re
from typing import Any

from lark import Token, Transformer

from recommendations.expressions import fields, kinds, nodes
from recommendations.expressions.errors import ExpressionError
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
    count,
    depth,
)

MAX_NODES, MAX_DEPTH, MAX_LIST = 100, 20, 200
MAX_SEARCHES = 10  # contains and starts with: each looks at every text
MAX_NUMBER = 1e15
_SHOPPERS_ONLY = "This is a field of products. A condition on shoppers names shopper.… and context.… only."
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Build(Transformer[Token, Node]):
    """Methods are named after the rules of the grammar; all raise ExpressionError. `scope` as in `parse`."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def start(self, children: list[Any]) -> Node:
        root = kinds.condition(children[0])
        searches = nodes.searches(root)
        if len(searches) > MAX_SEARCHES:
            extra = searches[MAX_SEARCHES]
            raise ExpressionError(
                f"At most {MAX_SEARCHES} times contains or starts with is possible.",
                extra.start + 1, extra.end - extra.start,
            )  # fmt: skip
        return root

    def either(self, children: list[Any]) -> Node:
        return self._joined("or", children)

    def both(self, children: list[Any]) -> Node:
        return self._joined("and", children)

    def negated(self, children: list[Any]) -> Node:
        word, part = children
        return self._within(Not(word.start_pos, part.end, kinds.condition(part)))

    def compared(self, children: list[Any]) -> Node:
        left, op, right = children
        node = Comparison(left.start, right.end, left, str(op), right)
        kinds.comparison(node, op)
        return self._within(node)

    def member(self, children: list[Any]) -> Node:
        return self._membership(children[0], "in", children[-1])

    def stranger(self, children: list[Any]) -> Node:
        return self._membership(children[0], "not in", children[-1])

    def containing(self, children: list[Any]) -> Node:
        return self._membership(children[0], "contains", children[-1])

    def starting(self, children: list[Any]) -> Node:
        return self._membership(children[0], "starts with", children[-1])

    def given(self, children: list[Any]) -> Node:
        part, _, word = children
        node = Given(part.start, word.end_pos, part, word.type == "GIVEN")
        kinds.given(node)
        return self._within(node)

    def arithmetic(self, children: list[Any]) -> Node:
        left, op, right = children
        kinds.number(left, op)
        kinds.number(right, op)
        return self._within(Arithmetic(left.start, right.end, left, str(op), right))

    def negative(self, children: list[Any]) -> Node:
        sign, part = children
        kinds.number(part, sign)
        if type(part) is Literal:
            return Literal(sign.start_pos, part.end, -float(part.value))
        return self._within(Negative(sign.start_pos, part.end, part))

    def number(self, children: list[Any]) -> Node:
        (token,) = children
        value = float(token)
        if not math.isfinite(value) or value > MAX_NUMBER:
            raise _error("This number is too large; 1,000,000,000,000,000 is the largest.", token)
        return Literal(token.start_pos, token.end_pos, value)

    def text(self, children: list[Any]) -> Node:
        (token,) = children
        return Literal(token.start_pos, token.end_pos, _said(token))

    def true(self, children: list[Any]) -> Node:
        return Literal(children[0].start_pos, children[0].end_pos, True)

    def false(self, children: list[Any]) -> Node:
        return Literal(children[0].start_pos, children[0].end_pos, False)

    def array(self, children: list[Any]) -> Node:
        opening, closing = children[0], children[-1]
        items = children[1:-1:2]
        if not items:
            place = opening.start_pos + 1, closing.end_pos - opening.start_pos
            raise ExpressionError("A list holds at least one value.", *place)
        if len(items) > MAX_LIST:
            extra = items[MAX_LIST]
            raise ExpressionError(
                f"A list holds at most {MAX_LIST} values; this one has {len(items)}.",
                extra.start + 1,
                items[-1].end - extra.start,
            )
        values = kinds.values(items)
        return Several(opening.start_pos, closing.end_pos, values)

    def inner(self, children: list[Any]) -> Node:
        return children[1]

    def name(self, children: list[Any]) -> Node:
        (token,) = children
        owner, _, rest = token.partition(".")
        if owner not in ("context", "shopper"):
            owner, rest = "product", str(token)
        first, dot, attribute = rest.partition(".")
        if first == "attributes" and not dot:
            raise _error('Say which attribute: attributes.season or attributes["Sleeve length"].', token)
        name = fields.ALIASES.get(rest, rest)
        field = fields.ATTRIBUTES if dot and first == "attributes" else fields.known(owner, name)
        if field is None:
            raise _error(f"There is no field “{token}”.{fields.suggestion(str(token), scope=self.scope)}", token)
        if owner == "product" and self.scope == "shopper":
            raise _error(_SHOPPERS_ONLY, token)
        if field is fields.ATTRIBUTES:
            return Name(token.start_pos, token.end_pos, owner, attribute, "any", True)
        return Name(token.start_pos, token.end_pos, owner, name, field.kind, False)

    def named(self, children: list[Any]) -> Node:
        token, _, attribute, closing = children
        owner = {"attributes": "product", "context.attributes": "context", "shopper.attributes": "shopper"}.get(token)
        if owner is None:
            raise _error("Only attributes, context.attributes and shopper.attributes take a name in brackets.", token)
        if owner == "product" and self.scope == "shopper":
            raise _error(_SHOPPERS_ONLY, token)
        if not (name := _said(attribute)):
            raise _error("The attribute needs a name.", attribute)
        return Name(token.start_pos, closing.end_pos, owner, name, "any", True)

    def _joined(self, op: str, children: list[Any]) -> Node:
        conditions = tuple(kinds.condition(child) for child in children if isinstance(child, Node))
        return self._within(Joined(conditions[0].start, conditions[-1].end, op, conditions))

    def _membership(self, left: Node, op: str, right: Node) -> Node:
        node = Membership(left.start, right.end, left, op, right)
        kinds.membership(node)
        return self._within(node)

    def _within(self, node: Node) -> Node:
        """The part, if it is not too large. Asked of every part, so that none ever grows far beyond."""
        place = node.start + 1, node.end - node.start
        if depth(node) > MAX_DEPTH:
            raise ExpressionError(f"Too many conditions inside each other; {MAX_DEPTH} levels are possible.", *place)
        if (parts := count(node)) > MAX_NODES:
            raise ExpressionError(f"Too long: {parts} parts, {MAX_NODES} are possible.", *place)
        return node


def _error(message: str, token: Token) -> ExpressionError:
    assert token.start_pos is not None
    return ExpressionError(message, token.start_pos + 1, len(token))


def _said(token: Token) -> str:
    """A text without its quotes; a backslash lets the next character stand for itself."""
    return _ESCAPED.sub(r"\1", token[1:-1])
