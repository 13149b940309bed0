"""An audience that a key saved or removed says which one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recommendations", "0024_removed_audiences"),
    ]

    operations = [
        migrations.AddField(
            model_name="audience",
            name="created_key",
            field=models.CharField(
                blank=True, default="", help_text="The key's name, where no person made it", max_length=80
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="audience",
            name="removed_key",
            field=models.CharField(blank=True, default="", max_length=80),
            preserve_default=False,
        ),
    ]
