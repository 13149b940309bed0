"""Batch jobs to come."""

import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0021_audiences'),
        ('tenants', '0012_outgoing_and_notices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BatchSchedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('wanted', models.JSONField(default=dict)),
                ('every', models.CharField(choices=[('once', 'Once'), ('week', 'Every week')], max_length=4)),
                ('first_at', models.DateTimeField(help_text='The weekday and hour that a weekly one keeps')),
                ('next_at', models.DateTimeField(help_text='Empty: over, or stopped', null=True)),
                ('waiting_since', models.DateTimeField(help_text='No room in the plan since', null=True)),
                ('problem', models.CharField(blank=True, help_text='Why the last job could not be asked for', max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('last_job', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='recommendations.batchjob')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batch_schedules', to='tenants.tenant')),
            ],
            options={
                'ordering': ['next_at', 'id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='batch_schedule_due')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        ProtectTable("BatchSchedule"),
    ]
