"""Statements that are the same for every tenant: Django writes their SQL once, not each time they are asked."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any

from django.db import connections
from django.db.models import QuerySet
from django.db.models.query import get_related_populators

from tenants.models import Tenant
from tenants.models.owned import TenantOwned

_ANYBODY = -(2**62)  # stands for the tenant's id while a statement is written


class StrangersRow(RuntimeError):
    """A statement does not name its tenant, or found a row of another one."""


class _Statement:
    """The SQL of a queryset, and what makes rows of its answers, as Django's own ModelIterable does."""

    def __init__(self, queryset: QuerySet[Any], alias: str) -> None:
        compiler = queryset.query.get_compiler(using=alias)
        self.sql, self.values = compiler.as_sql()
        if not any(map(_is_anybody, self.values)):
            raise StrangersRow(f"it does not say whose: {self.sql}")
        select, info = compiler.select, compiler.klass_info
        self.alias, self.model, columns = alias, info["model"], info["select_fields"]
        self.own = slice(columns[0], columns[-1] + 1)
        self.names = [one[0].target.attname for one in select[self.own]]
        self.related = get_related_populators(info, select, alias)
        self.converters = compiler.get_converters([one[0] for one in select])

    def rows(self, tenant: Tenant) -> list[Any]:
        values = [tenant.pk if _is_anybody(value) else value for value in self.values]
        with connections[self.alias].cursor() as cursor:
            cursor.execute(self.sql, values)
            return [self._row(list(answer), tenant) for answer in cursor.fetchall()]

    def _row(self, answer: list[Any], tenant: Tenant) -> Any:
        for place, (converters, column) in self.converters.items():
            for convert in converters:
                answer[place] = convert(answer[place], column, connections[self.alias])
        row = self.model.from_db(self.alias, self.names, answer[self.own])
        for populator in self.related:
            populator.populate(answer, row)
        if isinstance(row, TenantOwned):
            if row.tenant_id != tenant.pk:  # type: ignore[attr-defined]
                raise StrangersRow(f"{row!r} is of tenant {row.tenant_id}, not {tenant.pk}")  # type: ignore[attr-defined]
            row.tenant = tenant  # type: ignore[attr-defined]
        return row


def written_once(queryset_of: Callable[..., QuerySet[Any]]) -> Callable[..., list[Any]]:
    """Makes of a function from a tenant to a queryset of its rows one that reads them into a list.

    For what many calls ask: writing a statement costs Django some ten times as much processor time as asking it. What
    the function takes beside the tenant must be few values: a statement is kept for each. Nothing in the queryset may
    hang on the moment or on the tenant, but for its id. Raises StrangersRow.
    """
    written: dict[Hashable, _Statement] = {}

    @wraps(queryset_of)
    def rows(tenant: Tenant, *values: Hashable) -> list[Any]:
        key = (tenant.alias, *values)
        found = written.get(key)
        if found is None:
            anybody = Tenant(pk=_ANYBODY)
            anybody._state.db = tenant.alias
            found = written[key] = _Statement(queryset_of(anybody, *values), tenant.alias)
        return found.rows(tenant)

    return rows


def _is_anybody(value: Any) -> bool:
    return type(value) is int and value == _ANYBODY
