"""Seals every kept secret with LUX_SECRET_KEY that an older key (LUX_SECRET_KEY_FALLBACKS) sealed.

Doing it again does no harm, and shows what is left: an older key can go when nothing was renewed any more.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants import audit, resealing


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        renewed = lost = 0
        for name, counted in resealing.everything():
            if sum(counted.values()):
                self.stdout.write(
                    f"{name}: {counted['renewed']} renewed, {counted['new']} were new, "
                    f"{counted['unreadable']} cannot be read"
                )
            renewed, lost = renewed + counted["renewed"], lost + counted["unreadable"]
        audit.record(None, "secrets.reseal", by="command line", details={"renewed": renewed, "unreadable": lost})
        if lost:
            raise CommandError(f"{lost} cannot be read with the keys that are set: keep every key that was in use.")
        self.stdout.write("Everything is sealed with LUX_SECRET_KEY.")
