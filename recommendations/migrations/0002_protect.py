"""The partitioned event table, row-level security and composite keys of this app's tables."""

from django.db import migrations

from tenants.schema import ProtectTable

# Partitions are made by a function that runs as the owner: the application may not create tables,
# and may not touch a partition directly, where the policy of the parent would not protect it.
EVENTS = """
create table recommendations_event (
    tenant_id bigint not null references tenants_tenant (id) deferrable initially deferred,
    occurred_at timestamptz not null,
    id uuid not null,
    kind varchar(40) not null,
    customer_external_id varchar(64) not null default '',
    session_id varchar(64) not null default '',
    product_external_id varchar(64) not null default '',
    quantity integer not null default 1,
    value numeric(14, 2),
    currency varchar(3) not null default '',
    order_external_id varchar(64) not null default '',
    recommendation_id varchar(40) not null default '',
    placement varchar(40) not null default '',
    properties jsonb not null default '{}',
    is_demo boolean not null default false,
    received_at timestamptz not null default now(),
    primary key (tenant_id, occurred_at, id)
) partition by range (occurred_at);
create index event_by_customer on recommendations_event (tenant_id, customer_external_id, occurred_at desc);
create index event_by_recommendation on recommendations_event (tenant_id, recommendation_id, kind)
    where recommendation_id <> '';

create function ensure_event_partition(month date) returns text
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  first date := date_trunc('month', month)::date;
  name text := 'recommendations_event_' || to_char(first, 'YYYYMM');
begin
  if first < date '2000-01-01' or first > (now() + interval '3 months')::date then
    raise exception 'no events are kept for %', first using errcode = '22008';
  end if;
  if to_regclass('public.' || name) is null then
    perform pg_advisory_xact_lock(hashtext(name));
    if to_regclass('public.' || name) is null then
      execute format('create table public.%I partition of recommendations_event for values from (%L) to (%L)',
                     name, first::timestamptz, (first + interval '1 month')::timestamptz);
      execute format('revoke all on public.%I from lux_app', name);
    end if;
  end if;
  return name;
end $$;
alter function ensure_event_partition(date) set timezone = 'UTC';
revoke execute on function ensure_event_partition(date) from public;
grant execute on function ensure_event_partition(date) to lux_app, lux_ops;
select ensure_event_partition((now() + make_interval(months => n))::date) from generate_series(-1, 2) n;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("recommendations", "0001_initial"),
        ("modelregistry", "0002_protect"),
        ("tenants", "0002_tenancy"),
    ]

    operations = [
        migrations.RunSQL(
            EVENTS, "drop table recommendations_event cascade; drop function ensure_event_partition(date);"
        ),
        ProtectTable("Event"),
        ProtectTable("EventBatch"),
        ProtectTable("Product"),
        ProtectTable("Customer", referenced=True),
        ProtectTable("Order", referenced=True),
        ProtectTable("OrderLine"),
        ProtectTable("ImportRun"),
        ProtectTable("TrainingRun"),
        ProtectTable("Attribution"),
    ]
