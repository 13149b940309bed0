"""Publishes the ids of due work to the broker, twice a second, for ever."""

import signal
import time
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections
from django.db.utils import Error as DatabaseError
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from luxebrain.celery import HEAVY_QUEUE, app
from luxebrain.lib import logs
from tenants import work

log = logs.get(__name__)


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--pause", type=float, default=0.25, help="Seconds between rounds when idle")
        parser.add_argument("--in-flight", type=int, default=16, help="Published and not yet claimed, at most")

    def handle(self, *args: Any, pause: float, in_flight: int, **options: Any) -> None:
        self.running = True
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        transport = {**app.conf.broker_transport_options, "socket_timeout": 2, "max_retries": 0}
        connection = app.connection_for_write(transport_options=transport)
        while self.running:
            try:
                sent = work.relay(partial(publish, connection, None), limit=in_flight, heavy=False)
                sent += work.relay(partial(publish, connection, HEAVY_QUEUE), limit=2, heavy=True)
            except (DatabaseError, OperationalError, RedisError, OSError) as error:
                log.warning("relay.waiting", reason=str(error)[:200])
                connections.close_all()
                connection.close()
                connection = app.connection_for_write(transport_options=transport)
                sent = 0
                time.sleep(1)
            if not sent:
                time.sleep(pause)

    def stop(self, *args: Any) -> None:
        self.running = False


def publish(connection: Any, queue: str | None, ids: list[int]) -> None:
    options = {"connection": connection, "retry": False, "ignore_result": True, "queue": queue}
    for work_id in ids:
        app.send_task("tenants.work", args=(work_id,), **options)
