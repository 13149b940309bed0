"""Isolation, proved over the database's own catalogue and over every tenant-owned model that exists.

Nothing here names a table: what is added later is covered the day it is added.
"""

import contextlib
import datetime
import uuid
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, connections, models, transaction
from django.utils import timezone

from tenants import tenancy
from tenants.models import Tenant, TenantOwned, TenantScopeRequired
from tests import make

# Tables with a tenant_id that need no policy: none.
WITHOUT_POLICY: set[str] = {
    "tenants_erroroccurrence",  # the application role has no grant on it at all (asserted below)
}
OWNED = sorted(
    (model for model in apps.get_models() if issubclass(model, TenantOwned)), key=lambda model: model.__name__
)


def ask(statement, *values, alias="owner"):
    with connections[alias].cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def tenant_tables():
    """Every ordinary or partitioned table with a column tenant_id: (name, is a partition)."""
    return ask(
        "select c.relname, c.relispartition from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped "
        "where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1"
    )


# --- The catalogue ----------------------------------------------------------------------------------
def test_every_table_of_a_tenant_forces_the_policy(db):
    """Promise 6: 100 % of tables with tenant_id have forced row-level security and the policy."""
    names = {name for name, is_partition in tenant_tables() if not is_partition} - WITHOUT_POLICY | {"tenants_tenant"}
    secured = ask(
        "select c.relname, c.relrowsecurity and c.relforcerowsecurity, p.polpermissive, p.polcmd, "
        "pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), "
        "(select array_agg(rolname::text) from pg_roles where oid = any(p.polroles)) "
        "from pg_class c join pg_policy p on p.polrelid = c.oid"
    )
    found = {row[0]: row[1:] for row in secured}
    assert len(found) == len(secured), "one policy per table: permissive policies add up"
    assert names <= set(found)
    for name in names:
        forced, _, command, using, check, roles = found[name]
        column = "id" if name == "tenants_tenant" else "tenant_id"
        assert forced, f"{name} does not force row-level security"
        assert (command, roles) == ("*", ["lux_app"])
        assert "app_tenant()" in using
        assert f"{column} = " in check
        assert "app_tenant()" in check
        assert " OR " not in check


def test_what_has_no_policy_is_out_of_the_applications_reach(db):
    for name in WITHOUT_POLICY:
        assert ask("select has_table_privilege('lux_app', %s, 'select, insert, update, delete')", name) == [(False,)]


def test_no_partition_can_be_touched_directly(db):
    """A policy on the parent does not protect a partition that is granted."""
    from datetime import date

    ask("select ensure_event_partition(%s)", date(2019, 5, 1))
    partitions = [name for name, is_partition in tenant_tables() if is_partition]
    assert partitions
    for name in partitions:
        for right in ("select", "insert", "update", "delete", "truncate"):
            granted = ask("select has_table_privilege('lux_app', %s, %s)", name, right)
            assert granted == [(False,)], f"lux_app may {right} {name}"


def test_no_view_shows_rows_past_the_policy(db):
    """Views run as their owner, materialised views know no policy."""
    views = ask(
        "select c.relname, c.relkind, coalesce(c.reloptions::text like '%%security_invoker=true%%', false) "
        "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = 'public' and relkind in ('v', 'm')"
    )
    assert [name for name, kind, invoker in views if kind == "m" or not invoker] == []


def test_every_reference_between_tenants_rows_carries_the_tenant(db):
    """A plain foreign key would let tenant A point at tenant B's row."""
    owned = {name for name, _ in tenant_tables()}
    keys = ask(
        "select con.conname, con.conrelid::regclass::text, con.confrelid::regclass::text, "
        "array(select attname::text from pg_attribute a, unnest(con.conkey) with ordinality k(n, i) "
        "      where a.attrelid = con.conrelid and a.attnum = k.n order by i), "
        "array(select attname::text from pg_attribute a, unnest(con.confkey) with ordinality k(n, i) "
        "      where a.attrelid = con.confrelid and a.attnum = k.n order by i) "
        "from pg_constraint con where con.contype = 'f'"
    )
    plain = [
        (name, table)
        for name, table, target, own, theirs in keys
        if table in owned and target in owned and (own[0], theirs[0]) != ("tenant_id", "tenant_id")
    ]
    assert not plain


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_every_reference_exists_in_the_database(db, model):
    """db_constraint=False hands the constraint to the migration: it must have made it."""
    table = model._meta.db_table
    for field in model._meta.local_fields:
        if isinstance(field, models.ForeignKey) and not field.db_constraint:
            found = ask(
                "select count(*) from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid "
                "and a.attnum = any(c.conkey) where c.contype = 'f' and c.conrelid = %s::regclass and a.attname = %s",
                table,
                field.column,
            )
            assert found == [(1,)], f"{table}.{field.column} points at nothing that the database checks"


