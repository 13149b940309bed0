"""The tenant context, the look-ups that run before it, and the policies of this app's tables."""

from django.db import migrations

from tenants.schema import ProtectTable

# The context is "<tenant>@<start of this transaction>": one left over from any other transaction,
# through a pooler or a stray SET, is an error instead of a stranger's rows.
CONTEXT = """
create function enter_tenant(tenant bigint) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
  held text := current_setting('app.tenant_id', true);
  started text := extract(epoch from transaction_timestamp())::text;
begin
  if held <> '' and split_part(held, '@', 2) = started then
    raise exception 'a tenant has been entered already' using errcode = '42501';
  end if;
  perform set_config('app.tenant_id', tenant::text || '@' || started, true);
end $$;

create function app_tenant() returns bigint
language plpgsql stable parallel safe set search_path = pg_catalog as $$
declare held text := current_setting('app.tenant_id', true);
begin
  if held is null or held = '' then
    raise exception 'no tenant has been entered' using errcode = '42501';
  end if;
  if split_part(held, '@', 2) is distinct from extract(epoch from transaction_timestamp())::text then
    raise exception 'the tenant context is stale' using errcode = '42501';
  end if;
  return split_part(held, '@', 1)::bigint;
end $$;
"""

LOOK_UPS = """
create function auth_api_key(wanted bytea)
returns table (key_id bigint, tenant_id bigint, tenant_slug varchar, tenant_state varchar, kind varchar,
               mode varchar, scopes varchar[], origins varchar[], expires_at timestamptz,
               requests_per_minute integer, label text, is_demo boolean, currency varchar)
language sql stable security definer set search_path = pg_catalog, public as $$
  select k.id, t.id, t.slug, t.state, k.kind, k.mode, k.scopes, k.origins, k.expires_at,
         p.requests_per_minute, k.prefix || '…' || k.last4, t.is_demo, t.currency
  from tenants_apikey k join tenants_tenant t on t.id = k.tenant_id join tenants_plan p on p.code = t.plan_id
  where k.digest = wanted and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
$$;

create function auth_memberships(person bigint)
returns table (tenant_id bigint, slug varchar, name varchar, state varchar, role varchar, plan varchar)
language sql stable security definer set search_path = pg_catalog, public as $$
  select t.id, t.slug, t.name, t.state, m.role, p.name
  from tenants_membership m join tenants_tenant t on t.id = m.tenant_id join tenants_plan p on p.code = t.plan_id
  where m.user_id = person and t.state <> 'closed' order by lower(t.name), t.id
$$;

create function auth_invitation(wanted bytea)
returns table (invitation_id bigint, tenant_id bigint, tenant_name varchar, email varchar, role varchar)
language sql stable security definer set search_path = pg_catalog, public as $$
  select i.id, t.id, t.name, i.email, i.role
  from tenants_invitation i join tenants_tenant t on t.id = i.tenant_id
  where i.digest = wanted and i.accepted_at is null and i.withdrawn_at is null and i.expires_at > now()
    and t.state = 'active'
$$;

alter function auth_api_key(bytea) owner to lux_auth;
alter function auth_memberships(bigint) owner to lux_auth;
alter function auth_invitation(bytea) owner to lux_auth;
revoke execute on function auth_api_key(bytea), auth_memberships(bigint), auth_invitation(bytea) from public;
grant execute on function auth_api_key(bytea), auth_memberships(bigint), auth_invitation(bytea) to lux_app, lux_ops;
"""

GRANTS = """
revoke insert, update, delete on tenants_plan from lux_app;
revoke all on tenants_errorgroup, tenants_erroroccurrence from lux_app;
revoke insert, update, delete on django_migrations from lux_app, lux_ops;
"""


def add_plans(apps, schema_editor):
    plan = apps.get_model("tenants", "Plan").objects.using(schema_editor.connection.alias)
    rows = [
        ("free", "Free", 60, 50_000, 1_000, 2, 2, 90, {}),
        ("starter", "Starter", 300, 500_000, 10_000, 5, 4, 180, {}),
        ("growth", "Growth", 1_200, 5_000_000, 100_000, 20, 10, 400, {"trains_daily": True, "has_experiments": True}),
        (
            "enterprise", "Enterprise", 12_000, None, None, None, 40, 800,
            {"trains_daily": True, "has_experiments": True, "has_isolated_model": True},
        ),
    ]
    for position, (code, name, minute, month, products, members, keys, days, features) in enumerate(rows):
        plan.create(
            code=code, name=name, position=position, requests_per_minute=minute, requests_per_month=month,
            products=products, members=members, api_keys=keys, retention_days=days, **features,
        )


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.RunSQL(CONTEXT, "drop function app_tenant(); drop function enter_tenant(bigint);"),
        migrations.RunSQL(
            LOOK_UPS,
            "drop function auth_api_key(bytea); drop function auth_memberships(bigint);"
            "drop function auth_invitation(bytea);",
        ),
        migrations.RunPython(add_plans, migrations.RunPython.noop),
        ProtectTable("Tenant", own_column="id"),
        ProtectTable("Membership"),
        ProtectTable("Invitation"),
        ProtectTable("ApiKey", referenced=True),
        ProtectTable("UsageHour"),
        ProtectTable("Work"),
        ProtectTable("AuditEntry", append_only=True),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
    ]
