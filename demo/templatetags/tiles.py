"""The plain picture of a product that has none: an initial on a coloured pattern, by its id."""

from typing import Any

from django import template

register = template.Library()
HUES, PATTERNS = 8, 4


def mix(text: str) -> int:
    """A number that is the same here and in demo/shop.js, so that a product always looks the same."""
    value = 7
    for char in text:
        value = (value * 31 + ord(char)) % 65521
    return value


@register.inclusion_tag("demo/tile.html")
def tile(product: Any) -> dict[str, Any]:
    """{% tile product %}: the SVG tile of a product row."""
    number = mix(product.external_id)
    initial = next((char for char in product.title if char.isalpha()), "•").upper()
    return {"hue": number % HUES, "pattern": number // HUES % PATTERNS, "initial": initial}