def test_every_unique_index_begins_with_the_tenant(db):
    """Otherwise one tenant's id could be refused because another has it, which also tells that it does."""
    owned = [name for name, is_partition in tenant_tables() if not is_partition and name not in WITHOUT_POLICY]
    found = ask(
        "select i.indexrelid::regclass::text, i.indrelid::regclass::text, i.indisprimary, a.attname::text "
        "from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0] "
        "where i.indisunique and i.indrelid::regclass::text = any(%s)",
        owned,
    )
    loose = [
        (index, column)
        for index, _, primary, column in found
        if column != "tenant_id" and not (primary and column == "id")
    ]
    assert not loose


def test_the_roles_stand_below_the_policies(db):
    """Promise 17: as superuser every one of these tests would pass and prove nothing."""
    above = "select rolsuper or rolbypassrls or rolcreaterole from pg_roles where rolname = 'lux_app'"
    assert ask(above) == [(False,)]
    assert ask("select current_user::text, session_user::text", alias="default") == [("lux_app", "lux_app")]
    assert ask("select rolsuper from pg_roles where rolname = current_user", alias="ops") == [(False,)]
    belongs = "select count(*) from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname = 'lux_app'"
    assert ask(belongs) == [(0,)]


def test_the_application_owns_nothing_and_truncates_nothing(db):
    owned = ask(
        "select relname from pg_class where relkind in ('r', 'p', 'v', 'm', 'f') "
        "and relowner = (select oid from pg_roles where rolname = 'lux_app') and relpersistence <> 't'"
    )
    assert owned == []
    allowed = (
        "select relname from pg_class where relkind in ('r', 'p') and relpersistence <> 't' "
        "and has_table_privilege(%s, oid, 'truncate')"
    )
    assert ask(allowed, "lux_app") == []
    assert ask("select has_schema_privilege('lux_app', 'public', 'create')") == [(False,)]


def test_no_function_gives_the_application_more_than_it_should_have(db):
    """Functions that run with the rights of their owner are few, named here, and pin their search path."""
    known = {
        "enter_tenant",
        "auth_api_key",
        "auth_memberships",
        "auth_invitation",
        "ensure_event_partition",
        "auth_webhook_endpoint",
        "drop_empty_event_partition",
        "ensure_answer_partition",
        "drop_answer_partitions",
    }
    found = ask(
        "select proname, coalesce(array_to_string(proconfig, ','), '') from pg_proc p "
        "join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public' and prosecdef"
    )
    assert {name for name, _ in found} <= known
    assert all("search_path=pg_catalog" in config for _, config in found)


# --- The models -------------------------------------------------------------------------------------
@pytest.fixture
def shops(db, acme, globex):
    """Two shops with a row in every tenant-owned table: {"acme": {Model: row}, …}."""
    made = {}
    for shop in (acme, globex):
        made[shop.slug] = rows = {}
        with transaction.atomic(using="ops"):
            for model in OWNED:
                row_of(model, shop, rows)
    return made


def row_of(model, shop, rows):
    """A row with a value in every field that must have one; references point at the shop's own rows."""
    if model in rows:
        return rows[model]
    values = {}
    for field in model._meta.local_fields:
        if field.name in {"tenant", "pk"} or isinstance(field, models.GeneratedField | models.AutoField):
            continue
        if isinstance(field, models.ForeignKey):
            target = field.related_model
            if issubclass(target, TenantOwned) and target is not model:
                values[field.name] = row_of(target, shop, rows)
            elif not field.null and not issubclass(target, TenantOwned):
                values[field.name] = make.user(f"{shop.slug}-{model.__name__.lower()}")
        elif needs_value(field):
            values[field.name] = value_for(field)
    row = model(tenant=shop, **values)
    row.save(using="ops", force_insert=True)
    rows[model] = row
    return row


def needs_value(field):
    fills_itself = getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False)
    has_default = field.has_default() or field.db_default is not models.NOT_PROVIDED
    return not (fills_itself or has_default or field.blank or field.null)


