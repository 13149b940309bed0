"""Batch jobs and the chunks that they are done in."""

import uuid

import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0018_count_days_again'),
        ('tenants', '0010_batch_limits_of_plans'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BatchJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('state', models.CharField(choices=[('pending', 'Waiting'), ('processing', 'Running'), ('completed', 'Complete'), ('partial', 'Complete in part'), ('failed', 'Failed'), ('cancelled', 'Cancelled'), ('expired', 'Results removed')], default='pending', max_length=12)),
                ('is_paused', models.BooleanField(default=False)),
                ('asked', models.JSONField(default=dict)),
                ('audience', models.JSONField(default=dict)),
                ('on_unknown', models.CharField(choices=[('popular', 'List best sellers'), ('skip', 'Leave them out'), ('fail', 'Count them as failed')], default='popular', max_length=8)),
                ('mark', models.TextField(blank=True)),
                ('is_planned', models.BooleanField(default=False)),
                ('version', models.PositiveIntegerField(null=True)),
                ('moment', models.FloatField(default=0.0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('processed', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('skipped', models.PositiveIntegerField(default=0)),
                ('unknown', models.PositiveIntegerField(default=0)),
                ('seconds', models.FloatField(default=0.0, help_text='Processor time of all its chunks together')),
                ('attempts', models.PositiveSmallIntegerField(default=0, help_text='1 when it first ran, then one per retry')),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('history', models.JSONField(default=list)),
                ('source', models.CharField(default='api', max_length=8)),
                ('key_label', models.CharField(blank=True, max_length=80)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('kept_until', models.DateTimeField(null=True)),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batch_jobs', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='BatchChunk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('first', models.PositiveIntegerField()),
                ('size', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('handed', 'Handed out'), ('done', 'Done'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('customers', models.BinaryField()),
                ('outcome', models.BinaryField(null=True)),
                ('problems', models.JSONField(default=dict)),
                ('again', models.JSONField(null=True)),
                ('is_single', models.BooleanField(default=False, help_text='Worked on customer by customer')),
                ('trying', models.IntegerField(default=-1)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('handed_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batch_chunks', to='tenants.tenant')),
                ('job', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='chunks', to='recommendations.batchjob')),
            ],
            options={
                'ordering': ['job', 'number'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name='batchjob',
            index=models.Index(fields=['tenant', 'state', 'created_at'], name='batch_job_by_state'),
        ),
        migrations.AddIndex(
            model_name='batchjob',
            index=models.Index(condition=models.Q(('state__in', ('pending', 'processing'))), fields=['state'], name='batch_open'),
        ),
        migrations.AddConstraint(
            model_name='batchjob',
            constraint=models.UniqueConstraint(fields=('tenant', 'public_id'), name='batch_job_by_public_id'),
        ),
        migrations.AddIndex(
            model_name='batchchunk',
            index=models.Index(condition=models.Q(('state__in', ('waiting', 'handed'))), fields=['tenant', 'job', 'number'], name='batch_chunk_open'),
        ),
        migrations.AddConstraint(
            model_name='batchchunk',
            constraint=models.UniqueConstraint(fields=('tenant', 'job', 'number'), name='batch_chunk_once'),
        ),
        ProtectTable("BatchJob", referenced=True),
        ProtectTable("BatchChunk"),
    ]
