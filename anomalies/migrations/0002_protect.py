"""Row-level security and composite keys of the tables of anomalies."""

from django.db import migrations

from tenants.schema import ProtectTable


class Migration(migrations.Migration):
    dependencies = [("anomalies", "0001_initial"), ("tenants", "0008_occurrences")]

    operations = [
        ProtectTable("AnomalyIncident", referenced=True),
        ProtectTable("IncidentEvent"),
        ProtectTable("AlertRule", public_rows=True),
        ProtectTable("ExpectedWindow"),
        ProtectTable("Stream"),
        ProtectTable("StreamPoint"),
        ProtectTable("AlertNotice"),
        ProtectTable("BannerDismissal"),
    ]