def value_for(field):
    if field.choices:
        return field.choices[0][0]
    if field.name == "events":
        return []  # as every batch in the inbox is
    if field.name == "asked":
        return {"kind": "all"}  # as every audience says whom it means
    kinds = [
        (models.UUIDField, lambda: uuid.uuid4()),
        (models.DateTimeField, timezone.now),
        (models.DateField, datetime.date.today),
        (models.DecimalField, lambda: Decimal(1)),
        (models.BooleanField, lambda: False),
        (models.BinaryField, lambda: uuid.uuid4().bytes * 2),
        (models.IntegerField, lambda: 1),
        (models.FloatField, lambda: 1.0),
        (models.JSONField, dict),
        (models.EmailField, lambda: "a@example.com"),
        (models.CharField, lambda: "EUR"),
        (models.TextField, lambda: "x"),
    ]
    return next(value() for kind, value in kinds if isinstance(field, kind))


@contextlib.contextmanager
def inside(slug):
    tenant = Tenant.objects.using("ops").get(slug=slug)
    with tenancy.enter(tenant.pk) as entered:
        yield entered


@pytest.mark.parametrize("slug", ["acme", "globex"])
def test_no_row_of_a_stranger_is_read_with_the_filter_removed(shops, slug):
    """R9, R23: the second line holds when the first is taken away on purpose."""
    for model in OWNED:
        with inside(slug) as tenant:
            seen = set(model.unscoped.values_list("tenant_id", flat=True))
            assert seen == {tenant.pk}, f"{model.__name__} read as {slug}"


def test_no_row_is_read_without_a_tenant(shops):
    """An error, not an empty list: forgetting must not look like having nothing."""
    for model in OWNED:
        with pytest.raises(DatabaseError, match="no tenant has been entered"):
            list(model.unscoped.all()[:1])


def test_the_guard_refuses_before_the_database_is_asked(db):
    for model in OWNED:
        for careless in (lambda m=model: m.objects.all(), lambda m=model: m.objects.get(pk=1)):
            with pytest.raises(TenantScopeRequired):
                careless()


def test_no_row_of_a_stranger_can_be_changed_or_deleted(shops):
    for model in OWNED:
        with inside("acme"), contextlib.suppress(DatabaseError):
            foreign = model.unscoped.filter(tenant_id=shops["globex"][model].tenant_id)
            assert foreign.update(tenant_id=shops["globex"][model].tenant_id) == 0
            assert foreign._raw_delete("default") == 0
        assert model.objects.across_tenants().filter(tenant_id=shops["globex"][model].tenant_id).exists()


def test_no_row_can_be_written_for_a_stranger(shops):
    """T1: neither inserted for another tenant, nor handed over to one."""
    foreign = shops["globex"][OWNED[0]].tenant_id
    for model in OWNED:
        table = model._meta.db_table
        written = [f for f in model._meta.local_concrete_fields if f.column and f.name != "tenant"]
        columns = [f.column for f in written if not isinstance(f, models.GeneratedField | models.AutoField)]
        names = ", ".join(f'"{column}"' for column in columns)
        with pytest.raises(DatabaseError, match="row-level security|permission denied"), inside("acme"):
            with connection.cursor() as cursor:
                cursor.execute(f"insert into {table} (tenant_id, {names}) select {int(foreign)}, {names} from {table}")
        with pytest.raises(DatabaseError, match="row-level security|permission denied"), inside("acme"):
            with connection.cursor() as cursor:
                cursor.execute(f"update {table} set tenant_id = {int(foreign)}")


def test_no_row_can_point_at_a_strangers_row(shops):
    """The composite key refuses what a plain foreign key would take."""
    tried = 0
    for model in OWNED:
        for field in model._meta.local_fields:
            target = field.related_model if isinstance(field, models.ForeignKey) else None
            if target is None or not issubclass(target, TenantOwned):
                continue
            tried += 1
            foreign = shops["globex"][target].pk
            with pytest.raises(IntegrityError, match="foreign key"), inside("acme"):
                model.unscoped.update(**{field.attname: foreign})
    assert tried >= 5


def test_every_model_begins_with_its_tenant():
    """Django's own checks of TenantOwned: first field, constraints, references."""
    from django.core import checks

    assert [found for found in checks.run_checks() if (found.id or "").startswith("lux.E10")] == []


def test_a_thousand_requests_through_few_connections_stay_apart(shops):
    """Promise 6: threads that share connections with an eager pool read their own tenant only."""
    from concurrent.futures import ThreadPoolExecutor

    product = next(model for model in OWNED if model.__name__ == "Product")
    ids = {slug: rows[product].tenant_id for slug, rows in shops.items()}

    def one(number):
        slug = ("acme", "globex")[number % 2]
        with tenancy.enter(ids[slug]):
            return {ids[slug]} == set(product.unscoped.values_list("tenant_id", flat=True))

    with ThreadPoolExecutor(4, initializer=lambda: None) as pool:
        assert all(pool.map(one, range(1000)))
        list(pool.map(lambda _: connections.close_all(), range(16)))
