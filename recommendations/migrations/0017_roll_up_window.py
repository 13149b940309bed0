"""A roll-up remembers the attribution window that its figures were made with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0016_served_lists")]

    operations = [migrations.AddField("rollup", "window_hours", models.PositiveSmallIntegerField(default=24))]
