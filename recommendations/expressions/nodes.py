"""The parts of an expression. A part knows its place in the text, but is equal to one at another place."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """`start` and `end` are offsets into the text."""

    start: int = field(compare=False)
    end: int = field(compare=False)

    @property
    def parts(self) -> "tuple[Node, ...]":
        return ()


@dataclass(frozen=True, slots=True)
class Literal(Node):
    value: str | float | bool


@dataclass(frozen=True, slots=True)
class Several(Node):
    """A list of literals, all texts or all numbers."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A field. `owner` is product, context or shopper; of an attribute, `name` is the attribute's own."""

    owner: str
    name: str
    kind: str
    is_attribute: bool


@dataclass(frozen=True, slots=True)
class Negative(Node):
    part: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.part,)


@dataclass(frozen=True, slots=True)
class Pair(Node):
    left: Node
    op: str
    right: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.left, self.right)


class Arithmetic(Pair):
    """op: + - * /"""

    __slots__ = ()


class Comparison(Pair):
    """op: == != < <= > >="""

    __slots__ = ()


class Membership(Pair):
    """op: in, not in, contains, starts with"""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Given(Node):
    part: Node
    is_given: bool

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.part,)


@dataclass(frozen=True, slots=True)
class Not(Node):
    part: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.part,)


@dataclass(frozen=True, slots=True)
class Joined(Node):
    """Two or more conditions. op: and, or"""

    op: str
    conditions: tuple[Node, ...]

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.conditions


def count(node: Node) -> int:
    return 1 + sum(map(count, node.parts))


def depth(node: Node) -> int:
    return 1 + max(map(depth, node.parts), default=0)


def names(node: Node) -> list[Name]:
    """All fields that are named, in their order."""
    return [node] if isinstance(node, Name) else [name for part in node.parts for name in names(part)]


def searches(node: Node) -> list[Node]:
    """The parts that look into texts of products, in their order."""
    own = [node] if isinstance(node, Membership) and node.op in ("contains", "starts with") else []
    return own + [one for part in node.parts for one in searches(part)]
