"""Entering a tenant: what it opens, and that it cannot be forgotten, nested or kept."""

import pytest
from django.db import DatabaseError, InternalError, ProgrammingError, connection, transaction

from recommendations.models import Product
from tenants import tenancy
from tenants.models import Tenant, TenantScopeRequired
from tests import make
from tests.parallel import together


def test_it_yields_the_tenant_with_its_plan(acme):
    with tenancy.enter(acme.pk) as tenant:
        assert (tenant.slug, tenant.plan.code, tenant.alias) == ("acme", "growth", "default")


def test_it_says_when_there_is_no_such_tenant(db):
    with pytest.raises(tenancy.NoSuchTenant), tenancy.enter(999_999):
        pass


def test_it_must_be_the_outermost_transaction(acme):
    with pytest.raises(RuntimeError), transaction.atomic(), tenancy.enter(acme.pk):
        pass


def test_it_refuses_to_be_entered_twice(acme, globex):
    with tenancy.enter(acme.pk), pytest.raises(RuntimeError), tenancy.enter(globex.pk):
        pass
    with pytest.raises(ProgrammingError, match="entered already"), tenancy.enter(acme.pk):
        with connection.cursor() as cursor:
            cursor.execute("select enter_tenant(%s)", [globex.pk])


def test_it_ends_with_the_block(acme):
    make.product(acme, "p")
    with tenancy.enter(acme.pk) as tenant:
        assert tenant.products.count() == 1
    with pytest.raises(ProgrammingError, match="no tenant has been entered"):
        list(Product.unscoped.all())


def test_it_rolls_everything_back_on_an_error(acme):
    with pytest.raises(ZeroDivisionError), tenancy.enter(acme.pk) as tenant:
        make.product(tenant, "p")
        1 / 0  # noqa: B018
    assert not acme.products.exists()


def test_it_refuses_a_context_left_over_from_another_transaction(acme):
    """A stray session-level SET poisons a pooled connection: loud, never a stranger's rows."""
    make.product(acme, "p")
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"set app.tenant_id = '{acme.pk}@1700000000.5'")
            with pytest.raises((ProgrammingError, InternalError), match="stale"):
                cursor.execute("select count(*) from recommendations_product")
        finally:
            connection.close()


def test_it_is_the_same_tenant_within(acme, globex):
    with tenancy.enter(acme.pk) as outer:
        with tenancy.within(acme.pk) as inner:
            assert inner is outer
        with pytest.raises(RuntimeError), tenancy.within(globex.pk):
            pass
    with tenancy.within(acme.pk) as fresh:
        assert fresh.slug == "acme"


def test_it_keeps_threads_apart(acme, globex):
    """T1: every thread sees its own tenant only, under load."""
    shops = {"acme": acme, "globex": globex}
    for slug, shop in shops.items():
        for number in range(5):
            make.product(shop, f"{slug}-{number}")

    def look(slug):
        seen = set()
        for _ in range(40):
            with tenancy.enter(shops[slug].pk):
                seen |= {name.split("-")[0] for name in Product.unscoped.values_list("external_id", flat=True)}
        return slug, seen

    slugs = ["acme", "globex"] * 4
    assert together(*[lambda slug=slug: look(slug) for slug in slugs]) == [(slug, {slug}) for slug in slugs]


def test_it_says_whose_or_refuses(acme):
    with pytest.raises(TenantScopeRequired, match="tenant.<relation>"):
        Product.objects.filter(external_id="p")
    with tenancy.enter(acme.pk), pytest.raises(TenantScopeRequired):
        Product.objects.count()


def test_it_reaches_all_tenants_through_the_operators_door_only(acme, globex):
    make.product(acme, "a")
    make.product(globex, "g")
    assert Product.objects.across_tenants().count() == 2
    assert tenancy.across().count() == 2
    assert tenancy.across().get(slug="acme").alias == "ops"


def test_it_keeps_the_context_out_of_the_applications_hands(acme, globex):
    """An injected statement cannot move to another tenant: set_config is not ours to call."""
    with pytest.raises(DatabaseError, match="permission denied"), tenancy.enter(acme.pk):
        with connection.cursor() as cursor:
            cursor.execute("select set_config('app.tenant_id', '1@1', true)")


def test_it_shows_the_tenants_own_row_only(acme, globex):
    with tenancy.enter(acme.pk):
        assert list(Tenant.objects.values_list("slug", flat=True)) == ["acme"]
