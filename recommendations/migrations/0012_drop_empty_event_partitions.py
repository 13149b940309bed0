"""A month of events of which nothing is kept any more can go as a whole."""

from django.db import migrations

FUNCTION = """
create function drop_empty_event_partition(month date) returns boolean
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  first date := date_trunc('month', month)::date;
  name text := 'recommendations_event_' || to_char(first, 'YYYYMM');
  held boolean;
begin
  if first > (now() - interval '2 months')::date or to_regclass('public.' || name) is null then
    return false;
  end if;
  execute format('lock table public.%I in access exclusive mode nowait', name);
  execute format('select exists (select 1 from public.%I)', name) into held;
  if held then
    return false;
  end if;
  execute format('drop table public.%I', name);
  return true;
exception when lock_not_available then
  return false;
end $$;
alter function drop_empty_event_partition(date) set timezone = 'UTC';
revoke execute on function drop_empty_event_partition(date) from public;
grant execute on function drop_empty_event_partition(date) to lux_ops;
"""


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0011_privacy_requests")]

    operations = [migrations.RunSQL(FUNCTION, "drop function drop_empty_event_partition(date)")]
