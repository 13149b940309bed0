"""The tables of anomalies: incidents, rules, streams and notices."""

import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0008_occurrences'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='WatchMark',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('position', models.BigIntegerField(default=0)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='PlatformIncident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(max_length=40)),
                ('side', models.CharField(choices=[('up', 'Above'), ('down', 'Below'), ('none', 'No data')], max_length=4)),
                ('state', models.CharField(choices=[('new', 'Open'), ('acknowledged', 'Acknowledged'), ('archived', 'Archived'), ('resolved', 'Resolved')], default='new', max_length=12)),
                ('severity', models.CharField(choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High')], default='high', max_length=6)),
                ('tenant_count', models.PositiveIntegerField(default=0)),
                ('active_count', models.PositiveIntegerField(default=0)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('resolved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-last_seen_at'],
            },
        ),
        migrations.CreateModel(
            name='AnomalyIncident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(max_length=40)),
                ('side', models.CharField(choices=[('up', 'Above'), ('down', 'Below'), ('none', 'No data')], max_length=4)),
                ('kind', models.CharField(default='limit', help_text='limit, baseline, occurrence or silence', max_length=10)),
                ('state', models.CharField(choices=[('new', 'Open'), ('acknowledged', 'Acknowledged'), ('archived', 'Archived'), ('resolved', 'Resolved')], default='new', max_length=12)),
                ('sub_state', models.CharField(blank=True, choices=[('', '—'), ('ongoing', 'Ongoing'), ('escalating', 'Escalating'), ('regressed', 'Came back')], max_length=10)),
                ('severity', models.CharField(choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High')], default='medium', max_length=6)),
                ('count', models.PositiveIntegerField(default=1)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('observed', models.FloatField(default=0)),
                ('peak', models.FloatField(default=0)),
                ('limit', models.FloatField(null=True)),
                ('expected', models.FloatField(null=True)),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('log10p', models.FloatField(null=True)),
                ('quiet_buckets', models.PositiveSmallIntegerField(default=0)),
                ('facts', models.JSONField(default=dict)),
                ('archive_kind', models.CharField(blank=True, choices=[('', '—'), ('until', 'Until a date'), ('escalates', 'Until it gets worse'), ('forever', 'For good')], max_length=10)),
                ('archived_until', models.DateTimeField(null=True)),
                ('archived_severity', models.CharField(blank=True, max_length=6)),
                ('verdict', models.CharField(blank=True, choices=[('', '—'), ('real', 'Real'), ('expected', 'Expected'), ('false_alarm', 'False alarm')], max_length=12)),
                ('resolved_at', models.DateTimeField(null=True)),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('notified_at', models.DateTimeField(help_text='When people were last told: the cool-down begins here', null=True)),
                ('group', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='grouped', to='anomalies.anomalyincident')),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='anomaly_incidents', to='tenants.tenant')),
                ('platform', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='held_back', to='anomalies.platformincident')),
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
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(max_length=500)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Stream',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(max_length=40)),
                ('engine', models.CharField(help_text='count or real', max_length=5)),
                ('state', models.BinaryField(default=bytes)),
                ('read_until', models.DateTimeField()),
                ('silent_since', models.DateTimeField(null=True)),
                ('raised_until', models.DateTimeField(null=True)),
                ('cumulative', models.FloatField(null=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='streams', to='tenants.tenant')),
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
            name='StreamPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(max_length=40)),
                ('at', models.DateTimeField()),
                ('value', models.FloatField(null=True)),
                ('exposure', models.FloatField(default=1)),
                ('expected', models.FloatField(null=True)),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('log10p', models.FloatField(null=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stream_points', to='tenants.tenant')),
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
            name='AlertRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(max_length=40)),
                ('kind', models.CharField(choices=[('limit', 'Fixed limit'), ('baseline', 'Learned baseline')], max_length=8)),
                ('threshold', models.FloatField()),
                ('window_seconds', models.PositiveIntegerField(default=300)),
                ('severity', models.CharField(blank=True, choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High')], help_text='blank = by strangeness', max_length=6)),
                ('action', models.CharField(blank=True, choices=[('', 'Only tell'), ('throttle', 'Throttle the key'), ('suspend', 'Suspend the key'), ('roll_back', 'Roll back the model version')], max_length=10)),
                ('channels', models.JSONField(blank=True, default=list)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('plan', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.plan')),
                ('tenant', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alert_rules', to='tenants.tenant')),
            ],
            options={
                'ordering': ['metric', 'id'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'plan', 'metric', 'kind'), name='alert_rule_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='AlertNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('transition', models.CharField(max_length=12)),
                ('event_id', models.BigIntegerField(default=0)),
                ('audience', models.CharField(default='platform', max_length=8)),
                ('severity', models.CharField(max_length=6)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('digest', 'In the digest'), ('dropped', 'Held back')], default='waiting', max_length=8)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alert_notices', to='tenants.tenant')),
                ('incident', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='anomalies.anomalyincident')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(fields=['state', 'id'], name='alert_notice_waiting'), models.Index(fields=['tenant', 'created_at'], name='alert_notice_by_day')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'incident', 'transition', 'event_id', 'audience'), name='alert_notice_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='BannerDismissal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('severity', models.CharField(max_length=6)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('incident', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='dismissals', to='anomalies.anomalyincident')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='banner_dismissals', to='tenants.tenant')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'incident', 'user'), name='banner_dismissed_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ExpectedWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(blank=True, max_length=40)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='expected_windows', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-starts_at'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(fields=['tenant', 'ends_at'], name='expected_window_by_end')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='IncidentEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(max_length=20)),
                ('actor_label', models.CharField(blank=True, max_length=160)),
                ('from_state', models.CharField(blank=True, max_length=12)),
                ('to_state', models.CharField(blank=True, max_length=12)),
                ('note', models.TextField(blank=True)),
                ('before', models.JSONField(default=dict)),
                ('happened_at', models.DateTimeField(auto_now_add=True)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='history', to='anomalies.anomalyincident')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='incident_events', to='tenants.tenant')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(fields=['tenant', 'incident', 'id'], name='incident_event_by_time')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name='platformincident',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'resolved'), _negated=True), fields=('metric', 'side'), name='platform_incident_once'),
        ),
        migrations.AddIndex(
            model_name='anomalyincident',
            index=models.Index(fields=['tenant', 'state', '-last_seen_at'], name='incident_by_state'),
        ),
        migrations.AddIndex(
            model_name='anomalyincident',
            index=models.Index(fields=['state', '-last_seen_at'], name='incident_all_by_state'),
        ),
        migrations.AddIndex(
            model_name='anomalyincident',
            index=models.Index(fields=['tenant', 'group'], name='incident_by_group'),
        ),
        migrations.AddConstraint(
            model_name='anomalyincident',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'resolved'), _negated=True), fields=('tenant', 'metric', 'side'), name='incident_open_once'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('user', 'name'), name='saved_view_once'),
        ),
        migrations.AddConstraint(
            model_name='stream',
            constraint=models.UniqueConstraint(fields=('tenant', 'metric'), name='stream_once'),
        ),
        migrations.AddIndex(
            model_name='streampoint',
            index=models.Index(fields=['at'], name='stream_point_by_age'),
        ),
        migrations.AddConstraint(
            model_name='streampoint',
            constraint=models.UniqueConstraint(fields=('tenant', 'metric', 'at'), name='stream_point_once'),
        ),
    ]
