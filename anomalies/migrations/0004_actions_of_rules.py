"""What a rule may do by itself: suspend a key or roll back a model."""
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('anomalies', '0003_facts_of_platform_incidents'),
    ]

    operations = [
        migrations.AlterField(
            model_name='alertrule',
            name='action',
            field=models.CharField(blank=True, choices=[('', 'Only tell'), ('suspend', 'Suspend the key'), ('roll_back', 'Roll back the model version')], max_length=10),
        ),
    ]
