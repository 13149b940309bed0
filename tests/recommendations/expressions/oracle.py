"""What an expression should say of one product: conditions as tuples, read one value at a time.

A second, slow statement of the language, sharing no code with the product.
"""

import json
import re
import unicodedata
from typing import Any

from tests.recommendations.expressions.catalogue import FLAGS, NUMBERS, WORDS


def written(part: tuple) -> str:
    """The condition as a text of the language, every part in brackets."""
    what, *rest = part
    if what == "value":
        return json.dumps(rest[0], ensure_ascii=False)
    if what == "field":
        owner, name, is_attribute = rest
        path = "" if owner == "product" else f"{owner}."
        return f"{path}attributes[{json.dumps(name)}]" if is_attribute else f"{path}{name}"
    if what == "not":
        return f"(not {written(rest[0])})"
    if what in ("and", "or"):
        return "(" + f" {what} ".join(map(written, rest[0])) + ")"
    if what == "given":
        return f"({written(rest[0])} is {'given' if rest[1] else 'missing'})"
    if what == "minus":
        return f"(-{written(rest[0])})"
    return f"({written(rest[0])} {what} {written(rest[1])})"


def holds(part: tuple, row: dict, context: dict | None, shopper: dict | None) -> bool:
    what, *rest = part
    told = (row, context, shopper)
    if what == "not":
        return not holds(rest[0], *told)
    if what == "and":
        return all(holds(one, *told) for one in rest[0])
    if what == "or":
        return any(holds(one, *told) for one in rest[0])
    if what == "given":
        return bool(plain(rest[0], *told)) is rest[1]
    if what in ("value", "field"):
        return any(true(value) is True for value in plain(part, *told))
    if what == "not in":
        return not holds(("in", *rest), *told)
    left, right = (plain(one, *told) for one in rest)
    if what in ("contains", "starts with"):
        return _holding(what, rest[0], left, right, told)
    if what == "in":
        return any(same(one, other) for one in left for other in right)
    if what in ("==", "!=") and not _as_numbers(*rest):
        found = any(same(one, other) for one in left for other in right)
        return found if what == "==" else bool(left and right) and not found
    one, other = (calculated(side, *told) for side in rest)
    if one is None or other is None:
        return False
    return {"==": one == other, "!=": one != other, "<": one < other, "<=": one <= other,
            ">": one > other, ">=": one >= other}[what]  # fmt: skip


def _holding(what: str, where: tuple, left: list, right: list, told: tuple) -> bool:
    if what == "contains" and isinstance(raw(where, *told), list):
        return any(same(one, other) for one in left for other in right)
    texts = [fold(one) for one in left if isinstance(one, str)]
    wanted = [fold(one) for one in right if isinstance(one, str)]
    if what == "contains":
        return any(text in one for one in texts for text in wanted)
    return any(one.startswith(text) for one in texts for text in wanted)


def raw(part: tuple, row: dict, context: dict | None, shopper: dict | None) -> Any:
    if part[0] == "value":
        return part[1]
    _, owner, name, is_attribute = part
    source = {"product": row, "context": context, "shopper": shopper}[owner] or {}
    return source.get("attributes", {}).get(name) if is_attribute else source.get(name)


def plain(part: tuple, *told: Any) -> list:
    """All values of a part that have its kind."""
    if part[0] not in ("value", "field"):
        found = calculated(part, *told)
        return [] if found is None else [found]
    found = raw(part, *told)
    found = [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, (str, float, int))]
    found = [one for one in found if one != "" or isinstance(one, bool)]
    if part[0] == "value" or part[3]:
        return found
    if part[2] in WORDS:
        return [one for one in found if isinstance(one, str)]
    if isinstance(raw(part, *told), list):
        return []
    kind = kind_of(part)
    if kind == "number":
        return [number for one in found if (number := as_number(one)) is not None]
    return [one for one in found if isinstance(one, bool if kind == "flag" else str)]


def kind_of(part: tuple) -> str:
    if part[0] == "value":
        return {bool: "flag", str: "text", list: "list"}.get(type(part[1]), "number")
    if part[0] != "field":
        return "number"
    if part[3]:
        return "any"
    name = part[2]
    if name in (*NUMBERS, "orders", "spent", "days_since_order", "days_since_first_order", "session_events"):
        return "number"
    return "words" if name in WORDS else "flag" if name in (*FLAGS, "is_known") else "text"


def _of_product(part: tuple) -> bool:
    if part[0] == "value":
        return False
    return part[1] == "product" if part[0] == "field" else any(map(_of_product, part[1:]))


def _as_numbers(left: tuple, right: tuple) -> bool:
    kinds = {kind_of(left), kind_of(right)}
    return kinds == {"number"} or (_of_product(left) and _of_product(right) and kinds != {"flag"})


def calculated(part: tuple, *told: Any) -> float | None:
    if part[0] in ("value", "field"):
        return as_number(raw(part, *told))
    one, *more = (calculated(side, *told) for side in part[1:])
    if one is None:
        return None
    if part[0] == "minus":
        return -one
    (other,) = more
    if other is None or (part[0] == "/" and other == 0):
        return None
    return {"+": one + other, "-": one - other, "*": one * other, "/": one / (other or 1)}[part[0]]


def fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def as_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", value) else None
    return float(value)


def true(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.casefold()) if isinstance(value, str) else None


def same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return fold(one) == fold(other)
    read = true if isinstance(one, bool) or isinstance(other, bool) else as_number
    return read(one) is not None and read(one) == read(other)
