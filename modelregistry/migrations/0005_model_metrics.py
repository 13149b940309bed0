"""What was measured of versions over time."""

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('modelregistry', '0004_carts_of_days'),
        ('tenants', '0009_attribution_window'),
    ]

    operations = [
        migrations.CreateModel(
            name='ModelMetrics',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(max_length=40)),
                ('source', models.CharField(choices=[('offline', 'On held-back data'), ('online', 'In the shop')], max_length=8)),
                ('value', models.FloatField()),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('sample_size', models.PositiveIntegerField(default=0)),
                ('window_from', models.DateTimeField()),
                ('window_until', models.DateTimeField()),
                ('facts', models.JSONField(default=dict)),
                ('measured_at', models.DateTimeField()),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='model_metrics', to='tenants.tenant')),
                ('version', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='measured', to='modelregistry.modelversion')),
            ],
            options={
                'ordering': ['window_until', 'id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(fields=['tenant', 'metric', 'window_until'], name='measured_by_time')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'version', 'source', 'metric', 'window_from', 'window_until'), name='measured_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        ProtectTable("ModelMetrics"),
    ]
