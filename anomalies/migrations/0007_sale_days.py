"""Expected windows that people enter, change and remove, and that may be drawn without holding a baseline."""

import django.db.models.deletion
from django.db import migrations, models

# The key to the incident carries the tenant, as those that ProtectTable makes.
REFERENCE = """
alter table anomalies_expectedwindow add constraint anomalies_expectedwindow_incident_id_of_tenant
foreign key (tenant_id, incident_id) references anomalies_anomalyincident (tenant_id, id) deferrable initially deferred
"""


class Migration(migrations.Migration):

    dependencies = [
        ('anomalies', '0006_throttle_as_action'),
    ]

    operations = [
        migrations.AddField(
            model_name='expectedwindow', name='holds', field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='expectedwindow',
            name='incident',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='expected_windows', to='anomalies.anomalyincident'),
        ),
        migrations.AddField(
            model_name='expectedwindow', name='removed_at', field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(
            REFERENCE,
            "alter table anomalies_expectedwindow drop constraint anomalies_expectedwindow_incident_id_of_tenant",
        ),
    ]
