"""Requests for an isolated model, and their steps."""

import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ("modelregistry", "0009_version_scope"),
        ("tenants", "0011_orders_for_isolation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IsolationRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(default='recommendation', max_length=40)),
                ('state', models.CharField(choices=[('requested', 'Waiting for a decision'), ('approved', 'Approved'), ('declined', 'Declined'), ('cancelled', 'Withdrawn'), ('training', 'Training'), ('serving', 'Serving'), ('disabled', 'Disabled')], default='requested', max_length=10)),
                ('reason', models.CharField(blank=True, help_text='Why the tenant wants it', max_length=500)),
                ('facts', models.JSONField(default=dict, help_text='Plan, orders, customers and events when it was asked for')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('moved_at', models.DateTimeField(help_text='When the state was reached')),
                ('deleted_at', models.DateTimeField(help_text='When the artefacts were deleted', null=True)),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='isolation_requests', to='tenants.tenant')),
                ('version', models.ForeignKey(db_constraint=False, help_text='The isolated version that went into service first', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='modelregistry.modelversion')),
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
            name='IsolationStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('requested', 'Waiting for a decision'), ('approved', 'Approved'), ('declined', 'Declined'), ('cancelled', 'Withdrawn'), ('training', 'Training'), ('serving', 'Serving'), ('disabled', 'Disabled')], max_length=10)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('request', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='modelregistry.isolationrequest')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='isolation_steps', to='tenants.tenant')),
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
        migrations.AddIndex(
            model_name='isolationrequest',
            index=models.Index(fields=['state', 'created_at'], name='isolation_by_state'),
        ),
        migrations.AddConstraint(
            model_name='isolationrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['requested', 'approved', 'training', 'serving'])), fields=('tenant', 'model'), name='isolation_one_open'),
        ),
        migrations.AddIndex(
            model_name='isolationstep',
            index=models.Index(fields=['tenant', 'request'], name='isolation_steps'),
        ),
        ProtectTable("IsolationRequest", referenced=True),
        ProtectTable("IsolationStep"),
    ]
