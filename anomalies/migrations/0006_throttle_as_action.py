"""What a rule may do by itself: throttle the key behind it, so slow and for so long."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('anomalies', '0005_channels'),
    ]

    operations = [
        migrations.AddField(
            model_name='alertrule', name='throttle_minutes', field=models.PositiveIntegerField(default=60),
        ),
        migrations.AddField(
            model_name='alertrule', name='throttle_per_minute', field=models.PositiveIntegerField(default=10),
        ),
        migrations.AlterField(
            model_name='alertrule',
            name='action',
            field=models.CharField(blank=True, choices=[('', 'Only tell'), ('throttle', 'Throttle the key'), ('suspend', 'Suspend the key'), ('roll_back', 'Roll back the model version')], max_length=10),
        ),
    ]
