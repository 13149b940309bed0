"""Waits for the database, migrates as its owner, and fails loudly when it cannot."""

import time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.utils import OperationalError

from tenants import work


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--wait", type=float, default=60, help="Seconds to wait for the database")

    def handle(self, *args: Any, wait: float, **options: Any) -> None:
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
        # The first sign of life of each worker need not wait for the timetable's first round.
        work.enqueue(None, "tenants.heartbeat", key="setup")
        work.enqueue(None, "tenants.heartbeat_heavy", key="setup")
        self.stdout.write("The database is up to date.")
