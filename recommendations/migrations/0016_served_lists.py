"""The log of answers, a partition for each day, so that the oldest day goes as a whole."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from tenants.schema import ProtectTable

TABLE = """
create table recommendations_servedlist (
    tenant_id bigint not null references tenants_tenant (id) deferrable initially deferred,
    at timestamptz not null,
    recommendation_id varchar(40) not null,
    request_id varchar(40) not null,
    kind varchar(16) not null,
    placement varchar(40) not null default '',
    customer_external_id varchar(64) not null default '',
    session_id varchar(64) not null default '',
    version integer not null default 0,
    strategy varchar(16) not null,
    products varchar(64)[] not null default '{}',
    seconds double precision not null default 0,
    is_test boolean not null default false,
    facts jsonb not null default '{}',
    primary key (tenant_id, at, recommendation_id)
) partition by range (at);
create index served_by_request on recommendations_servedlist (tenant_id, request_id);
create index served_by_customer on recommendations_servedlist (tenant_id, customer_external_id, at desc)
    where customer_external_id <> '';

create function ensure_answer_partition(day date) returns text
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  name text := 'recommendations_servedlist_' || to_char(day, 'YYYYMMDD');
begin
  if day < (now() - interval '400 days')::date or day > (now() + interval '8 days')::date then
    raise exception 'no answers are kept for %', day using errcode = '22008';
  end if;
  if to_regclass('public.' || name) is null then
    perform pg_advisory_xact_lock(hashtext(name));
    if to_regclass('public.' || name) is null then
      execute format('create table public.%I partition of recommendations_servedlist for values from (%L) to (%L)',
                     name, day::timestamptz, (day + 1)::timestamptz);
      execute format('revoke all on public.%I from lux_app', name);
    end if;
  end if;
  return name;
end $$;
alter function ensure_answer_partition(date) set timezone = 'UTC';
revoke execute on function ensure_answer_partition(date) from public;
grant execute on function ensure_answer_partition(date) to lux_app, lux_ops;

create function drop_answer_partitions(before date) returns integer
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  name text;
  gone integer := 0;
begin
  if before > (now() - interval '7 days')::date then
    raise exception 'answers of the last week are kept' using errcode = '22008';
  end if;
  for name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.recommendations_servedlist'::regclass
      and to_date(right(c.relname, 8), 'YYYYMMDD') < before
    order by 1
  loop
    execute format('drop table public.%I', name);
    gone := gone + 1;
  end loop;
  return gone;
exception when lock_not_available then
  return 0;
end $$;
alter function drop_answer_partitions(date) set timezone = 'UTC';
alter function drop_answer_partitions(date) set lock_timeout = '2s';
revoke execute on function drop_answer_partitions(date) from public;
grant execute on function drop_answer_partitions(date) to lux_ops;
select ensure_answer_partition((now() + make_interval(days => n))::date) from generate_series(-1, 3) n;
"""
BACK = """
drop table recommendations_servedlist cascade;
drop function ensure_answer_partition(date);
drop function drop_answer_partitions(date);
"""


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0015_placements_and_rules")]

    operations = [
        migrations.RunSQL(TABLE, BACK),
        migrations.CreateModel(
            name='ServedList',
            fields=[
                ('pk', models.CompositePrimaryKey('tenant_id', 'at', 'recommendation_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('recommendation_id', models.CharField(max_length=40)),
                ('request_id', models.CharField(max_length=40)),
                ('kind', models.CharField(max_length=16)),
                ('placement', models.CharField(blank=True, max_length=40)),
                ('customer_external_id', models.CharField(blank=True, max_length=64)),
                ('session_id', models.CharField(blank=True, max_length=64)),
                ('version', models.PositiveIntegerField(default=0)),
                ('strategy', models.CharField(max_length=16)),
                ('products', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), default=list, size=None)),
                ('seconds', models.FloatField(default=0.0)),
                ('is_test', models.BooleanField(default=False)),
                ('facts', models.JSONField(default=dict)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='served_lists', to='tenants.tenant')),
            ],
            options={
                'db_table': 'recommendations_servedlist',
                'abstract': False,
                'managed': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        ProtectTable("ServedList"),
    ]
