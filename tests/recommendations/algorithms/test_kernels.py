"""Compiled loops: they are there whether or not the compiled code can be kept, and refuse other types."""

import os
import subprocess
import sys

import numpy as np
import pytest

from recommendations.algorithms import kernels


def test_they_are_compiled_where_nothing_can_be_kept() -> None:
    """A read-only checkout and no folder for the cache: every process compiles for itself."""
    code = (
        "import numpy as np; from recommendations.algorithms import kernels;"
        "best = np.empty(1, np.int32); kernels.leading_of_all(np.float32([1, 3, 2]), best, np.empty(1, np.float32));"
        "print(best[0])"
    )
    environ = {**os.environ, "NUMBA_CACHE_DIR": "/dev/null/nowhere"}
    done = subprocess.run([sys.executable, "-c", code], env=environ, check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.strip() == "1"


def test_an_array_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError):
        kernels.leading_of_all(np.zeros(3), np.empty(1, np.int32), np.empty(1, np.float32))
