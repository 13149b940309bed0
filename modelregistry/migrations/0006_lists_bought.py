"""The figures of a day count the lists of which a product was ordered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modelregistry", "0005_model_metrics")]

    operations = [migrations.AddField("dailyperformance", "bought", models.PositiveIntegerField(default=0))]
