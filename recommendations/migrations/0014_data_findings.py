"""What is wrong with a shop's data, and how large its catalogue was each day."""

import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0013_store_connections'),
        ('tenants', '0006_event_days_of_plans'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CatalogueDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('products', models.PositiveIntegerField()),
                ('for_sale', models.PositiveIntegerField()),
                ('looked_at', models.DateTimeField()),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='catalogue_days', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'day'), name='catalogue_day_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='DataFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('state', models.CharField(choices=[('open', 'Open'), ('resolved', 'Resolved'), ('muted', 'Muted')], default='open', max_length=8)),
                ('severity', models.PositiveSmallIntegerField(choices=[(1, 'Low'), (2, 'Medium'), (3, 'High')])),
                ('count', models.PositiveIntegerField(default=0)),
                ('examples', models.JSONField(default=list)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(null=True)),
                ('muted_at', models.DateTimeField(null=True)),
                ('muted_reason', models.CharField(blank=True, max_length=500)),
                ('muted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='data_findings', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(fields=['tenant', 'state', 'severity'], name='data_finding_by_state')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'kind'), name='data_finding_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        ProtectTable("CatalogueDay"),
        ProtectTable("DataFinding"),
    ]
