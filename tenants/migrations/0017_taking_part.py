"""A shop may stay out of the shared model."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0016_news_seen")]

    operations = [
        migrations.AddField(
            "tenant",
            "takes_part",
            models.BooleanField(
                default=True,
                help_text="Gives to the shared model and takes from it (recommendations/common_votes.py)",
            ),
        ),
    ]
