"""The grammar (LALR), and what is said where a text does not follow it."""

import re
from typing import Any

from lark import Lark, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from recommendations.expressions.errors import ExpressionError

GRAMMAR = r"""
start: either
?either: both (OR both)*
?both: negation (AND negation)*
?negation: NOT negation -> negated | test
?test: sum
     | sum (EQUAL | ORDER) sum -> compared
     | sum IN sum -> member
     | sum NOT IN sum -> stranger
     | sum CONTAINS sum -> containing
     | sum STARTS WITH sum -> starting
     | sum IS (MISSING | GIVEN) -> given
?sum: product | sum (PLUS | MINUS) product -> arithmetic
?product: unary | product (TIMES | OVER) unary -> arithmetic
?unary: MINUS unary -> negative | atom
?atom: NUMBER -> number | TEXT -> text | TRUE -> true | FALSE -> false
     | NAME -> name
     | NAME OPENING TEXT CLOSING -> named
     | OPENING [sum (COMMA sum)*] CLOSING -> array
     | LEFT either RIGHT -> inner

OR.2: /or\b/i
AND.2: /and\b/i
NOT.2: /not\b/i
IN.2: /in\b/i
CONTAINS.2: /contains\b/i
STARTS.2: /starts\b/i
WITH.2: /with\b/i
IS.2: /is\b/i
MISSING.2: /missing\b/i
GIVEN.2: /given\b/i
TRUE.2: /true\b/i
FALSE.2: /false\b/i
EQUAL: "==" | "!="
ORDER: "<=" | ">=" | "<" | ">"
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
OPENING: "["
CLOSING: "]"
LEFT: "("
RIGHT: ")"
COMMA: ","
NUMBER: /[0-9]+(\.[0-9]+)?|\.[0-9]+/
TEXT: /"(\\(.|\n)|[^"\\])*"|'(\\(.|\n)|[^'\\])*'/
NAME: /[^\W\d]\w*(\.[^\W\d]\w*)*/
%ignore /[ \t\r\n\f]+/
"""

_SPOKEN = {
    "OR": "or", "AND": "and", "IN": "in", "CONTAINS": "contains", "STARTS": "starts with", "IS": "is missing",
    "EQUAL": "==", "ORDER": "<", "CLOSING": "]", "RIGHT": ")", "COMMA": "a comma", "$END": "the end",
    "WITH": "with", "MISSING": "missing", "GIVEN": "given",
}  # fmt: skip
_HINTS = (
    (re.compile(r"=(?!=)"), "Write == to compare."),
    (re.compile(r"&&?"), "Write and to join conditions."),
    (re.compile(r"\|\|?"), "Write or to join conditions."),
    (re.compile(r"!(?!=)"), "Write not to turn a condition around, or != for “is not equal to”."),
    (re.compile("[“”„‘’«»]"), "Write texts in straight quotes: \"…\" or '…'."),
    (re.compile("[\"']"), "This text has no closing quote."),
    (re.compile("[×·]"), "Write * to multiply."),
    (re.compile("[≤≥≠]"), "Write <=, >= or !=."),
)


def reader(build: Transformer) -> Lark:
    """A parser whose rules call the methods of `build` while it reads; it keeps no state between texts."""
    return Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=build, maybe_placeholders=False)


def explain(error: UnexpectedInput, text: str) -> ExpressionError:
    """The error of the parser in words."""
    if isinstance(error, UnexpectedCharacters):
        at = error.pos_in_stream
        assert at is not None
        for pattern, hint in _HINTS:
            if found := pattern.match(text, at):
                length = len(text) - at if "closing quote" in hint else len(found.group())
                return ExpressionError(hint, at + 1, length)
        return ExpressionError(f"“{text[at]}” has no meaning here.", at + 1)
    assert isinstance(error, UnexpectedToken)
    token: Any = error.token
    if token.type == "$END":
        return ExpressionError(f"Something is missing at the end: expected {_expected(error)}.", len(text.rstrip()) + 1)
    column, length = token.start_pos + 1, len(token)
    if token.type in ("EQUAL", "ORDER") and "ORDER" not in error.accepts and "AND" in error.accepts:
        return ExpressionError("Compare two things at a time, and join comparisons with and.", column, length)
    spoken = token if length <= 30 else f"{token[:29]}…"
    return ExpressionError(f"“{spoken}” does not fit here: expected {_expected(error)}.", column, length)


def _expected(error: UnexpectedToken) -> str:
    """What could stand there, at most five things."""
    accepted = error.accepts
    if "NUMBER" in accepted:
        things = ["a field", "a number", "a text in quotes"]
        things += ["not"] if "NOT" in accepted else []
        return _or([*things, "("])
    if accepted == {"TEXT"}:
        return "a text in quotes"
    spoken = [name for kind, name in _SPOKEN.items() if kind in accepted]
    if {"AND", "OR"} <= accepted and len(spoken) > 5:
        return "a comparison such as < or ==, in, contains, or and"
    return _or(spoken) or "something else"


def _or(things: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(things[:-1]), *things[-1:]]))
