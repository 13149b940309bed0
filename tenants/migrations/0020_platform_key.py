"""The key of digests that outlive a change of the secret key. The application makes it once, and never changes it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0019_what_follows_used_up_calls")]

    operations = [
        migrations.CreateModel(
            "PlatformKey",
            [
                ("name", models.SlugField(max_length=20, primary_key=True, serialize=False)),
                ("sealed", models.TextField()),
                ("created_at", models.DateTimeField(db_default=models.functions.Now())),
            ],
        ),
        migrations.RunSQL("revoke update, delete on tenants_platformkey from lux_app", migrations.RunSQL.noop),
    ]
