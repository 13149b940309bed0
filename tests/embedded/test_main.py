"""The command line: run, env, clean, and what they say when they cannot."""

import os
import socket
import subprocess
import sys

import pytest

from luxebrain.embedded import demo

SERVERS = ("DATABASE_URL", "DATABASE_OPS_URL", "DATABASE_OWNER_URL", "REDIS_URL", "BROKER_URL")


def call(*arguments, data_dir):
    environ = {name: value for name, value in os.environ.items() if name not in SERVERS}
    return subprocess.run(
        [sys.executable, "-m", "luxebrain.embedded", *arguments],
        env=environ | {"LUX_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_runs_a_command_on_fresh_servers_and_hands_back_its_exit_code(tmp_path):
    code = "import os; print(*sorted(os.environ), sep='\\n'); raise SystemExit(7)"
    done = call("run", "--fresh", sys.executable, "-c", code, data_dir=tmp_path)
    assert done.returncode == 7, done.stderr
    assert set(SERVERS) <= set(done.stdout.split())
    assert not (tmp_path / "embedded").exists()


def test_it_says_that_nothing_runs_when_asked_for_the_environment(tmp_path):
    done = call("env", data_dir=tmp_path)
    assert done.returncode == 1
    assert "make demo" in done.stderr


def test_it_deletes_only_what_is_a_data_directory_of_ours(tmp_path):
    (tmp_path / "precious").touch()
    assert call("clean", data_dir=tmp_path).returncode == 0
    assert (tmp_path / "precious").exists()


def test_it_takes_the_next_port_unless_one_was_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with pytest.raises(demo.SetUpFailed, match=port):
            demo.choose_port(port)
    assert demo.choose_port(port) == int(port)
    assert 8000 <= demo.choose_port(None) <= 8099


def test_it_asks_for_every_address_of_an_outside_database(tmp_path, monkeypatch):
    for name in SERVERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://lux_app@elsewhere/luxebrain")
    with pytest.raises(demo.SetUpFailed, match="DATABASE_OPS_URL"):
        demo.run(tmp_path)
