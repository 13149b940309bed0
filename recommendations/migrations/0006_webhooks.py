"""Endpoints, receipts and tombstones of webhooks."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0005_import_files'),
        ('tenants', '0002_tenancy'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('woocommerce', 'WooCommerce'), ('shopify', 'Shopify'), ('generic', 'Your own software')], max_length=12)),
                ('name', models.CharField(max_length=80)),
                ('token_digest', models.BinaryField(max_length=32)),
                ('sealed_token', models.TextField()),
                ('shop_domain', models.CharField(blank=True, help_text='Shopify: name.myshopify.com', max_length=120)),
                ('sealed_secret', models.TextField()),
                ('sealed_previous', models.TextField(blank=True, help_text='Still accepted until previous_ends_at')),
                ('previous_ends_at', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('active', 'Connected'), ('disconnected', 'Uninstalled by the shop'), ('closed', 'Closed')], default='active', max_length=12)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('last_delivery_at', models.DateTimeField(help_text='To about five seconds', null=True)),
                ('last_ping_at', models.DateTimeField(null=True)),
                ('last_forgery_at', models.DateTimeField(help_text='A delivery whose signature did not fit', null=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhook_endpoints', to='tenants.tenant')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='WebhookReceipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('woocommerce', 'WooCommerce'), ('shopify', 'Shopify'), ('generic', 'Your own software')], max_length=12)),
                ('topic', models.CharField(max_length=80)),
                ('kind', models.CharField(choices=[('product', 'Product'), ('customer', 'Customer'), ('order', 'Order'), ('privacy', 'Privacy request'), ('other', 'Other')], max_length=8)),
                ('object_id', models.CharField(blank=True, max_length=64)),
                ('delivery_id', models.CharField(blank=True, max_length=120)),
                ('digest', models.BinaryField(max_length=32)),
                ('duplicates', models.PositiveIntegerField(default=0)),
                ('payload', models.JSONField(default=dict)),
                ('headers', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('received', 'Waiting'), ('applied', 'Applied'), ('unchanged', 'Nothing to do'), ('rejected', 'Rejected'), ('failed', 'Failed on our side')], default='received', max_length=9)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('errors', models.JSONField(default=list, help_text='[{field, code, message}]')),
                ('ignored', models.JSONField(default=list, help_text='Names of fields that we do not use')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('request_id', models.CharField(blank=True, max_length=40)),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('processed_at', models.DateTimeField(null=True)),
                ('endpoint', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='receipts', to='recommendations.webhookendpoint')),
                ('replay_of', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='replays', to='recommendations.webhookreceipt')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhook_receipts', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('product', 'Product'), ('customer', 'Customer'), ('order', 'Order'), ('privacy', 'Privacy request'), ('other', 'Other')], max_length=8)),
                ('external_id', models.CharField(max_length=64)),
                ('deleted_at', models.DateTimeField()),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tombstones', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'kind', 'external_id'), name='tombstone_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name='webhookendpoint',
            index=models.Index(fields=['token_digest'], name='webhook_endpoint_by_token'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.UniqueConstraint(fields=('tenant', 'token_digest'), name='webhook_endpoint_token'),
        ),
        migrations.AddIndex(
            model_name='webhookreceipt',
            index=models.Index(fields=['tenant', 'received_at'], name='webhook_receipt_by_time'),
        ),
        migrations.AddIndex(
            model_name='webhookreceipt',
            index=models.Index(fields=['tenant', 'state', 'received_at'], name='webhook_receipt_by_state'),
        ),
        migrations.AddIndex(
            model_name='webhookreceipt',
            index=models.Index(fields=['tenant', 'kind', 'object_id'], name='webhook_receipt_by_object'),
        ),
        migrations.AddIndex(
            model_name='webhookreceipt',
            index=models.Index(fields=['tenant', 'endpoint', 'received_at'], name='webhook_receipt_by_endpoint'),
        ),
        migrations.AddIndex(
            model_name='webhookreceipt',
            index=models.Index(fields=['tenant', 'replay_of'], name='webhook_receipt_replays'),
        ),
        migrations.AddConstraint(
            model_name='webhookreceipt',
            constraint=models.UniqueConstraint(condition=models.Q(('replay_of__isnull', True)), fields=('tenant', 'source', 'digest'), name='webhook_receipt_once'),
        ),
    ]
