"""When the volume was taken that a shop's later orders are held against."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0027_listed_spans")]

    operations = [
        migrations.AddField("shopvotes", "base_at", models.DateTimeField(default=django.utils.timezone.now)),
    ]
