"""How many orders of its own a tenant needs for an isolated model."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0010_batch_limits_of_plans")]

    operations = [
        migrations.AddField(
            "plan",
            "isolation_orders",
            models.PositiveIntegerField(
                default=1000, help_text="Countable orders of its own that a tenant needs for an isolated model"
            ),
        ),
    ]
