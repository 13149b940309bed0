"""Moves that undid earlier ones are told apart from those that added one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modelregistry", "0002_protect")]

    operations = [
        migrations.AddField(
            "aliasmove",
            "is_rollback",
            models.BooleanField(default=False, help_text="Undid earlier moves instead of adding one"),
        ),
    ]
