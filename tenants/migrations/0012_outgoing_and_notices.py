"""Outgoing webhooks with their log, and notices with their readers."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0011_orders_for_isolation'),
    ]

    operations = [
        migrations.CreateModel(
            name='OutgoingEndpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.CharField(max_length=1000)),
                ('name', models.CharField(blank=True, max_length=80)),
                ('types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, help_text='Empty: all', size=None)),
                ('sealed_secret', models.TextField()),
                ('sealed_previous', models.TextField(blank=True, help_text='Signs beside the new one until previous_ends_at')),
                ('previous_ends_at', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('on', 'On'), ('off', 'Switched off')], default='on', max_length=3)),
                ('reason', models.CharField(blank=True, help_text='Why it was switched off', max_length=200)),
                ('failing_since', models.DateTimeField(help_text='First failure after the last success', null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outgoing_endpoints', to='tenants.tenant')),
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
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=60)),
                ('tone', models.CharField(choices=[('info', 'News'), ('good', 'Done'), ('warning', 'Look at this'), ('bad', 'Something failed')], default='info', max_length=7)),
                ('title', models.CharField(max_length=160)),
                ('text', models.CharField(blank=True, max_length=400)),
                ('path', models.CharField(blank=True, help_text='Of this panel, beginning with /', max_length=300)),
                ('right', models.CharField(default='overview.read', max_length=40)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(fields=['tenant', 'created_at'], name='notice_by_time')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='NoticeReader',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_up_to', models.BigIntegerField(default=0, help_text='Id of the newest notice that was seen')),
                ('wants_mail', models.BooleanField(default=False)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notice_readers', to='tenants.tenant')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'user'), name='notice_reader_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='OutgoingDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.CharField(help_text='webhook-id: the same in every attempt and replay', max_length=40)),
                ('type', models.CharField(max_length=60)),
                ('body', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('delivered', 'Delivered'), ('failed', 'Given up')], default='waiting', max_length=9)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('attempts_log', models.JSONField(default=list)),
                ('status', models.PositiveSmallIntegerField(help_text='HTTP status of the last answer', null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('next_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outgoing_deliveries', to='tenants.tenant')),
                ('endpoint', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='tenants.outgoingendpoint')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(fields=['tenant', 'created_at'], name='outgoing_by_time'), models.Index(fields=['tenant', 'endpoint', 'created_at'], name='outgoing_by_endpoint')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        ProtectTable("OutgoingEndpoint", referenced=True),
        ProtectTable("OutgoingDelivery"),
        ProtectTable("Notice"),
        ProtectTable("NoticeReader"),
    ]
