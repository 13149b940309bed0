"""Feeds by address: fetched by a worker through the guarded client, once or every day, then taken like any file."""

import hashlib
import os
import tempfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from luxebrain.lib import addresses, outbound, sealed
from luxebrain.lib.problems import Conflict, Problem
from recommendations.importing import files
from recommendations.models import Feed
from recommendations.models.feed import PURPOSE
from tenants import audit, tenancy, work
from tenants.models import Tenant, User

TASK = "recommendations.fetch_feed"
MAX_FEEDS = 10
TIMEOUT = 120.0  # seconds for the whole feed
_HOPS = 3
_DAY = timedelta(days=1)


def add(tenant: Tenant, *, url: str, schedule: str, by: User) -> Feed:
    """Keeps the address and has it fetched now. Raises Problem for an address that is not asked, Conflict."""
    if tenant.feeds.count() >= MAX_FEEDS:
        raise Conflict(f"There are {MAX_FEEDS} feeds already. Remove one of them first.")
    addresses.read(url)
    feed: Feed = tenant.feeds.create(
        sealed=sealed.seal(url, purpose=PURPOSE), shown=shown(url), schedule=schedule, added_by=by
    )
    _ask(tenant, feed)
    audit.record(tenant, "feed.added", by=by, target=feed.shown, details={"feed": feed.pk, "schedule": schedule})
    return feed


def shown(url: str) -> str:
    """The address without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}"[:290] + ("?…" if parts.query else "")


def fetch_now(tenant: Tenant, feed: Feed) -> None:
    """Raises Conflict while it is being fetched."""
    if feed.is_fetching:
        raise Conflict("The feed is being fetched already.")
    _ask(tenant, feed)


def _ask(tenant: Tenant, feed: Feed) -> None:
    tenant.feeds.filter(pk=feed.pk).update(is_fetching=True, result="")
    work.enqueue(tenant, TASK, subject=feed.pk, key=f"feed:{feed.pk}")


def remove(tenant: Tenant, feed: Feed, *, by: User) -> None:
    """Forgets the address; what was imported stays."""
    audit.record(tenant, "feed.removed", by=by, target=feed.shown, details={"feed": feed.pk})
    feed.delete()


def fetch_due() -> int:
    """Makes the daily feeds whose time has come due, of all shops; how many there were."""
    count = 0
    for tenant_id in tenancy.across().filter(state="active").values_list("pk", flat=True):
        with tenancy.enter(tenant_id) as tenant:
            for feed in tenant.feeds.filter(next_at__lte=timezone.now()).select_for_update():
                tenant.feeds.filter(pk=feed.pk).update(next_at=timezone.now() + _DAY)
                _ask(tenant, feed)
                count += 1
    return count


def fetch(lease: work.Lease) -> None:
    """Fetches one feed and takes its file; imports it at once when a person has confirmed its columns before."""
    with tenancy.enter(lease.tenant_id or 0) as tenant:
        feed = tenant.feeds.filter(pk=int(lease.subject)).first()
        most = files.most_bytes(tenant)
    if feed is None:
        return
    lease.renew(int(TIMEOUT) + 30)
    directory = Path(settings.UPLOADS_DIR) / "arriving"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=directory, suffix=".part")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as sink:
            url = sealed.unseal(feed.sealed, purpose=PURPOSE)
            accept = {"accept": "application/xml, text/xml, text/csv, text/tab-separated-values, */*;q=0.5"}
            answer = outbound.fetch(
                url, headers=accept, max_bytes=most, timeout=TIMEOUT, stream_to=sink, follow=_HOPS
            )
        lease.renew()
        if answer.status != 200:
            raise Problem(f"The server answered {answer.status} instead of the feed.")
        digest = _digest(path)
        _arrived(lease, feed, path, digest)
    except Problem as problem:
        _note(lease, feed, problem.detail, failed=True)
    except sealed.Unreadable:
        _note(lease, feed, "The address cannot be read any more. Add the feed anew.", failed=True)
    finally:
        path.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _arrived(lease: work.Lease, feed: Feed, path: Path, digest: str) -> None:
    if digest == feed.digest and feed.is_confirmed:
        _note(lease, feed, "Nothing has changed since the last time.", failed=False)
        return
    with tenancy.enter(feed.tenant_id) as tenant:
        run = files.take(tenant, path, name=feed.shown.removesuffix("?…"), by=None)
        by_itself = feed.is_confirmed and files.is_known(tenant, run)
        if by_itself:
            files.start_known(tenant, run)
        words = "It is being imported." if by_itself else "Its columns wait for your confirmation."
        tenant.feeds.filter(pk=feed.pk).update(last_run=run, digest=digest)
        _save(tenant, feed, words, failed=False)
        lease.finish("default")


def _note(lease: work.Lease, feed: Feed, words: str, *, failed: bool) -> None:
    with tenancy.enter(feed.tenant_id) as tenant:
        _save(tenant, feed, words, failed=failed)
        lease.finish("default")


def _save(tenant: Tenant, feed: Feed, words: str, *, failed: bool) -> None:
    now = timezone.now()
    tenant.feeds.filter(pk=feed.pk).update(
        is_fetching=False, fetched_at=now, result=words[:300], has_failed=failed,
        next_at=now + _DAY if feed.schedule == Feed.Schedule.DAILY else None,
    )  # fmt: skip
