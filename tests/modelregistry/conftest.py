"""Fixtures of the registry."""

from tests.trained import register  # noqa: F401
