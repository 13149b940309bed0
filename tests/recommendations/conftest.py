"""Fixtures of the recommendations."""

from tests.trained import register  # noqa: F401
