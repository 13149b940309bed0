"""Expression and parse: the door to the language."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from lark.exceptions import UnexpectedInput

from recommendations.expressions import grammar, masks, nodes
from recommendations.expressions.building import Build
from recommendations.expressions.columns import Columns
from recommendations.expressions.errors import ExpressionError

MAX_LENGTH = 1000
KEPT = 1024  # parsed expressions per process; each is at most 100 parts

_READERS = {scope: grammar.reader(Build(scope)) for scope in ("product", "shopper")}


class Expression:
    """A condition that was read and checked. It keeps no state between questions; threads may share it."""

    def __init__(self, text: str, root: nodes.Node) -> None:
        self.text = text
        self.root = root
        named = nodes.names(root)
        self.fields = frozenset(
            f"attributes.{name.name}" if name.is_attribute else name.name for name in named if name.owner == "product"
        )
        self.uses_context = any(name.owner == "context" for name in named)
        self.uses_shopper = any(name.owner == "shopper" for name in named)

    @cached_property
    def cost(self) -> int:
        """How many parts it has."""
        return nodes.count(self.root)

    def mask(
        self,
        columns: Columns,
        at: np.ndarray | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        shopper: Mapping[str, Any] | None = None,
    ) -> np.ndarray:
        """bool[size], or bool[at] for the products at these int32 indices: for which it holds.

        `context` and `shopper` name fields as FIELDS does, without the prefix, and attributes as
        "attributes.<name>". None: every comparison with them is false.
        """
        found = masks.condition(self.root, masks.Frame(columns, at, context, shopper))
        if isinstance(found, bool):
            return np.full(columns.size if at is None else len(at), found)
        return found.copy() if isinstance(self.root, nodes.Name) and at is None else found

    def holds(self, *, context: Mapping[str, Any] | None = None, shopper: Mapping[str, Any] | None = None) -> bool:
        """Whether it holds, of an expression that names no field of products; else raises ValueError."""
        if self.fields:
            raise ValueError("The expression names fields of products.")
        found = masks.condition(self.root, masks.Frame(None, None, context, shopper))
        assert isinstance(found, bool)
        return found

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


@lru_cache(maxsize=KEPT)
def parse(text: str, *, scope: str = "product") -> Expression:
    """Reads a condition. Scope "product": fields of products, context.* and shopper.*; "shopper": without
    those of products. Raises ExpressionError with the column; nothing else, whatever the text."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"At most {MAX_LENGTH:,} characters are possible; this has {len(text):,}.", MAX_LENGTH + 1,
            len(text) - MAX_LENGTH,
        )  # fmt: skip
    if not text.strip():
        raise ExpressionError("Write a condition, for example price < 50.", 1)
    try:
        return Expression(text, _READERS[scope].parse(text))  # type: ignore[arg-type]
    except UnexpectedInput as error:
        raise grammar.explain(error, text) from None
