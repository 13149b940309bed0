"""How large a file each plan takes."""

from django.db import migrations, models

MEGABYTES = {"free": 20, "starter": 50, "growth": 200, "enterprise": 500}


def set_sizes(apps, schema_editor):
    plans = apps.get_model("tenants", "Plan").objects.using(schema_editor.connection.alias)
    for code, size in MEGABYTES.items():
        plans.filter(code=code).update(file_megabytes=size)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_idempotent_answers")]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="file_megabytes",
            field=models.PositiveIntegerField(default=200, help_text="The largest file that can be imported"),
        ),
        migrations.RunPython(set_sizes, migrations.RunPython.noop),
    ]
