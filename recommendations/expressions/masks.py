"""From parts to masks: each comparison is a few numpy calls, texts are looked up by their codes.

A part that is the same for every product ("fixed") is a plain value; only what names a field of the
product is an array. Missing is nan in arrays and None in values; what is compared with it is false.
"""

import operator
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import numpy as np

from recommendations.expressions import matches, values
from recommendations.expressions.columns import Columns
from recommendations.expressions.kinds import is_fixed, of
from recommendations.expressions.matches import Column
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

Mask = np.ndarray | bool
Number = np.ndarray | float | None

_COMPARE = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_CALCULATE = {"+": operator.add, "-": operator.sub, "*": operator.mul}


class Frame:
    """What an expression is asked about: products (all, or those at `at`), the context item and the shopper."""

    __slots__ = ("at", "columns", "context", "shopper")

    def __init__(
        self,
        columns: Columns | None,
        at: np.ndarray | None,
        context: Mapping[str, Any] | None,
        shopper: Mapping[str, Any] | None,
    ) -> None:
        self.columns, self.at, self.context, self.shopper = columns, at, context, shopper

    def said(self, node: Name) -> Any:
        """What the context item or the shopper says of a field, as it came."""
        source = self.context if node.owner == "context" else self.shopper
        if source is None:
            return None
        return source.get(f"attributes.{node.name}" if node.is_attribute else node.name)

    def column(self, node: Name) -> Column:
        assert self.columns is not None
        if node.is_attribute:
            return self.columns.attribute(node.name)
        read = {
            "number": self.columns.number, "flag": self.columns.flag,
            "text": self.columns.text, "words": self.columns.words,
        }[node.kind]  # fmt: skip
        return read(node.name)

    def rows(self, array: np.ndarray) -> np.ndarray:
        return array if self.at is None else array[self.at]


@singledispatch
def condition(node: Node, frame: Frame) -> Mask:
    """bool[rows], or one bool where all rows are alike."""
    raise TypeError(node)


@condition.register
def _(node: Literal, frame: Frame) -> Mask:
    return node.value is True


@condition.register
def _(node: Name, frame: Frame) -> Mask:
    if node.owner != "product":
        return any(values.truth(one) is True for one in _fixed(node, frame))
    if node.is_attribute:
        return matches.equal(frame.column(node), [True], frame.at)
    return frame.rows(frame.column(node))  # type: ignore[arg-type]


@condition.register
def _(node: Not, frame: Frame) -> Mask:
    found = condition(node.part, frame)
    return not found if isinstance(found, bool) else ~found


@condition.register
def _(node: Joined, frame: Frame) -> Mask:
    """Stops at the first part that decides for all rows."""
    decisive = node.op == "or"
    so_far: Mask = not decisive
    for part in node.conditions:
        found = condition(part, frame)
        if isinstance(found, bool):
            if found is decisive:
                return decisive
        elif isinstance(so_far, bool):
            so_far = found
        else:
            so_far = so_far | found if decisive else so_far & found
    return so_far


@condition.register
def _(node: Given, frame: Frame) -> Mask:
    name = node.part
    assert isinstance(name, Name)
    if name.owner == "product":
        found = matches.given(frame.column(name), frame.at)
        return found if node.is_given else ~found
    return bool(_fixed(name, frame)) is node.is_given


@condition.register
def _(node: Comparison, frame: Frame) -> Mask:
    kinds = {of(node.left), of(node.right)}
    if node.op not in ("==", "!=") or kinds == {"number"}:
        return _numeric(node, frame)
    if not is_fixed(node.left) and not is_fixed(node.right):  # numbers, or two flags
        return _flags(node, frame) if kinds == {"flag"} else _numeric(node, frame)
    column, fixed = (node.right, node.left) if is_fixed(node.left) else (node.left, node.right)
    wanted = _fixed(fixed, frame)
    if is_fixed(column):
        return _alike(_fixed(column, frame), wanted, node.op)
    if not wanted:
        return False
    array = _column(column, frame)
    at = frame.at if isinstance(column, Name) else None
    found = matches.equal(array, wanted, at)
    return found if node.op == "==" else matches.given(array, at) & ~found


@condition.register
def _(node: Membership, frame: Frame) -> Mask:
    if node.op == "not in":
        found = _member(node, frame)
        return not found if isinstance(found, bool) else ~found
    return _member(node, frame)


