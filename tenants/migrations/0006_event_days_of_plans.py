"""How long each kind of event is kept, by plan: what is shown a thousand times a day is kept for less long."""

from django.db import migrations, models

DAYS = {
    "free": {"impression": 30, "search": 30},
    "starter": {"impression": 60, "search": 60},
    "growth": {"impression": 120, "search": 120},
    "enterprise": {"impression": 180, "search": 180},
}


def set_days(apps, schema_editor):
    plans = apps.get_model("tenants", "Plan").objects.using(schema_editor.connection.alias)
    for code, days in DAYS.items():
        plans.filter(code=code).update(event_days=days)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_plan_file_size")]

    operations = [
        migrations.AddField(
            "plan",
            "event_days",
            models.JSONField(default=dict, help_text="Days by kind of event, where they are fewer than retention_days"),
        ),
        migrations.RunPython(set_days, migrations.RunPython.noop),
    ]
