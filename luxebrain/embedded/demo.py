"""The demo: servers, set-up, web, worker, beat and relay under one supervisor, then the data."""

from __future__ import annotations

import http.client
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from luxebrain.embedded import processes, state
from luxebrain.embedded.instance import CHECKOUT, AlreadyRunning, Instance, running_environ
from luxebrain.embedded.supervisor import Program, Supervisor, tail
from luxebrain.embedded.terminal import Terminal

_FIRST_PORT, _LAST_PORT = 8000, 8099
# One matrix product must not take all the cores from the requests beside it.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_OUTSIDE_DATABASE = ("DATABASE_URL", "DATABASE_OPS_URL", "DATABASE_OWNER_URL")
_NOT_FOR_SERVING = ("DATABASE_OWNER_URL", "DATABASE_ADMIN_URL")


class SetUpFailed(RuntimeError):
    """A command of the set-up ended with an error."""


def run(data_dir: Path) -> None:
    """Start everything, fill it, and stay until the user ends it (KeyboardInterrupt)."""
    terminal = Terminal(total=3)
    instance = Instance(
        data_dir,
        with_postgres="DATABASE_URL" not in os.environ,
        with_valkey="REDIS_URL" not in os.environ,
        report=terminal.say,
    )
    _check_outside(instance)
    running = running_environ(data_dir)
    if running is not None:
        address = running.get("LUX_BASE_URL", "an address it has not told yet")
        raise AlreadyRunning(f"the demo is running already, at {address}")
    port = choose_port(os.environ.get("PORT"))
    try:
        _start(instance, terminal, port=port)
        terminal.say(f"\nLuxeBrain is running at http://127.0.0.1:{port}")
        terminal.say(f"Logs: {instance.logs}. Press Ctrl-C to stop everything.")
        instance.supervisor.watch(lambda: False)
    finally:
        if instance.state.held:
            _stop(instance, terminal)


def _stop(instance: Instance, terminal: Terminal) -> None:
    with _calm():
        began = time.monotonic()
        terminal.say("\nStopping …")
        instance.stop()
        terminal.say(f"Everything is stopped ({time.monotonic() - began:.1f} s).")


def choose_port(wanted: str | None) -> int:
    """$PORT, which must be free; or else the first free one from 8000 on."""
    if wanted:
        if not state.is_free(int(wanted)):
            raise SetUpFailed(f"port {wanted} is taken; choose another with PORT=…")
        return int(wanted)
    for port in range(_FIRST_PORT, _LAST_PORT + 1):
        if state.is_free(port):
            return port
    raise SetUpFailed(f"every port from {_FIRST_PORT} to {_LAST_PORT} is taken; set PORT=…")


def _start(instance: Instance, terminal: Terminal, *, port: int) -> None:
    with terminal.step("Starting PostgreSQL and Valkey"):
        instance.start()
    environ = environment(instance, port=port)
    instance.publish({name: environ[name] for name in ("LUX_DEMO", "LUX_BASE_URL")})
    with terminal.step("Bringing the database up to date, starting web, worker, relay and beat"):
        start_product(instance, environ=environ, port=port)
    with terminal.step("Loading the demo shops", shows_output=True):
        address = f"http://127.0.0.1:{port}"
        quiet = {"LUX_LOG_CONSOLE": "0"}  # its own lines are for people
        _manage(instance.supervisor, ["seed_demo", "--base-url", address], env={**environ, **quiet})


def start_product(instance: Instance, *, environ: Mapping[str, str], port: int) -> None:
    """Migrate, start the programs side by side, and wait until all are ready."""
    supervisor = instance.supervisor
    _manage(supervisor, ["setup"], env=environ, log=instance.logs / "setup.log")
    programs = product(instance, environ=environ, port=port)
    for program in programs:
        supervisor.start(program, wait=False)
    for program in programs:
        supervisor.running[program.name].wait_ready()


