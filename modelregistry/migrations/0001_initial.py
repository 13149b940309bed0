import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ModelVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(default='recommendation', max_length=40)),
                ('number', models.PositiveIntegerField()),
                ('algorithm', models.CharField(max_length=40)),
                ('parameters', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('ready', 'Ready'), ('failed', 'Failed checks'), ('retired', 'Retired')], default='ready', max_length=10)),
                ('artifact_path', models.CharField(help_text='Relative to the models directory', max_length=300)),
                ('digest', models.CharField(max_length=64)),
                ('size_bytes', models.BigIntegerField(default=0)),
                ('metrics', models.JSONField(default=dict, help_text='Offline metrics on the time split')),
                ('counts', models.JSONField(default=dict, help_text='Customers, products and interactions trained on')),
                ('data_from', models.DateTimeField(null=True)),
                ('data_until', models.DateTimeField(null=True)),
                ('code_version', models.CharField(blank=True, max_length=40)),
                ('train_seconds', models.FloatField(default=0)),
                ('cpu_seconds', models.FloatField(default=0)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='model_versions', to='tenants.tenant')),
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
            name='ModelAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(default='recommendation', max_length=40)),
                ('name', models.CharField(max_length=20)),
                ('moved_at', models.DateTimeField()),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='model_aliases', to='tenants.tenant')),
                ('version', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='aliases', to='modelregistry.modelversion')),
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
            name='AliasMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(default='recommendation', max_length=40)),
                ('name', models.CharField(max_length=20)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('moved_at', models.DateTimeField()),
                ('moved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alias_moves', to='tenants.tenant')),
                ('previous', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='modelregistry.modelversion')),
                ('version', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='moves', to='modelregistry.modelversion')),
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
            name='DailyPerformance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('version', models.PositiveIntegerField(default=0)),
                ('placement', models.CharField(blank=True, max_length=40)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('impressions', models.PositiveIntegerField(default=0)),
                ('clicks', models.PositiveIntegerField(default=0)),
                ('orders', models.PositiveIntegerField(default=0)),
                ('revenue', models.DecimalField(decimal_places=2, default=0, max_digits=16)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='daily_performance', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'day', 'version', 'placement', 'currency'), name='performance_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name='modelversion',
            constraint=models.UniqueConstraint(fields=('tenant', 'model', 'number'), name='version_number'),
        ),
        migrations.AddConstraint(
            model_name='modelalias',
            constraint=models.UniqueConstraint(fields=('tenant', 'model', 'name'), name='alias_once'),
        ),
        migrations.AddIndex(
            model_name='aliasmove',
            index=models.Index(fields=['tenant', 'model', 'name', '-moved_at'], name='alias_history'),
        ),
    ]
