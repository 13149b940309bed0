"""How long after a click an order counts is the shop's own choice."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_occurrences")]

    operations = [
        migrations.AddField(
            "tenant",
            "attribution_hours",
            models.PositiveSmallIntegerField(
                default=24, help_text="How long after a click an order still counts for the list"
            ),
        ),
    ]
