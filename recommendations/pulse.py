"""The pulse of a running training: keeps the lease, and shows on the row how far it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Self

from django.db import Error, connections

from luxebrain.lib import logs
from tenants import tenancy
from tenants.work import Fenced, Lease

RENEW_SECONDS = 8.0
SHOW_SECONDS = 1.0
log = logs.get(__name__)


class Pulse:
    """Renews the lease from a thread, because one algorithm may be busy for longer than it holds.

    Called with each step: writes step and share to the row, in a transaction of its own and at most
    once a second, and raises Fenced once somebody else has the work.
    """

    def __init__(self, lease: Lease, run_id: int, *, tell: Callable[[str, float], None] | None = None) -> None:
        self.lease, self.run_id, self.tell = lease, run_id, tell
        self.shown_at = -SHOW_SECONDS
        self.is_lost = False
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._keep, name=f"pulse-{lease.work_id}", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.thread.join()

    def __call__(self, step: str, share: float) -> None:
        self.check()
        if self.tell:
            self.tell(step, share)
        if time.monotonic() - self.shown_at < SHOW_SECONDS:
            return
        self.shown_at = time.monotonic()
        assert self.lease.tenant_id is not None
        with tenancy.enter(self.lease.tenant_id) as tenant:
            tenant.training_runs.filter(pk=self.run_id, state="running").update(step=step[:120], progress=share)

    def check(self) -> None:
        if self.is_lost:
            raise Fenced(self.lease.work_id)

    def _keep(self) -> None:
        try:
            while not self.stopped.wait(RENEW_SECONDS):
                try:
                    self.lease.renew()
                except Fenced:
                    self.is_lost = True
                    return
                except Error:  # the next beat tries again; the lease outlives three of them
                    log.warning("lease.not_renewed", work=self.lease.work_id)
                    connections["ops"].close()
        finally:
            connections.close_all()
