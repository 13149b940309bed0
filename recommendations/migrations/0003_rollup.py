"""How far each tenant's figures reach, and the indexes that find what arrived since."""

import django.db.models.deletion
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0002_protect")]

    operations = [
        migrations.CreateModel(
            name="RollUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("arrived_until", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="roll_ups", to="tenants.tenant"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_manager_name": "unscoped",
                "base_manager_name": "unscoped",
            },
            managers=[("unscoped", django.db.models.manager.Manager())],
        ),
        migrations.AddConstraint(
            model_name="rollup",
            constraint=models.UniqueConstraint(fields=("tenant",), name="roll_up_once"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["tenant", "updated_at"], name="order_by_change"),
        ),
        migrations.RunSQL(
            "create index event_by_arrival on recommendations_event (tenant_id, received_at)",
            "drop index event_by_arrival",
        ),
        ProtectTable("RollUp"),
    ]
