"""`python -m luxebrain.embedded demo | run COMMAND… | env | drill | clean`."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
from types import FrameType

from luxebrain.embedded import demo, drill, processes
from luxebrain.embedded.instance import (
    AlreadyRunning,
    Instance,
    data_directory,
    forget,
    running_environ,
    temporary,
)
from luxebrain.embedded.supervisor import StartFailed


def main(argv: list[str] | None = None) -> int:
    """Run one sub-command; the exit code is for the shell."""
    options = _parse(argv)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        match options.verb:
            case "demo":
                demo.run(data_directory())
            case "run":
                return _run(options.command, fresh=options.fresh)
            case "drill":
                return 0 if drill.run() else 1
            case "clean":
                _clean()
            case "env":
                return _show_environment()
    except KeyboardInterrupt:
        return 0 if options.verb == "demo" else 130
    except (AlreadyRunning, StartFailed, demo.SetUpFailed, FileNotFoundError) as problem:
        print(f"luxebrain: {problem}", file=sys.stderr)
        return 1
    return 0


def _run(command: list[str], *, fresh: bool) -> int:
    """Run a command against the running servers, or against servers started for it."""
    if fresh:
        with temporary(fast=True) as servers:
            return _execute(command, servers)
    environ = running_environ(data_directory())
    if environ is not None:
        return _spawn(command, environ).wait()
    with Instance(data_directory(), report=lambda line: print(line, file=sys.stderr)) as servers:
        return _execute(command, servers)


def _execute(command: list[str], servers: Instance) -> int:
    more = servers.environ | {"LUX_DATA_DIR": str(servers.data_dir)}
    child = _spawn(command, more)
    try:
        servers.supervisor.watch(lambda: child.poll() is not None, interval=0.05)
        return child.returncode
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()


def _spawn(command: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
    return processes.spawn(command, env=os.environ | environ, own_group=False)


def _clean() -> None:
    data_dir = data_directory()
    if running_environ(data_dir) is not None:
        raise AlreadyRunning("the demo is running on these data: stop it first")
    forget(data_dir)


def _show_environment() -> int:
    environ = running_environ(data_directory())
    if environ is None:
        print("luxebrain: nothing is running here; start it with `make demo`", file=sys.stderr)
        return 1
    for name, value in sorted(environ.items()):
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m luxebrain.embedded", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("demo", help="start everything and stay")
    run = verbs.add_parser("run", help="run a command with servers, then stop them")
    run.add_argument("--fresh", action="store_true", help="new, fast, temporary servers")
    run.add_argument("command", nargs=argparse.REMAINDER)
    verbs.add_parser("env", help="print the variables of what is running, for `eval`")
    verbs.add_parser("drill", help="kill each process and time its return")
    verbs.add_parser("clean", help="delete the data directory")
    options = parser.parse_args(argv)
    if options.verb == "run":
        if options.command[:1] == ["--"]:
            del options.command[0]
        if not options.command:
            run.error("name the command to run")
    return options


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
