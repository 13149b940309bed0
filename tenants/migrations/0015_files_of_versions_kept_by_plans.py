"""How many versions of a model each plan keeps with their files, and older ones for how long."""

from django.db import migrations, models

# code: the newest versions, days of older ones
LIMITS = {"free": (3, 14), "starter": (5, 30), "growth": (10, 60), "enterprise": (20, 90)}


def set_limits(apps, schema_editor):
    plans = apps.get_model("tenants", "Plan").objects.using(schema_editor.connection.alias)
    for code, (newest, days) in LIMITS.items():
        plans.filter(code=code).update(kept_versions=newest, kept_version_days=days)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0014_batch_read_scope")]

    operations = [
        migrations.AddField(
            "plan",
            "kept_versions",
            models.PositiveSmallIntegerField(
                default=5, help_text="Versions of a model whose files are kept, the newest"
            ),
        ),
        migrations.AddField(
            "plan",
            "kept_version_days",
            models.PositiveSmallIntegerField(
                default=30, help_text="How long the files of an older version are kept after it was made or last served"
            ),
        ),
        migrations.RunPython(set_limits, migrations.RunPython.noop),
    ]
