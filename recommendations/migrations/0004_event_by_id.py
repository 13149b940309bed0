"""An index on the events' own ids: a repetition is recognised whatever time it claims."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0003_rollup")]

    operations = [
        migrations.RunSQL(
            "create index event_by_id on recommendations_event (tenant_id, id);",
            "drop index event_by_id;",
        ),
    ]
