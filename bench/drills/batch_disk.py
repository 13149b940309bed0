"""A file system of a few megabytes for the results of batch jobs, which can be full and can be enlarged."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SMALL, LARGE = "160k", "200m"


class Disk:
    def __init__(self, path: Path) -> None:
        self.path = path

    def enlarge(self) -> None:
        subprocess.run(["mount", "-o", f"remount,size={LARGE}", str(self.path)], check=True)


@contextmanager
def small() -> Iterator[Disk | None]:
    """Mounts it and moves the table of chunks there; None without the right to mount."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=0777", "tmpfs", str(path)]
        mounted = subprocess.run(command, check=False, capture_output=True)
        if mounted.returncode:
            yield None
            return
        try:
            _move(path)
            yield Disk(path)
        finally:
            subprocess.run(["umount", "-l", str(path)], check=False)


def _move(path: Path) -> None:
    import os

    import psycopg2
    from django.conf import settings

    inside = path / "space"
    inside.mkdir(mode=0o700)
    owner = _server_user()
    if owner is not None:
        os.chown(inside, *owner)
    connection = psycopg2.connect(os.environ["DATABASE_ADMIN_URL"], dbname=settings.DATABASES["ops"]["NAME"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("create tablespace small location %s", [str(inside)])
        cursor.execute("alter table recommendations_batchchunk set tablespace small")
    connection.close()


def _server_user() -> tuple[int, int] | None:
    """(user, group) of the server's processes, where they are not ours."""
    import psutil

    me = psutil.Process()
    for process in me.children(recursive=True):
        if process.name().startswith("postgres"):
            return process.uids().real, process.gids().real
    return None
