"""What follows when a month's calls are used up, by plan; until when a shop's are; the look-up of keys tells of both."""

from django.db import migrations, models

# The shape of its answer changes, so it is made again, with the same owner and grants.
LOOK_UP = """
drop function auth_api_key(bytea);
create function auth_api_key(wanted bytea)
returns table (key_id bigint, tenant_id bigint, tenant_slug varchar, tenant_state varchar, kind varchar,
               mode varchar, scopes varchar[], origins varchar[], expires_at timestamptz,
               requests_per_minute integer, label text, is_demo boolean, currency varchar,
               throttle_per_minute integer, throttled_until timestamptz{more})
language sql stable security definer set search_path = pg_catalog, public as $$
  select k.id, t.id, t.slug, t.state, k.kind, k.mode, k.scopes, k.origins, k.expires_at,
         p.requests_per_minute, k.prefix || '…' || k.last4, t.is_demo, t.currency,
         k.throttle_per_minute, k.throttled_until{values}
  from tenants_apikey k join tenants_tenant t on t.id = k.tenant_id join tenants_plan p on p.code = t.plan_id
  where k.digest = wanted and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
$$;
alter function auth_api_key(bytea) owner to lux_auth;
revoke execute on function auth_api_key(bytea) from public;
grant execute on function auth_api_key(bytea) to lux_app, lux_ops;
"""
WITH = LOOK_UP.format(
    more=", used_up_until timestamptz, when_used_up varchar", values=", t.used_up_until, p.when_used_up"
)
WITHOUT = LOOK_UP.format(more="", values="")
CHOICES = [
    ("goes_on", "Everything goes on"), ("popular", "Best sellers only"), ("refuse", "Recommendations are refused"),
]


class Migration(migrations.Migration):
    dependencies = [("tenants", "0018_alert_channels_of_plans")]

    operations = [
        migrations.AddField(
            "plan",
            "when_used_up",
            models.CharField(
                choices=CHOICES, default="goes_on", max_length=8,
                help_text="What follows when the month's calls are used up",
            ),
        ),
        migrations.AddField(
            "tenant",
            "used_up_until",
            models.DateTimeField(
                blank=True, help_text="The month's calls are used up: when the next month begins", null=True
            ),
        ),
        migrations.RunSQL(WITH, WITHOUT),
    ]
