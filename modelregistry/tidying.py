"""Keeps the copies of a host no longer than their originals: a thread of some process looks every few minutes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from luxebrain.lib import logs
from modelregistry.hostcache import HostCache
from modelregistry.remote import Remote

SECONDS = 300.0  # a copy of what was deleted, or of a person who was erased, lies on no host for longer
log = logs.get(__name__)
_started_in = 0


def tidy(cache: HostCache, remote: Remote) -> int:
    """Removes copies whose original is no more; how many. Raises ArtifactUnreachable, and then removes nothing of
    the shop that was being looked at."""
    homes: dict[str, set[str]] = {}
    for place in cache.copies().values():
        homes.setdefault(place.rpartition("/")[0], set()).add(place)
    return sum(cache.drop(place) for home, known in homes.items() for place in known - set(remote.versions(home)))


def keep(cache: Callable[[], HostCache], chore: Callable[[], int]) -> None:
    """Starts the thread of this process, if it has none; of all processes of a host one at a time does the chore."""
    global _started_in
    if _started_in != os.getpid():  # a fork has no threads of its parent
        _started_in = os.getpid()
        threading.Thread(target=_look, args=(cache, chore), name="models-tidy", daemon=True).start()


def _look(cache: Callable[[], HostCache], chore: Callable[[], int]) -> None:
    while True:
        time.sleep(SECONDS / 2)
        try:
            if cache().is_due("tidied", seconds=SECONDS / 2) and (removed := chore()):
                log.info("models.copies_removed", copies=removed)
        except Exception as error:  # noqa: BLE001  (it looks again; the store or the disk may be away)
            log.warning("models.not_tidied", reason=str(error)[:200])
