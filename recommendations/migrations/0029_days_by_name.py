"""Partitions that are over are told by their names as text: the planner may ask it of every relation there is."""

from django.db import migrations

FUNCTION = """
create or replace function drop_answer_partitions(before date) returns integer
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
      and {over}
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
"""
BY_NAME = "right(c.relname, 8) < to_char(before, 'YYYYMMDD')"
BY_DATE = "to_date(right(c.relname, 8), 'YYYYMMDD') < before"


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0028_volume_of_a_word")]

    operations = [migrations.RunSQL(FUNCTION.replace("{over}", BY_NAME), FUNCTION.replace("{over}", BY_DATE))]
