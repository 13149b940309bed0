"""A version is the common training's or a tenant's isolated one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modelregistry", "0008_facts_do_not_change")]

    operations = [
        migrations.AddField(
            "modelversion",
            "scope",
            models.CharField(choices=[("shared", "Shared"), ("tenant", "Isolated")], default="shared", max_length=10),
        ),
    ]
