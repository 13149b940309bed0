"""Versions whose files were let go stay as facts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modelregistry", "0011_releases")]

    operations = [
        migrations.AddField(
            "modelversion",
            "files_removed_at",
            models.DateTimeField(help_text="When the artefact was let go", null=True),
        ),
        migrations.AlterField(
            "modelversion",
            "artifact_path",
            models.CharField(help_text="Relative to the models directory; empty: removed", max_length=300),
        ),
        migrations.AlterField(
            "modelversion",
            "state",
            models.CharField(
                choices=[
                    ("ready", "Ready"), ("failed", "Failed checks"), ("retired", "Retired"),
                    ("archived", "Files removed"),
                ],
                default="ready",
                max_length=10,
            ),
        ),
    ]
