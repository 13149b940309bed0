"""Days that were counted without carts are counted again: a column made anew says 0 in every row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0017_roll_up_window"), ("modelregistry", "0006_lists_bought")]

    operations = [
        migrations.RemoveField("rollup", "window_hours"),
        migrations.AddField("rollup", "window_hours", models.PositiveSmallIntegerField(default=0)),
    ]
