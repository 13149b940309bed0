"""Policies ask for the tenant without a sub-select, and its function without a search path of its own.

Each costs every statement some planning (bench/isolation.py). Tables that are protected from here on
are made so by ProtectTable itself; this changes those that exist.
"""

from django.db import migrations

FUNCTION = """
create or replace function app_tenant() returns bigint
language plpgsql stable parallel safe as $$
declare held pg_catalog.text := pg_catalog.current_setting('app.tenant_id', true);
begin
  if held is null or held operator(pg_catalog.=) '' then
    raise exception 'no tenant has been entered' using errcode = '42501';
  end if;
  if pg_catalog.split_part(held, '@', 2) is distinct from
     extract(epoch from pg_catalog.transaction_timestamp())::pg_catalog.text then
    raise exception 'the tenant context is stale' using errcode = '42501';
  end if;
  return pg_catalog.split_part(held, '@', 1)::pg_catalog.int8;
end $$;
"""

POLICIES = """
do $$
declare policy record;
begin
  for policy in
    select c.relname as on_table, pg_get_expr(p.polqual, p.polrelid) as readable
    from pg_policy p join pg_class c on c.oid = p.polrelid
    where p.polname = 'tenant_isolation' and pg_get_expr(p.polqual, p.polrelid) like '%SELECT app_tenant()%'
  loop
    execute format(
      'alter policy tenant_isolation on %I using (%s)', policy.on_table,
      replace(policy.readable, '( SELECT app_tenant() AS app_tenant)', 'app_tenant()')
    );
  end loop;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_tenancy")]

    operations = [
        migrations.RunSQL(FUNCTION, migrations.RunSQL.noop),
        migrations.RunSQL(POLICIES, migrations.RunSQL.noop),
    ]
