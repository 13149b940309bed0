"""Shops whose own REST API is asked for news."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0012_drop_empty_event_partitions'),
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
                ('hint', models.CharField(max_length=4)),
                ('state', models.CharField(choices=[('active', 'Connected'), ('paused', 'Paused'), ('refused', 'Refused by the shop')], default='active', max_length=8)),
                ('resources', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), default=list, size=None)),
                ('pending', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), default=list, size=None)),
                ('cursors', models.JSONField(default=dict)),
                ('kept', models.PositiveIntegerField(default=0)),
                ('unchanged', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('problems', models.JSONField(default=list, help_text='The last refused rows: kind, id, field, message')),
                ('failures', models.PositiveSmallIntegerField(default=0, help_text='In a row; none after a page that came')),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('round_began_at', models.DateTimeField(null=True)),
                ('first_done_at', models.DateTimeField(help_text='When everything had been read once', null=True)),
                ('customers_read_at', models.DateTimeField(help_text='WooCommerce lists them in full only', null=True)),
                ('last_success_at', models.DateTimeField(null=True)),
                ('next_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='store_connections', to='tenants.tenant')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(condition=models.Q(('state', 'active')), fields=['next_at'], name='store_connection_due')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'source', 'address'), name='store_connection_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        ProtectTable("StoreConnection"),
    ]
