"""Experiments and what their arms brought, day by day."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('modelregistry', '0006_lists_bought'),
        ('tenants', '0008_occurrences'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Experiment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('key', models.CharField(max_length=40)),
                ('name', models.CharField(max_length=80)),
                ('hypothesis', models.CharField(blank=True, max_length=500)),
                ('model', models.CharField(default='recommendation', max_length=40)),
                ('unit', models.CharField(choices=[('version', 'Model version'), ('weights', 'Blend weights'), ('rules', 'Rule set'), ('holdout', 'Holdout: no personal recommendations')], max_length=8)),
                ('a', models.JSONField(default=dict)),
                ('b', models.JSONField(default=dict)),
                ('share_b', models.PositiveSmallIntegerField(default=50)),
                ('placements', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('goal', models.CharField(choices=[('clicks', 'Subjects who clicked'), ('conversion', 'Subjects who ordered'), ('revenue', 'Revenue per subject')], default='conversion', max_length=10)),
                ('automatic', models.CharField(choices=[('nothing', 'Only says so'), ('stop', 'Stops: all go back to what was there before'), ('conclude', 'Gives the winner everything')], default='nothing', max_length=8)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('running', 'Running'), ('stopped', 'Stopped'), ('concluded', 'Concluded')], default='draft', max_length=9)),
                ('phase', models.PositiveSmallIntegerField(default=1)),
                ('minimum_subjects', models.PositiveIntegerField(default=1000, help_text='Per arm, before anything is decided')),
                ('planned_end', models.DateField(blank=True, help_text="In the tenant's time zone", null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('phase_started_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('counted_until', models.DateTimeField(help_text='What arrived before stands in the figures', null=True)),
                ('winner', models.CharField(blank=True, help_text='A or B, once it is concluded', max_length=4)),
                ('conclusion', models.CharField(blank=True, max_length=500)),
                ('result', models.JSONField(default=dict)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='experiments', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-number'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ExperimentDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phase', models.PositiveSmallIntegerField()),
                ('arm', models.CharField(max_length=4)),
                ('segment', models.CharField(blank=True, max_length=60)),
                ('day', models.DateField()),
                ('subjects', models.BigIntegerField(default=0)),
                ('crossed', models.BigIntegerField(default=0)),
                ('impressions', models.BigIntegerField(default=0)),
                ('impressions_squared', models.BigIntegerField(default=0)),
                ('clicks', models.BigIntegerField(default=0)),
                ('clicks_squared', models.BigIntegerField(default=0)),
                ('clicks_impressions', models.BigIntegerField(default=0)),
                ('clickers', models.BigIntegerField(default=0)),
                ('carts', models.BigIntegerField(default=0)),
                ('carts_squared', models.BigIntegerField(default=0)),
                ('orders', models.BigIntegerField(default=0)),
                ('orders_squared', models.BigIntegerField(default=0)),
                ('buyers', models.BigIntegerField(default=0)),
                ('revenue', models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ('revenue_squared', models.DecimalField(decimal_places=4, default=0, max_digits=30)),
                ('before_orders', models.BigIntegerField(default=0)),
                ('before_orders_squared', models.BigIntegerField(default=0)),
                ('before_orders_orders', models.BigIntegerField(default=0)),
                ('before_revenue', models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ('before_revenue_squared', models.DecimalField(decimal_places=4, default=0, max_digits=30)),
                ('before_revenue_revenue', models.DecimalField(decimal_places=4, default=0, max_digits=30)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('experiment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='days', to='modelregistry.experiment')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='experiment_days', to='tenants.tenant')),
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
        migrations.AddIndex(
            model_name='experiment',
            index=models.Index(fields=['tenant', 'state'], name='experiment_by_state'),
        ),
        migrations.AddConstraint(
            model_name='experiment',
            constraint=models.UniqueConstraint(fields=('tenant', 'number'), name='experiment_number'),
        ),
        migrations.AddConstraint(
            model_name='experiment',
            constraint=models.UniqueConstraint(fields=('tenant', 'key'), name='experiment_key'),
        ),
        migrations.AddConstraint(
            model_name='experiment',
            constraint=models.CheckConstraint(condition=models.Q(('share_b__range', (1, 99))), name='experiment_share'),
        ),
        migrations.AddConstraint(
            model_name='experimentday',
            constraint=models.UniqueConstraint(fields=('tenant', 'experiment', 'phase', 'segment', 'day', 'arm'), name='experiment_day_once'),
        ),
        ProtectTable("Experiment", referenced=True),
        ProtectTable("ExperimentDay"),
    ]
