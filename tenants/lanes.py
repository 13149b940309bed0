"""Lanes: how many calls of one shop are under way at once in a process; its others wait in a line of their own.

A web process answers with a few threads. Without lanes a shop that sends more than they can answer holds them all,
and every other shop's call waits behind its calls. With them it holds two, and its others wait on threads that are
there for waiting. What needs one scope is a lane of its own, so that a shop's events never wait for its imports.
"""

import threading
from collections import deque
from collections.abc import Hashable

THREADS = 32  # of a web process, as it is started (luxebrain/embedded/demo.py, deployment/systemd)
WIDE = 2  # calls of a lane that are under way
PLACES = 24  # calls of all lanes that wait: a burst of one shop holds at most 26 threads, six are left to the others
PATIENCE_SECONDS = 10.0


class Full(Exception):
    """The call cannot wait: the places are taken, by the own lane first; or it waited too long."""


class _Turn:
    """The place of one waiting call, which is told once: to go on, or that another took the place."""

    __slots__ = ("may_go_on", "told")

    def __init__(self) -> None:
        self.may_go_on = False
        self.told = threading.Semaphore(0)


class _Lane:
    __slots__ = ("line", "under_way")

    def __init__(self) -> None:
        self.under_way = 0
        self.line: deque[_Turn] = deque()


class Lanes:
    """The lanes in which a call is under way. What becomes free goes to who waited longest in the same lane."""

    def __init__(self) -> None:
        self.wide, self.places, self.patience = WIDE, PLACES, PATIENCE_SECONDS
        self._guard = threading.Lock()
        self._lanes: dict[Hashable, _Lane] = {}
        self._waiting = 0

    def enter(self, name: Hashable, *, patience: float | None = None) -> None:
        """Returns when the call may go on; then `leave` must follow. Raises Full, at the latest after `patience` s."""
        with self._guard:
            lane = self._lanes.get(name)
            if lane is None:
                lane = self._lanes[name] = _Lane()
            if lane.under_way < self.wide:
                lane.under_way += 1
                return
            if self._waiting >= self.places:
                self._make_room(lane)
            turn = _Turn()
            lane.line.append(turn)
            self._waiting += 1
        turn.told.acquire(timeout=self.patience if patience is None else patience)
        with self._guard:
            if turn in lane.line:
                lane.line.remove(turn)
                self._waiting -= 1
            if not turn.may_go_on:
                raise Full

    def leave(self, name: Hashable) -> None:
        with self._guard:
            lane = self._lanes[name]
            if lane.line:
                self._waiting -= 1
                turn = lane.line.popleft()
                turn.may_go_on = True
                turn.told.release()
                return
            lane.under_way -= 1
            if not lane.under_way:
                del self._lanes[name]

    def _make_room(self, lane: _Lane) -> None:
        """The last of the longest line gives its place to a call of a shorter one. Raises Full where there is none."""
        longest = max(self._lanes.values(), key=lambda one: len(one.line))
        if len(longest.line) <= len(lane.line) + 1:
            raise Full
        self._waiting -= 1
        longest.line.pop().told.release()


of_calls = Lanes()
