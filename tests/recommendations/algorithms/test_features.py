"""Product features."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from recommendations.algorithms.features import ProductFeatures


def test_it_describes_products_by_everything_known() -> None:
    built = ProductFeatures.of(
        titles=["Red tea cup", "Red tea pot", None],
        categories=[["kitchen"], ["kitchen", "tea"], []],
        brands=["acme", None, "acme"],
        prices=[Decimal("2.50"), Decimal("12.00"), None],
        tags=[["gift"], [], []],
        n_products=3,
    )
    named = {name: built.matrix.toarray()[:, column] > 0 for column, name in enumerate(built.names)}
    assert named["category:kitchen"].tolist() == [True, True, False]
    assert named["brand:acme"].tolist() == [True, False, True]
    assert named["word:red"].tolist() == [True, True, False]
    assert named["tag:gift"].tolist() == [True, False, False]
    assert "word:cup" not in named  # says nothing about any other product
    assert sum(name.startswith("price:") for name in named) == 2
    assert np.linalg.norm(built.matrix.toarray(), axis=1) == pytest.approx([1, 1, 1])


def test_it_weighs_rare_features_more() -> None:
    built = ProductFeatures.of(categories=[["all", "rare"], ["all"], ["all"], ["all"]], n_products=4)
    first = dict(zip(built.names, built.matrix.toarray()[0], strict=True))
    assert first["category:rare"] > first["category:all"]


def test_it_names_columns_alike_whatever_the_order() -> None:
    one = ProductFeatures.of(categories=[["b", "a"], ["c"]], n_products=2)
    two = ProductFeatures.of(categories=[["c"], ["a", "b"]], n_products=2)
    assert one.names == two.names
    assert np.array_equal(one.matrix.toarray()[0], two.matrix.toarray()[1])


def test_it_takes_products_without_any_description() -> None:
    built = ProductFeatures.of(n_products=3)
    assert built.matrix.shape == (3, 0)
    assert ProductFeatures.of(n_products=0).matrix.shape == (0, 0)
