"""Releases behind guardrails: their checks, and the lists that shadows made."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('modelregistry', '0010_isolation_requests'),
        ('tenants', '0011_orders_for_isolation'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(default='recommendation', max_length=40)),
                ('state', models.CharField(choices=[('shadow', 'Shadow'), ('canary', 'Canary'), ('full', 'In service, watched'), ('done', 'Done'), ('rolled_back', 'Rolled back'), ('cancelled', 'Cancelled')], default='shadow', max_length=12)),
                ('shares', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), default=list, size=None)),
                ('step', models.PositiveSmallIntegerField(default=0)),
                ('limits', models.JSONField(default=dict)),
                ('least_lists', models.PositiveIntegerField(default=200, help_text='Per version and stage, before it goes on')),
                ('stage_hours', models.FloatField(default=24, help_text='At least, of every stage and step')),
                ('goes_on', models.BooleanField(default=True, help_text='Takes the next stage by itself')),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('stage_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('conclusion', models.CharField(blank=True, max_length=500)),
                ('baseline', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='modelregistry.modelversion')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='releases', to='tenants.tenant')),
                ('version', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='releases', to='modelregistry.modelversion')),
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
            name='ReleaseCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('stage', models.CharField(max_length=12)),
                ('step', models.PositiveSmallIntegerField(default=0)),
                ('candidate', models.JSONField(default=dict)),
                ('baseline', models.JSONField(default=dict)),
                ('breaches', models.JSONField(default=list)),
                ('release', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='checks', to='modelregistry.release')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='release_checks', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-at', '-id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ShadowList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recommendation_id', models.CharField(max_length=40)),
                ('at', models.DateTimeField()),
                ('products', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), default=list, size=None)),
                ('scores', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), default=list, size=None)),
                ('seconds', models.FloatField(default=0)),
                ('usual_seconds', models.FloatField(default=0, help_text='The same list by the version in service, there and then')),
                ('fell_back', models.BooleanField(default=False)),
                ('overlap', models.FloatField(null=True)),
                ('error', models.CharField(blank=True, max_length=200)),
                ('release', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='shadow_lists', to='modelregistry.release')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shadow_lists', to='tenants.tenant')),
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
        migrations.AddConstraint(
            model_name='release',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['shadow', 'canary', 'full'])), fields=('tenant', 'model'), name='release_one_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='releasecheck',
            index=models.Index(fields=['tenant', 'release', '-at'], name='release_checks_by_time'),
        ),
        migrations.AddConstraint(
            model_name='shadowlist',
            constraint=models.UniqueConstraint(fields=('tenant', 'release', 'recommendation_id'), name='shadow_list_once'),
        ),
        ProtectTable("Release", referenced=True),
        ProtectTable("ReleaseCheck"),
        ProtectTable("ShadowList"),
    ]
