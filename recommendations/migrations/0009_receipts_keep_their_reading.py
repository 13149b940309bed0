"""Receipts keep what they say beside what came, so that a worker needs nothing that was covered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0008_exports")]

    operations = [
        migrations.AddField(
            "webhookreceipt",
            "reading",
            models.JSONField(default=dict, help_text="What it says in the words of the API: action, row, modified_at"),
        ),
    ]
