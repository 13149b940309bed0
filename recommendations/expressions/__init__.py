"""The language of filters, boosts and segments: conditions on products, the context item and the shopper."""

from recommendations.expressions.columns import Columns, Texts, Words
from recommendations.expressions.errors import ExpressionError
from recommendations.expressions.expression import MAX_LENGTH, Expression, parse
from recommendations.expressions.fields import FIELDS, Field
from recommendations.expressions.printing import printed
from recommendations.expressions.wording import describe

__all__ = [
    "FIELDS",
    "MAX_LENGTH",
    "Columns",
    "Expression",
    "ExpressionError",
    "Field",
    "Texts",
    "Words",
    "describe",
    "parse",
    "printed",
]
