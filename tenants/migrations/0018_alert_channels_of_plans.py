"""On which kinds of channel the shops of each plan can be told of alerts, besides mail, which all have."""

from django.db import migrations, models

KINDS = {"starter": ["webhook"], "growth": ["slack", "webhook"], "enterprise": ["slack", "webhook"]}


def set_kinds(apps, schema_editor):
    plans = apps.get_model("tenants", "Plan").objects.using(schema_editor.connection.alias)
    for code, kinds in KINDS.items():
        plans.filter(code=code).update(alert_channels=kinds)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0017_taking_part")]

    operations = [
        migrations.AddField(
            "plan",
            "alert_channels",
            models.JSONField(
                default=list,
                help_text="Kinds of channel on which a shop can be told of alerts, besides mail: slack, webhook",
            ),
        ),
        migrations.RunPython(set_kinds, migrations.RunPython.noop),
    ]
