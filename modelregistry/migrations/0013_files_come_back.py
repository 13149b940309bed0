"""Files that were let go may come back by the same upload; their days count from then."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modelregistry", "0012_files_are_let_go")]

    operations = [
        migrations.AddField(
            "modelversion",
            "files_returned_at",
            models.DateTimeField(help_text="When the same file was uploaded again", null=True),
        ),
    ]
