"""Servers that come back with their data, whatever ended them."""

import os
import signal
import stat
import subprocess
import sys
import time

import psutil
import psycopg2
import pytest
import redis

from luxebrain.embedded import AlreadyRunning, Instance, processes, valkey

HOLD = """
import sys, time
from pathlib import Path
from luxebrain.embedded import Instance
with Instance(Path(sys.argv[1])) as held:
    print(*(one.pid for one in held.supervisor.running.values()), flush=True)
    time.sleep(60)
"""


def write_something(instance):
    connection = psycopg2.connect(instance.environ["DATABASE_OWNER_URL"])
    with connection, connection.cursor() as cursor:
        cursor.execute("create table kept (id int); insert into kept values (7)")
    connection.close()
    for name in ("BROKER_URL", "REDIS_URL"):
        redis.Redis.from_url(instance.environ[name]).set("kept", "7")


def assert_kept(instance):
    connection = psycopg2.connect(instance.environ["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        cursor.execute("select id from kept")
        assert cursor.fetchall() == [(7,)]
    connection.close()
    for name in ("BROKER_URL", "REDIS_URL"):
        assert redis.Redis.from_url(instance.environ[name]).get("kept") == b"7"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    for step in (path, *path.parents[:2]):  # pytest closes its folders; PostgreSQL's user walks in
        step.chmod(step.stat().st_mode | 0o011)
    return path


def test_it_loses_nothing_between_two_runs_nor_to_a_killed_holder(data_dir):
    """Stop, start, kill -9 of the holder, start again: the rows and keys are all there."""
    with Instance(data_dir) as first:
        write_something(first)
        environ = first.environ
    with subprocess.Popen([sys.executable, "-c", HOLD, data_dir], stdout=subprocess.PIPE) as holder:
        pids = [int(pid) for pid in holder.stdout.readline().split()]
        assert len(pids) == 3
        with pytest.raises(AlreadyRunning, match=str(holder.pid)):
            Instance(data_dir).start()
        holder.kill()
    with Instance(data_dir) as again:  # waits for the servers of the killed holder
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert again.environ == environ
        assert_kept(again)
    assert "was not properly shut down" not in (data_dir / "logs" / "postgres.log").read_text()


def test_it_starts_over_a_lock_file_whose_process_id_is_now_anothers(data_dir):
    with Instance(data_dir):
        pass
    data = (data_dir / "embedded" / "postgres").resolve()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    began = time.monotonic()
    with Instance(data_dir):
        assert time.monotonic() - began < 10


def test_it_brings_back_a_killed_server(servers):
    for name, one in servers.supervisor.running.items():
        first = one.pid
        os.kill(first, signal.SIGKILL)
        watch(servers.supervisor, lambda one=one, first=first: one.pid != first and is_ready(one))
        assert is_ready(one), name


def watch(supervisor, condition, seconds=8):
    until = time.monotonic() + seconds
    supervisor.watch(lambda: condition() or time.monotonic() > until, interval=0.02)


def is_ready(one):
    return one.alive and one.program.ready()


def test_it_keeps_secrets_from_other_users_and_from_the_process_list(servers):
    for name in ("state.json", "environ.json", "broker.conf", "cache.conf"):
        mode = (servers.directory / name).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600, name
    for one in servers.supervisor.running.values():
        command = " ".join(psutil.Process(one.pid).cmdline())
        assert not any(secret in command for secret in servers.state.secrets.values())
    log = (servers.logs / "postgres.log").read_text()
    assert not any(secret in log for secret in servers.state.secrets.values())


def test_it_lets_nobody_in_without_a_password(servers):
    port = servers.state.ports["postgres"]
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres", passfile="/nowhere")
    for role in ("broker", "cache"):
        assert not valkey.answers(servers.state.ports[role], "guess")


def test_it_gives_the_broker_and_the_cache_their_own_rules(servers):
    rules = {
        name: redis.Redis.from_url(servers.environ[name]).config_get("maxmemory-policy")
        for name in ("BROKER_URL", "REDIS_URL")
    }
    assert rules == {
        "BROKER_URL": {"maxmemory-policy": "noeviction"},
        "REDIS_URL": {"maxmemory-policy": "allkeys-lru"},
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another user")
def test_it_does_not_run_postgresql_as_root(servers):
    server = psutil.Process(servers.supervisor.running["postgres"].pid)
    assert server.username() == processes.unprivileged_user()
