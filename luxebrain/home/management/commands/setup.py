"""Waits for the database, migrates as its owner, and fails loudly when it cannot. A new release is a mark on charts."""

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.utils import OperationalError

from tenants import occurrences, work


def commit_of(folder: Path) -> str:
    """The first nine digits of the commit; "" without a checkout."""
    try:
        head = (folder / ".git" / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head[:9]
        name, packed = head.removeprefix("ref: "), folder / ".git" / "packed-refs"
        if (folder / ".git" / name).exists():
            return (folder / ".git" / name).read_text().strip()[:9]
        rows = (line.split(" ", 1) for line in packed.read_text().splitlines() if " " in line)
        return next((commit for commit, ref in rows if ref == name), "")[:9]
    except OSError:
        return ""


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--release", default="", help="What is deployed (default: LUX_RELEASE, or the commit)")
        parser.add_argument("--wait", type=float, default=60, help="Seconds to wait for the database")

    def handle(self, *args: Any, wait: float, release: str, **options: Any) -> None:
        deadline = time.monotonic() + wait
        while True:
            try:
                connections["owner"].ensure_connection()
                break
            except OperationalError as error:
                if time.monotonic() > deadline:
                    raise CommandError(f"The database did not answer within {wait:.0f} s: {error}") from error
                time.sleep(0.5)
        call_command("migrate", database="owner", verbosity=options["verbosity"], interactive=False)
        if release := release or settings.RELEASE or commit_of(settings.BASE_DIR):
            occurrences.record_deployment(release)
        # The first sign of life of each worker need not wait for the timetable's first round.
        work.enqueue(None, "tenants.heartbeat", key="setup")
        work.enqueue(None, "tenants.heartbeat_heavy", key="setup")
        self.stdout.write("The database is up to date.")
