"""Until when somebody has seen what is new."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0015_files_of_versions_kept_by_plans")]

    operations = [
        migrations.AddField("user", "news_seen_on", models.DateField(null=True)),
    ]
