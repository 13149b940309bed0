"""Row-level security and composite keys of the registry's tables."""

from django.db import migrations

from tenants.schema import ProtectTable


class Migration(migrations.Migration):
    dependencies = [("modelregistry", "0001_initial"), ("tenants", "0002_tenancy")]

    operations = [
        ProtectTable("ModelVersion", referenced=True),
        ProtectTable("ModelAlias"),
        ProtectTable("AliasMove"),
        ProtectTable("DailyPerformance"),
    ]
