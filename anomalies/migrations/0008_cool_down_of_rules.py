"""How long people are not told again of what comes back, by rule."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("anomalies", "0007_sale_days")]

    operations = [
        migrations.AddField(
            model_name="alertrule", name="cool_down_minutes", field=models.PositiveSmallIntegerField(default=60)
        ),
    ]
