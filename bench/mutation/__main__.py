"""How many small faults planted in the code that guards what comes in do its unit tests find?

    python -m bench.mutation [MODULE …] [--jobs 2] [--least 85] [--json OUT]

Each fault is planted in a process of its own, a fork of one in which everything but the module and its
tests is loaded. The tests need neither database nor cache server. mutmut is not used: it leaves alone what
stands outside functions, and here half of the rules are tables (shapes, patterns, limits).
"""

import argparse
import contextlib
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from bench.mutation import operators

SECONDS = 60  # a fault that makes the tests run longer is found
_VALUES = [
    "tests/recommendations/test_field_codes.py",
    "tests/recommendations/test_numbers_and_times.py",
    "tests/recommendations/test_ids_and_texts.py",
]
_EVENTS = ["tests/recommendations/test_event_shapes.py"]
_WHOLE = ["tests/test_input_validation.py"]
_TEXT = ["tests/lib/test_sanitize.py"]
TARGETS = {
    "recommendations.validator": [*_WHOLE, *_VALUES],
    "recommendations.shapes": [*_WHOLE, *_EVENTS, *_VALUES],
    "recommendations.fields": [*_VALUES, *_EVENTS, *_WHOLE],
    "luxebrain.lib.sanitize": [*_TEXT, *_VALUES, *_WHOLE],
    "recommendations.storefronts.signatures": ["tests/recommendations/storefronts/test_signatures.py"],
}


class Planted(importlib.machinery.SourceFileLoader):
    """Loads a module from code with a fault in it."""

    def __init__(self, name: str, path: str, code: Any) -> None:
        super().__init__(name, path)
        self.planted = code

    def get_code(self, fullname: str) -> Any:
        return self.planted


class Finder:
    """Goes before Python's own way to find the module."""

    def __init__(self, name: str, path: str, code: Any) -> None:
        self.name, self.path, self.code = name, path, code

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=Planted(name, self.path, self.code))


def run(tests: list[str]) -> int:
    plugins = ["randomly", "cacheprovider", "xdist", "cov"]
    options = ["-q", "-x", "--assert=plain", "--tb=no", *(f"-pno:{name}" for name in plugins)]
    options += ["-o", "addopts=", "-o", "filterwarnings="]
    return int(pytest.main([*options, *tests]))


def forget() -> None:
    """Takes the modules under test, and the tests, out of what this process has loaded."""
    names = [*TARGETS, *(name for name in sys.modules if name.startswith("tests.") and name != "tests.make")]
    for name in names:
        sys.modules.pop(name, None)
        package, _, short = name.rpartition(".")
        if package in sys.modules:
            with contextlib.suppress(AttributeError):
                delattr(sys.modules[package], short)


def start(name: str, path: str, fault: operators.Fault) -> int:
    """Plants the fault in a fork and runs the tests there; the fork's process id."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    status = 1
    with contextlib.suppress(BaseException):
        sys.meta_path.insert(0, Finder(name, path, fault.code))
        status = run(TARGETS[name])
    os._exit(status)


def outcomes(name: str, *, jobs: int) -> Iterator[tuple[operators.Fault, str]]:
    """(fault, "killed" | "survived" | "timeout") of every fault of one module."""
    path = name.replace(".", "/") + ".py"
    waiting = operators.faults(Path(path).read_text(), path)
    running: dict[int, tuple[operators.Fault, float]] = {}
    fault = next(waiting, None)
    while fault is not None or running:
        while fault is not None and len(running) < jobs:
            running[start(name, path, fault)] = (fault, time.monotonic())
            fault = next(waiting, None)
        child, status = os.waitpid(-1, os.WNOHANG)
        if child:
            yield running.pop(child)[0], "survived" if status == 0 else "killed"
            continue
        for late in [one for one, (_, begun) in running.items() if time.monotonic() - begun > SECONDS]:
            os.killpg(late, signal.SIGKILL)
            os.waitpid(late, 0)
            yield running.pop(late)[0], "timeout"
        time.sleep(0.01)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--least", type=float, default=85.0, help="per cent of faults that must be found")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("LUX_SECRET_KEY", "for-unit-tests-that-need-no-server-0123456789")
    hypothesis.settings.register_profile("planted", max_examples=30, derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("planted")
    known = [name for name in TARGETS if Path(name.replace(".", "/") + ".py").exists()]
    chosen = [name for name in known if not options.modules or name in options.modules]
    if run(sorted({test for name in chosen for test in TARGETS[name]})) != 0:
        print("The tests must be green before a fault is planted.")
        return 2
    forget()
    found: dict[str, dict[str, Any]] = {}
    for name in chosen:
        begun = time.monotonic()
        told = list(outcomes(name, jobs=options.jobs))
        left = [fault for fault, outcome in told if outcome == "survived"]
        score = 100 * (len(told) - len(left)) / len(told)
        found[name] = {"faults": len(told), "found": len(told) - len(left), "score": round(score, 1)}
        found[name]["left"] = [f"{fault.line}: {fault.what}" for fault in left]
        print(f"{name}: {len(told) - len(left)} of {len(told)} found, {score:.1f} % ({time.monotonic() - begun:.0f} s)")
        for line in found[name]["left"]:
            print(f"    {line}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    weak = [name for name in found if found[name]["score"] < options.least]
    if weak:
        print(f"Below {options.least:g} %: {', '.join(weak)}")
    return 1 if weak else 0


if __name__ == "__main__":
    raise SystemExit(main())
