"""Entering a tenant: the transaction-local context that row-level security reads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.validators import slug_re
from django.db import connections, transaction
from django.db.models import QuerySet

from luxebrain.lib import logs
from tenants.models import Tenant
from tenants.statements import written_once


class NoSuchTenant(LookupError):
    """No tenant has this id."""


_held = threading.local()


@written_once
def _with_plan(tenant: Tenant) -> QuerySet[Tenant]:
    return Tenant.objects.select_related("plan").filter(pk=tenant.pk)


@contextmanager
def enter(tenant_id: int) -> Iterator[Tenant]:
    """Opens a transaction in which exactly this tenant's rows exist, and yields the tenant.

    Must be the outermost transaction: the context ends with it and can never leak into the next
    one, because the database stamps it with the transaction's start (see tenants/migrations/0002).
    Raises NoSuchTenant, and RuntimeError inside another transaction.
    """
    with transaction.atomic(durable=True):
        with connections["default"].cursor() as cursor:
            cursor.execute("select enter_tenant(%s)", [int(tenant_id)])
        found = _with_plan(Tenant(pk=tenant_id))
        if not found:
            raise NoSuchTenant(tenant_id)
        tenant: Tenant = found[0]
        logs.bind(tenant=tenant.slug)
        _held.tenant = tenant
        try:
            yield tenant
        finally:
            _held.tenant = None


@contextmanager
def within(tenant_id: int) -> Iterator[Tenant]:
    """The tenant that this thread is in already, or else enters it: for what both the API (which is
    in none) and the pages (which are in theirs) call. Raises RuntimeError inside another tenant."""
    held = getattr(_held, "tenant", None)
    if held is not None and held.pk == tenant_id and connections["default"].in_atomic_block:
        yield held
        return
    with enter(tenant_id) as tenant:
        yield tenant


def across() -> "TenantsAcross":
    """All tenants, through the operators' role: the loud door for back office, relay and sweeps."""
    return Tenant.objects.using("ops").select_related("plan")


def named(slug: str) -> Tenant | None:
    """The shop of this slug, whatever its state, through the same door; None also for what can be no slug."""
    return across().filter(slug=slug).first() if slug_re.match(slug) else None


TenantsAcross = type(Tenant.objects.none())
