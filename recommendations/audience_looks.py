"""A look at an audience while it is chosen: how many, and a few of them, for a bounded price.

The count stops at MOST, and what takes longer than SECONDS is given up by the database: a form that counts
with every keystroke must not cost more for a shop of ten million customers than for one of ten thousand.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import OperationalError, connections

from luxebrain.lib import markup
from recommendations import audiences
from recommendations.audiences import Asked
from tenants.models import Tenant

MOST = 100_000
SECONDS = 2.0
_CANCELLED = "57014"  # of SQL: query_canceled


@dataclass(frozen=True, slots=True)
class Look:
    """`n` customers; with `is_more` there are more than n, with n None they were too slow to count."""

    n: int | None
    is_more: bool = False
    sample: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        if self.n is None:
            return "Not counted"
        return f"More than {self.n:,} customers" if self.is_more else markup.plural(self.n, "customer,customers")

    @property
    def why(self) -> str:
        """What to say beside it where it is no exact count."""
        if self.n is None:
            return f"Counting takes longer than {SECONDS:g} seconds here. The job counts them when it is started."
        return f"Counted up to {self.n:,} here. The job counts all of them." if self.is_more else ""


def look(tenant: Tenant, asked: Asked, *, sample: int = 0) -> Look:
    """Inside the tenant. Raises Problem when a saved audience is gone."""
    n: int | None = None
    few: list[str] = []
    try:
        with _hurried(tenant):
            n = audiences.count(tenant, asked, most=MOST + 1)
    except _TooSlow:
        pass
    try:
        with _hurried(tenant):
            few = audiences.sample(tenant, asked, sample) if sample else []
    except _TooSlow:
        pass
    return Look(None if n is None else min(n, MOST), n is not None and n > MOST, few)


class _TooSlow(Exception):
    """The database gave up after SECONDS."""


@contextmanager
def _hurried(tenant: Tenant) -> Iterator[None]:
    """Each statement inside has SECONDS; what the transaction allowed before holds again after it. Raises _TooSlow."""
    connection = connections[tenant.alias]
    try:
        with tenant.atomic(), connection.cursor() as cursor:
            cursor.execute("select current_setting('statement_timeout')")
            before = cursor.fetchone()[0]
            cursor.execute("set local statement_timeout = %s", [int(SECONDS * 1000)])
            yield
            cursor.execute("set local statement_timeout = %s", [before])
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") == _CANCELLED:
            raise _TooSlow from None
        raise