def environment(instance: Instance, *, port: int) -> dict[str, str]:
    """What every program of the demo finds in its environment."""
    # Compiled once, not by every program at every start: that would be most of its start.
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **outside,
        **instance.environ,
        "LUX_DATA_DIR": str(instance.data_dir),
        "LUX_DEMO": "1",
        "LUX_TRAINING_CPU_SECONDS": outside.get("LUX_TRAINING_CPU_SECONDS", "4"),  # ready within two minutes
        "LUX_BASE_URL": f"http://127.0.0.1:{port}",
        "LUX_WORKER_HEARTBEAT": str(instance.data_dir / "run" / "worker.heartbeat"),
        "DJANGO_SETTINGS_MODULE": "luxebrain.settings",
        "PYTHONUNBUFFERED": "1",
    }


def product(instance: Instance, *, environ: Mapping[str, str], port: int) -> list[Program]:
    """The long-running programs of the product."""
    serving = {name: value for name, value in environ.items() if name not in _NOT_FOR_SERVING}
    run_dir = instance.data_dir / "run"
    run_dir.mkdir(exist_ok=True)
    here = str(Path(sys.executable).parent)
    celery = [sys.executable, "-m", "celery", "-A", "luxebrain"]
    quiet = ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    gentle = {"REMAP_SIGTERM": "SIGQUIT"}  # SIGTERM gives running tasks their time and returns the rest

    def program(name: str, argv: list[str], *, env: Mapping[str, str], **more) -> Program:
        return Program(
            name=name,
            argv=argv,
            env={**env, "PATH": f"{here}{os.pathsep}{env.get('PATH', '')}"},
            cwd=CHECKOUT,
            log=instance.logs / f"{name}.out.log",
            record=instance.records / f"{name}.json",
            before=lambda: processes.outlive(instance.records / f"{name}.json"),
            stage=1,
            **more,
        )

    return [
        program(
            "web",
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi"),
                *("--host", "127.0.0.1", "--port", str(port), "--workers", "2"),
                *("--blocking-threads", "32", "--respawn-failed-workers"),
                "luxebrain.wsgi:application",
            ],
            env=serving | _ONE_THREAD,
            ready=lambda: _is_ready(port),
            ready_timeout=240,
        ),
        program(
            "worker",
            [*celery, "worker", "--queues", "short", "--concurrency", "2", "-n", "worker@%h", *quiet],
            env=serving | gentle,
            heartbeat=Path(environ["LUX_WORKER_HEARTBEAT"]),
            stop_timeout=25,
            # Without its servers a soft shutdown would only wait; the rows keep the work.
            death_signal=signal.SIGKILL,
        ),
        program(
            "trainer",
            [*celery, "worker", "--queues", "heavy", "--concurrency", "1", "-n", "trainer@%h", *quiet],
            env=serving | gentle | {"LUX_WORKER_HEARTBEAT": str(run_dir / "trainer.heartbeat")},
            heartbeat=run_dir / "trainer.heartbeat",
            stop_timeout=25,
            death_signal=signal.SIGKILL,
        ),
        program("relay", [sys.executable, "manage.py", "relay"], env=serving),
        program(
            "beat",
            [*celery, "beat", "--schedule", str(run_dir / "beat-schedule"), "--pidfile="],
            env=serving,
        ),
    ]


def _manage(supervisor: Supervisor, argv: list[str], *, env: Mapping[str, str], log: Path | None = None) -> None:
    """Run a management command to its end, looking after the servers meanwhile."""
    child = processes.spawn([sys.executable, "manage.py", *argv], env=env, log=log, cwd=CHECKOUT)
    try:
        supervisor.watch(lambda: child.poll() is not None, interval=0.05)
    finally:
        code = processes.end(child, stop=signal.SIGTERM, timeout=10)
    if code != 0:
        told = f":\n{tail(log)}" if log else ""
        raise SetUpFailed(f"`manage.py {argv[0]}` ended with code {code}{told}")


def _check_outside(instance: Instance) -> None:
    if not instance.with_postgres:
        missing = [name for name in _OUTSIDE_DATABASE if not os.environ.get(name)]
        if missing:
            raise SetUpFailed(f"DATABASE_URL is set, so these are needed too: {missing}")


def _is_ready(port: int) -> bool:
    """Whether the web server says that it and its servers are well."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class _calm:
    """Stopping is not to be cut short by the second Ctrl-C of an impatient hand."""

    def __enter__(self) -> None:
        self._earlier = {
            number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, handler)
