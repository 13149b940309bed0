"""Lanes: two calls of a lane at once, a line for the others, and places to wait that nobody takes from the others."""

import threading
import time

import pytest

from tenants import lanes
from tests.deployment.test_systemd import UNITS, read

FEW_SECONDS = 20


class Calls:
    """Calls that are under way until they are ended, each in a thread of its own."""

    def __init__(self, of: lanes.Lanes) -> None:
        self.of = of
        self.said: list[str] = []
        self.ends: dict[str, threading.Event] = {}
        self.threads: list[threading.Thread] = []

    def begin(self, name: str, lane: str) -> None:
        """Returns once the call is under way, waits or is refused."""
        before = self.of._waiting, len(self.said)
        self.ends[name] = threading.Event()
        self.threads.append(threading.Thread(target=self.run, args=(name, lane)))
        self.threads[-1].start()
        until(lambda: (self.of._waiting, len(self.said)) != before)

    def run(self, name: str, lane: str) -> None:
        try:
            self.of.enter(lane)
        except lanes.Full:
            self.said.append(f"{name} refused")
            return
        self.said.append(name)
        self.ends[name].wait(FEW_SECONDS)
        self.of.leave(lane)

    def end(self, name: str) -> None:
        """Returns once the call that waited longest goes on."""
        before = len(self.said)
        self.ends[name].set()
        until(lambda: len(self.said) > before)

    def end_all(self) -> None:
        for end in self.ends.values():
            end.set()
        for thread in self.threads:
            thread.join(FEW_SECONDS)


def until(holds) -> None:
    ends = time.monotonic() + FEW_SECONDS
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.002)


@pytest.fixture
def calls():
    found = Calls(lanes.Lanes())
    yield found
    found.end_all()
    assert found.of._lanes == {}, "a lane that nobody uses is forgotten"
    assert found.of._waiting == 0


def test_two_are_under_way_and_the_others_go_in_their_order(calls):
    for name in ("a", "b", "c", "d"):
        calls.begin(name, "loud")
    assert calls.said == ["a", "b"]
    calls.end("b")
    assert calls.said == ["a", "b", "c"]
    calls.end("a")
    assert calls.said == ["a", "b", "c", "d"]


def test_another_lane_waits_for_nobody(calls):
    for number in range(40):
        calls.begin(f"loud-{number}", "loud")
    for name in ("x", "y"):
        calls.begin(name, "calm")
    assert calls.said[-2:] == ["x", "y"]
    assert sum(said.endswith("refused") for said in calls.said) == 40 - lanes.WIDE - lanes.PLACES


def test_the_longest_line_gives_its_last_place(calls):
    """A shop that sends three calls at a time is not refused because another one fills the places."""
    most = lanes.WIDE + lanes.PLACES
    for number in range(most):
        calls.begin(f"loud-{number}", "loud")
    for name in ("x", "y"):
        calls.begin(name, "calm")
    calls.begin("z", "calm")
    assert calls.said[-1] == f"loud-{most - 1} refused"
    calls.end("x")
    assert calls.said[-1] == "z"


def test_nobody_waits_for_ever(calls):
    calls.of.patience = 0.05
    for name in ("a", "b", "c"):
        calls.begin(name, "loud")
    until(lambda: "c refused" in calls.said)
    calls.of.patience = FEW_SECONDS
    calls.begin("d", "loud")
    calls.end("a")
    assert calls.said == ["a", "b", "c refused", "d"]


def test_the_server_has_threads_for_all_that_wait_and_more():
    command = read(next(unit for unit in UNITS if unit.stem == "luxebrain-web"))["Service"]["ExecStart"].split()
    assert command[command.index("--blocking-threads") + 1] == str(lanes.THREADS)
    assert lanes.THREADS - lanes.PLACES - lanes.WIDE >= 4