def _member(node: Membership, frame: Frame) -> Mask:
    if node.op == "starts with" or (node.op == "contains" and of(node.left) != "words"):
        return _holds(node, frame)
    column, fixed = (node.right, node.left) if is_fixed(node.left) else (node.left, node.right)
    wanted = _fixed(fixed, frame)
    if is_fixed(column):
        return _alike(_fixed(column, frame), wanted, "==")
    return matches.equal(_column(column, frame), wanted, frame.at if isinstance(column, Name) else None)


def _holds(node: Membership, frame: Frame) -> Mask:
    """contains and starts with: inside a single text, or of one of several. An attribute with several
    values contains a text when one of them is equal to it, as tags do."""
    how = "contains" if node.op == "contains" else "starts"
    wanted = _fixed(node.right, frame)
    if not is_fixed(node.left):
        return matches.holding(_column(node.left, frame), how, wanted, frame.at)
    if isinstance(node.left, Name) and node.left.kind == "any":
        return matches.value_holds(frame.said(node.left), how, wanted)
    return any(matches.value_holds(one, how, wanted) for one in _fixed(node.left, frame))


def _alike(ones: list[values.Value], others: list[values.Value], op: str) -> bool:
    found = any(values.same(one, other) for one in ones for other in others)
    return found if op == "==" else bool(ones and others) and not found


def _flags(node: Comparison, frame: Frame) -> Mask:
    left, right = condition(node.left, frame), condition(node.right, frame)
    return _COMPARE[node.op](left, right)


def _numeric(node: Comparison, frame: Frame) -> Mask:
    left, right = number(node.left, frame), number(node.right, frame)
    if left is None or right is None:
        return False
    found: Mask = _COMPARE[node.op](left, right)
    if node.op == "!=":  # nan is not equal to anything, and that must not count
        found = found & (left == left) & (right == right)
    return found


def _column(node: Node, frame: Frame) -> Column:
    """The column of a field of the product, whole; of an expression of numbers, float64[rows]."""
    if isinstance(node, Name):
        return frame.column(node)
    found = number(node, frame)
    assert isinstance(found, np.ndarray)
    return found


def _fixed(node: Node, frame: Frame) -> list[values.Value]:
    """The values of a fixed part, none if it is missing. What has not the field's kind is missing."""
    if isinstance(node, Several):
        return list(node.values)
    if isinstance(node, Literal):
        return [node.value]
    if not isinstance(node, Name):
        found = number(node, frame)
        return [] if found is None else [found]  # type: ignore[list-item]
    said = frame.said(node)
    if node.kind in ("any", "words"):
        found_all = values.several(said)
        return found_all if node.kind == "any" else [one for one in found_all if isinstance(one, str)]
    one = {"number": values.number, "flag": values.truth, "text": values.text}[node.kind](said)
    return [] if one is None else [one]


def number(node: Node, frame: Frame) -> Number:
    """float64[rows], or one number for all rows; None = missing."""
    if isinstance(node, Literal):
        return values.number(node.value)
    if isinstance(node, Name):
        if node.owner == "product":
            return matches.numbers(frame.column(node), frame.at)
        return values.number(frame.said(node))
    if isinstance(node, Negative):
        found = number(node.part, frame)
        return None if found is None else -found
    assert isinstance(node, Arithmetic)
    left, right = number(node.left, frame), number(node.right, frame)
    if left is None or right is None:
        return None if is_fixed(node) else _nothing(frame)
    return _calculate(node.op, left, right)


def _calculate(op: str, left: np.ndarray | float, right: np.ndarray | float) -> Number:
    """What is no finite number (a division by zero) is missing."""
    with np.errstate(all="ignore"):
        if op != "/":
            found = _CALCULATE[op](left, right)
        elif isinstance(right, np.ndarray):
            found = left / np.where(right == 0, np.nan, right)
        else:
            found = left / right if right else left * np.nan
        if isinstance(found, np.ndarray):
            return np.where(np.isfinite(found), found, np.nan)
    return float(found) if np.isfinite(found) else None


def _nothing(frame: Frame) -> np.ndarray:
    assert frame.columns is not None
    return np.full(frame.columns.size if frame.at is None else len(frame.at), np.nan)
