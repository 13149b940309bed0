"""Row-level security of the webhook tables, and the look-up by the token in an address."""

from django.db import migrations

from tenants.schema import ProtectTable

# Like auth_api_key: the token says who it is before any tenant is entered.
LOOK_UP = """
create function auth_webhook_endpoint(wanted bytea)
returns table (endpoint_id bigint, tenant_id bigint, tenant_state varchar, source varchar, shop_domain varchar,
               sealed_secret text, sealed_previous text, requests_per_minute integer)
language sql stable security definer set search_path = pg_catalog, public as $$
  select e.id, t.id, t.state, e.source, e.shop_domain, e.sealed_secret,
         case when e.previous_ends_at > now() then e.sealed_previous else '' end, p.requests_per_minute
  from recommendations_webhookendpoint e
  join tenants_tenant t on t.id = e.tenant_id join tenants_plan p on p.code = t.plan_id
  where e.token_digest = wanted and e.state <> 'closed'
$$;
alter function auth_webhook_endpoint(bytea) owner to lux_auth;
revoke execute on function auth_webhook_endpoint(bytea) from public;
grant execute on function auth_webhook_endpoint(bytea) to lux_app, lux_ops;
"""


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0006_webhooks")]

    operations = [
        ProtectTable("WebhookEndpoint", referenced=True),
        ProtectTable("WebhookReceipt", referenced=True),
        ProtectTable("Tombstone"),
        migrations.RunSQL(LOOK_UP, "drop function auth_webhook_endpoint(bytea);"),
    ]
