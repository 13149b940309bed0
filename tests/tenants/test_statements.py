"""Statements that are written once: the rows that Django's own queryset finds, each tenant's its own."""

from functools import partial
from typing import Any

import pytest
from django.db import connection

from modelregistry import lineage, versions
from modelregistry.models import ModelVersion
from recommendations import control
from recommendations.models import Product
from tenants import tenancy
from tenants.models import Tenant
from tenants.statements import StrangersRow, written_once
from tests import make
from tests.parallel import together
from tests.trained import register  # noqa: F401


@written_once
def products(tenant: Tenant, *names: str) -> Any:
    found = tenant.products.filter(external_id__in=names) if names else tenant.products.all()
    return found.order_by("external_id")


def asked(act: Any) -> list[str]:
    """The statements that `act` sends."""
    found: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        found.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        act()
    return found


def test_it_reads_what_the_queryset_would(acme: Tenant, globex: Tenant) -> None:
    for shop in (acme, globex):
        make.product(shop, "p1", title=f"One of {shop.slug}", tags=["a", "b"], attributes={"colour": ["red", 1]})
        make.product(shop, "p2", price="12.50", stock=3)
    for shop in (acme, globex, acme):
        with tenancy.enter(shop.pk) as tenant:
            usual = list(tenant.products.order_by("external_id"))
            found = products(tenant)
            assert [{**row.__dict__, "_state": 0} for row in found] == [{**row.__dict__, "_state": 0} for row in usual]
            assert {row.tenant for row in found} == {tenant}
            assert [row.title for row in products(tenant, "p1")] == [f"One of {shop.slug}"]
            assert [(row._state.db, row._state.adding) for row in found] == [("default", False)] * 2


def test_its_rows_can_be_saved(acme: Tenant) -> None:
    make.product(acme, "p1")
    with tenancy.enter(acme.pk) as tenant:
        (row,) = products(tenant)
        row.title = "Changed"
        row.save()
    assert acme.products.get().title == "Changed"


def test_it_follows_relations(acme: Tenant, register: Any) -> None:  # noqa: F811
    version = register(acme)
    versions.activate(version, by=None)
    with tenancy.enter(acme.pk) as tenant:
        found = lineage.champion(tenant)
        assert found is not None
        assert {**found.__dict__, "_state": 0} == {**ModelVersion.unscoped.get(pk=version.pk).__dict__, "_state": 0}


def test_it_writes_no_statement_twice(acme: Tenant, globex: Tenant) -> None:
    written: list[int] = []

    @written_once
    def counted(tenant: Tenant) -> Any:
        written.append(tenant.pk)
        return tenant.products.all()

    for shop in (acme, globex, acme):
        with tenancy.enter(shop.pk) as tenant:
            counted(tenant)
    assert len(written) == 1
    assert not {acme.pk, globex.pk} & set(written)
    assert counted(acme) == []  # read through the operators' role: another alias, another statement
    assert len(written) == 2


def test_it_refuses_a_statement_that_does_not_say_whose(acme: Tenant) -> None:
    everybodys = written_once(lambda tenant: Product.unscoped.all())
    one_shops = written_once(lambda tenant: acme.products.all())
    with tenancy.enter(acme.pk) as tenant:
        for careless in (everybodys, one_shops):
            with pytest.raises(StrangersRow):
                careless(tenant)


def test_it_hands_out_no_strangers_row(acme: Tenant, globex: Tenant) -> None:
    """Whatever the statement says: asked through the role that sees all tenants, a stranger's row stops it."""
    make.product(globex, "p")
    either = written_once(
        lambda tenant: (tenant.products.all() | Product.objects.across_tenants().filter(tenant=globex)).using(
            tenant.alias
        )
    )
    assert acme.alias == "ops"
    with pytest.raises(StrangersRow):
        either(acme)
    with tenancy.enter(acme.pk) as tenant:  # the database's own policy
        assert either(tenant) == []


def test_threads_may_share_it(acme: Tenant, globex: Tenant) -> None:
    for shop in (acme, globex):
        for number in range(3):
            make.product(shop, f"{shop.slug}-{number}")

    def look(shop: Tenant) -> set[str]:
        with tenancy.enter(shop.pk) as tenant:
            return {row.external_id.partition("-")[0] for _ in range(20) for row in products(tenant)}

    assert together(*[partial(look, shop) for shop in (acme, globex)] * 4) == [{"acme"}, {"globex"}] * 4


def test_a_shops_decisions_are_five_statements(acme: Tenant) -> None:
    def read() -> None:
        with tenancy.enter(acme.pk) as tenant:
            control.of(tenant)

    read()
    assert len(asked(read)) == 5  # the context, the tenant with its plan, and three kinds of decisions
