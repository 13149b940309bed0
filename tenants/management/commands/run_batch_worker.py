"""A development worker for any operating system: does due work from the table, without a broker."""

import time
from typing import Any

from django.core.management.base import BaseCommand

from tenants import work


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="Stop when nothing is due")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        while True:
            done = work.run_due()
            if once:
                self.stdout.write(f"{done} pieces of work done")
                return
            if not done:
                time.sleep(0.5)
