"""Keys that may run batch jobs may go on reading them: reading has a scope of its own now."""

from django.db import migrations

# The policy of the table lets nobody but a tenant see rows, its owner neither: it is lifted for one statement.
GRANT = """
alter table tenants_apikey no force row level security;
update tenants_apikey set scopes = array_append(scopes, 'batch:read')
where 'batch:write' = any(scopes) and not 'batch:read' = any(scopes);
alter table tenants_apikey force row level security;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0013_throttled_keys")]

    operations = [migrations.RunSQL(GRANT, migrations.RunSQL.noop)]
