"""The indexes that the hot questions need exist in the database, beginning with the tenant (R110)."""

import pytest
from django.db import connections

WANTED = [
    # table, leading columns
    ("recommendations_order", "tenant_id, ordered_at"),
    ("recommendations_order", "tenant_id, customer_id, ordered_at"),
    ("recommendations_event", "tenant_id, occurred_at"),
    ("recommendations_event", "tenant_id, customer_external_id, occurred_at"),
    ("recommendations_product", "tenant_id, external_id"),
    ("recommendations_trainingrun", "tenant_id, state, created_at"),
    ("recommendations_webhookreceipt", "tenant_id, state, received_at"),
    ("recommendations_webhookreceipt", "tenant_id, kind, object_id"),
    ("tenants_usagehour", "tenant_id, hour"),
    ("tenants_work", "tenant_id, state, created_at"),
    ("tenants_auditentry", "tenant_id, happened_at"),
    ("modelregistry_modelversion", "tenant_id, model, number"),
    ("modelregistry_dailyperformance", "tenant_id, day, version"),
]


@pytest.mark.usefixtures("db")
def test_it_is_there():
    """R110, R141"""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "select i.indrelid::regclass::text, "
            "array_to_string(array(select a.attname from unnest(i.indkey::int[]) with ordinality k(n, at) "
            "  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n order by k.at), ', ') "
            "from pg_index i"
        )
        found = cursor.fetchall()
    missing = [
        (table, columns)
        for table, columns in WANTED
        if not any(name == table and f"{have}, ".startswith(f"{columns}, ") for name, have in found)
    ]
    assert not missing


def test_every_reference_to_a_tenants_row_can_be_followed_back(db):
    """Deleting a row asks every table that points at it: by index, not by reading it all."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "select con.conrelid::regclass::text, a.attname::text from pg_constraint con "
            "join pg_attribute a on a.attrelid = con.conrelid and a.attnum = con.conkey[cardinality(con.conkey)] "
            "join pg_class c on c.oid = con.confrelid "
            "where con.contype = 'f' and c.relname in ('recommendations_order', 'recommendations_customer') "
            "and not exists (select 1 from pg_index i where i.indrelid = con.conrelid "
            "  and a.attnum = any(i.indkey::int[]))"
        )
        assert cursor.fetchall() == []
