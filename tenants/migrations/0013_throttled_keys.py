"""A key's throttle, and the look-up of keys that tells of it."""

from django.db import migrations, models

# The shape of its answer changes, so it is made again, with the same owner and grants.
LOOK_UP = """
drop function auth_api_key(bytea);
create function auth_api_key(wanted bytea)
returns table (key_id bigint, tenant_id bigint, tenant_slug varchar, tenant_state varchar, kind varchar,
               mode varchar, scopes varchar[], origins varchar[], expires_at timestamptz,
               requests_per_minute integer, label text, is_demo boolean, currency varchar{more})
language sql stable security definer set search_path = pg_catalog, public as $$
  select k.id, t.id, t.slug, t.state, k.kind, k.mode, k.scopes, k.origins, k.expires_at,
         p.requests_per_minute, k.prefix || '…' || k.last4, t.is_demo, t.currency{values}
  from tenants_apikey k join tenants_tenant t on t.id = k.tenant_id join tenants_plan p on p.code = t.plan_id
  where k.digest = wanted and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
$$;
alter function auth_api_key(bytea) owner to lux_auth;
revoke execute on function auth_api_key(bytea) from public;
grant execute on function auth_api_key(bytea) to lux_app, lux_ops;
"""
WITH = LOOK_UP.format(
    more=", throttle_per_minute integer, throttled_until timestamptz",
    values=", k.throttle_per_minute, k.throttled_until",
)
WITHOUT = LOOK_UP.format(more="", values="")


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0012_outgoing_and_notices'),
    ]

    operations = [
        migrations.AddField(
            model_name='apikey', name='throttle_per_minute', field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='apikey', name='throttled_until', field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='apikey', name='throttle_reason', field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.CheckConstraint(
                condition=models.Q(('throttle_per_minute', None), ('throttled_until', None))
                | models.Q(('throttle_per_minute__gte', 1), ('throttled_until__isnull', False)),
                name='api_key_throttle_ends',
            ),
        ),
        migrations.RunSQL(WITH, WITHOUT),
    ]
