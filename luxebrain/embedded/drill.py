"""The drill: kill every process of the product in turn and time how soon all is well again."""

from __future__ import annotations

import os
import signal
import time

from luxebrain.embedded import demo
from luxebrain.embedded.instance import Instance, temporary
from luxebrain.embedded.supervisor import HEARTBEAT_GRACE, HEARTBEAT_LIMIT, Running
from luxebrain.embedded.terminal import Terminal

KILLED_LIMIT = 15.0  # seconds until a killed process serves again
DEAF_LIMIT = HEARTBEAT_GRACE + HEARTBEAT_LIMIT


def run() -> bool:
    """Whether everything came back in time, on servers and data of the drill's own."""
    terminal = Terminal(total=3)
    with temporary(fast=False, report=terminal.say) as instance:
        port = demo.choose_port(None)
        environ = demo.environment(instance, port=port)
        with terminal.step("Starting the product"):
            demo.start_product(instance, environ=environ, port=port)
        with terminal.step("Killing each process (kill -9)", shows_output=True):
            fine = [
                _passes(instance, terminal, name, signal.SIGKILL, limit=KILLED_LIMIT)
                for name in list(instance.supervisor.running)
            ]
        with terminal.step("Freezing the worker (SIGSTOP)", shows_output=True):
            fine.append(_passes(instance, terminal, "worker", signal.SIGSTOP, limit=DEAF_LIMIT))
    terminal.say("All came back in time." if all(fine) else "NOT all came back in time.")
    return all(fine)


def _passes(instance: Instance, terminal: Terminal, name: str, blow: signal.Signals, *, limit: float) -> bool:
    one = instance.supervisor.running[name]
    web = instance.supervisor.running["web"]
    first = one.pid
    os.kill(first, blow)
    began = time.monotonic()

    def is_over() -> bool:
        return time.monotonic() - began > limit or _well(one, web, first)

    instance.supervisor.watch(is_over, interval=0.05)
    took, well = time.monotonic() - began, _well(one, web, first)
    verdict = f"well again after {took:.1f} s" if well else f"NOT well after {limit:.0f} s"
    terminal.say(f"  {name}: {verdict}")
    return well


def _well(one: Running, web: Running, first: int | None) -> bool:
    return one.pid != first and one.alive and one.program.ready() and web.program.ready()
