"""The figures of a day count the lists of which a product was put into the cart."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modelregistry", "0003_alias_move_is_rollback")]

    operations = [migrations.AddField("dailyperformance", "carts", models.PositiveIntegerField(default=0))]
