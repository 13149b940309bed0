"""A demo shop in miniature."""

from collections.abc import Iterator
from typing import Any

import pytest

from demo import keys
from tests import make

SLUG = "lindenhof"


@pytest.fixture
def keys_file() -> Iterator[None]:
    keys.path().unlink(missing_ok=True)
    yield
    keys.path().unlink(missing_ok=True)


@pytest.fixture
def shop(db: None, keys_file: None) -> Any:
    """Three customers, twelve orders of four products: warm, with popular products and no model."""
    tenant = make.tenant(SLUG, name="Lindenhof", currency="GBP", is_demo=True)
    for name in ("bag", "box", "card", "cup"):
        make.product(tenant, name, title=f"Red {name}", categories=["Bags and purses"] if name == "bag" else [])
    people = [make.customer(tenant, f"100{number}") for number in range(3)]
    for number in range(12):
        make.order(tenant, ["bag", "box"] if number % 2 else ["bag", "card"], customer=people[number % 3])
    return tenant
