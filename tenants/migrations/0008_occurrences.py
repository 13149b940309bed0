"""What happened, for those above who act on it."""

import django.db.models.deletion
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_training_time_of_plans")]

    operations = [
        migrations.CreateModel(
            name="Occurrence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=60)),
                ("subject", models.CharField(blank=True, max_length=160)),
                ("facts", models.JSONField(default=dict)),
                ("happened_at", models.DateTimeField(auto_now_add=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="occurrences",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["tenant", "-happened_at"], name="occurrence_by_time"),
                    models.Index(fields=["happened_at"], name="occurrence_all_by_time"),
                ],
            },
        ),
        ProtectTable("Occurrence", append_only=True),
    ]
