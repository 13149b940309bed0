"""How much processor time each plan gives the search for the best blend."""

from django.db import migrations, models

SECONDS = {"free": 20, "starter": 60, "growth": 180, "enterprise": 600}


def set_seconds(apps, schema_editor):
    plans = apps.get_model("tenants", "Plan").objects.using(schema_editor.connection.alias)
    for code, seconds in SECONDS.items():
        plans.filter(code=code).update(training_cpu_seconds=seconds)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0006_event_days_of_plans")]

    operations = [
        migrations.AddField(
            "plan",
            "training_cpu_seconds",
            models.PositiveIntegerField(
                default=60, help_text="Processor time that a training may spend on the search for the best blend"
            ),
        ),
        migrations.RunPython(set_seconds, migrations.RunPython.noop),
    ]
