"""The small faults that are planted in a module, one at a time: operators, constants, conditions, statements.

Not touched: docstrings, annotations, the patterns of types (`if TYPE_CHECKING`), and sentences for people
(text that ends with a full stop), whose wording is no contract.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_COMPARED: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COUNTED: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A changed module: where, what was done, and its code."""

    line: int
    what: str
    code: Any


def faults(source: str, filename: str) -> Iterator[Fault]:
    """Every fault that can be planted in this source, one at a time."""
    module = ast.parse(source, filename)
    skipped = _skipped(module)
    for node in list(ast.walk(module)):
        if id(node) in skipped:
            continue
        for what, plant, restore in _changes(node):
            plant()
            try:
                code = compile(ast.fix_missing_locations(module), filename, "exec")
            except (SyntaxError, ValueError, TypeError):
                code = None
            restore()
            if code is not None:
                yield Fault(getattr(node, "lineno", 0), what, code)


def _skipped(module: ast.Module) -> set[int]:
    """Nodes that are documentation or annotation."""
    found: list[ast.AST] = []
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.append(first)
        if isinstance(node, ast.FunctionDef):
            found += [node.returns] if node.returns else []
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            found.append(node.annotation)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript) and _is_alias(node):
            found.append(node.value)
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        if isinstance(node, ast.JoinedStr):  # sentences with values in them
            found.append(node)
    return {id(inner) for outer in found for inner in ast.walk(outer)}


def _is_alias(node: ast.Assign) -> bool:
    return isinstance(node.value, ast.Subscript) and isinstance(node.value.value, ast.Name) and (
        node.value.value.id in {"dict", "list", "tuple", "set"}
    )


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    if isinstance(node, ast.Compare):
        for place, was in enumerate(node.ops):
            if becomes := _COMPARED.get(type(was)):
                yield _set_item(node.ops, place, becomes(), f"{type(was).__name__} → {becomes.__name__}")
    elif isinstance(node, ast.BoolOp):
        becomes = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield _set(node, "op", becomes(), f"{type(node.op).__name__} → {becomes.__name__}")
        for place in range(len(node.values)):
            yield _drop_item(node.values, place, "a part of the condition left out")
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        if becomes := _COUNTED.get(type(node.op)):
            yield _set(node, "op", becomes(), f"{type(node.op).__name__} → {becomes.__name__}")
    elif isinstance(node, ast.Constant):
        for value in _values(node.value):
            yield _set(node, "value", value, f"{node.value!r:.40} → {value!r:.44}")
    elif isinstance(node, ast.Return) and node.value is not None and not _is_nothing(node.value):
        yield _set(node, "value", ast.Constant(None), "returns None")
    if isinstance(node, ast.If | ast.IfExp | ast.While) and not isinstance(node.test, ast.Compare):
        yield _set(node, "test", ast.UnaryOp(ast.Not(), node.test), "condition turned round")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        becomes = ast.Not if isinstance(node.op, ast.Not) else ast.UAdd
        inner = ast.UnaryOp(ast.Not(), node.operand) if becomes is ast.Not else node.operand
        yield _set(node, "operand", inner, f"{type(node.op).__name__} undone")
    for field in ("body", "orelse", "handlers"):
        statements = getattr(node, field, None)
        if isinstance(statements, list):
            for place, statement in enumerate(statements):
                if becomes := _without(statement):
                    what = f"{type(statement).__name__} of line {statement.lineno} left out"
                    yield _set_item(statements, place, becomes, what)


def _values(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1] if value == 0 else [value + 1, value - 1]
    if isinstance(value, float):
        return [value + 1.0]
    if isinstance(value, str) and not value.rstrip().endswith("."):
        return [f"XX{value}XX"]
    return []


def _is_nothing(value: ast.AST) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _without(statement: Any) -> ast.stmt | None:
    """What stands in for a statement that is left out: a raise, a call for its effect, a step of a loop."""
    leaves = isinstance(statement, ast.Raise | ast.Continue | ast.Break | ast.AugAssign)
    calls = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    return ast.copy_location(ast.Pass(), statement) if leaves or calls else None


def _set(node: ast.AST, field: str, value: Any, what: str) -> tuple[str, Callable[[], Any], Callable[[], Any]]:
    was = getattr(node, field)
    return what, lambda: setattr(node, field, value), lambda: setattr(node, field, was)


def _set_item(items: list[Any], place: int, value: Any, what: str) -> tuple[str, Callable[[], Any], Callable[[], Any]]:
    was = items[place]
    return what, lambda: items.__setitem__(place, value), lambda: items.__setitem__(place, was)


def _drop_item(items: list[Any], place: int, what: str) -> tuple[str, Callable[[], Any], Callable[[], Any]]:
    was = items[place]
    return what, lambda: items.__delitem__(place), lambda: items.insert(place, was)
