"""One pair of servers for the tests of the embedded servers themselves."""

import pytest

from luxebrain.embedded import temporary


@pytest.fixture(scope="package")
def servers():
    with temporary(fast=True) as instance:
        yield instance
