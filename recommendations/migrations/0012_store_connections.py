"""Connections to shops' own APIs."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0011_privacy_requests'),
        ('tenants', '0005_plan_file_size'),
    ]

    operations = [
        migrations.CreateModel(
            name='StoreConnection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('woocommerce', 'WooCommerce'), ('shopify', 'Shopify')], max_length=12)),
                ('address', models.CharField(max_length=300)),
                ('sealed_credentials', models.TextField()),
                ('hint', models.CharField(blank=True, help_text='The end of the key, to know it by', max_length=12)),
                ('state', models.CharField(choices=[('active', 'Active'), ('paused', 'Paused'), ('broken', 'Needs attention')], default='active', max_length=8)),
                ('cursors', models.JSONField(default=dict)),
                ('progress', models.JSONField(default=dict)),
                ('counts', models.JSONField(default=dict, help_text='Per resource: read, stored, refused')),
                ('problems', models.JSONField(default=list, help_text='The last rows that were refused')),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('failures', models.PositiveSmallIntegerField(default=0, help_text='Without a success between them')),
                ('last_success_at', models.DateTimeField(null=True)),
                ('next_run_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='store_connections', to='tenants.tenant')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(fields=['state', 'next_run_at'], name='store_connection_due')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'address'), name='store_connection_address')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        ProtectTable("StoreConnection"),
    ]
