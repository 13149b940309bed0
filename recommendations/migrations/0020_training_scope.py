"""A training makes a version of the common kind or of the tenant's isolated model."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0019_batch_jobs")]

    operations = [
        migrations.AddField(
            "trainingrun",
            "scope",
            models.CharField(default="shared", help_text="Of the version it makes", max_length=10),
        ),
    ]
