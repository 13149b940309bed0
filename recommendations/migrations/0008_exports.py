"""Files that shops take away."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0007_webhook_protect'),
        ('tenants', '0005_plan_file_size'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ExportRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('format', models.CharField(max_length=10)),
                ('first', models.DateField(null=True)),
                ('last', models.DateField(null=True)),
                ('state', models.CharField(choices=[('running', 'Being made'), ('done', 'Ready'), ('failed', 'Failed'), ('gone', 'Removed')], default='running', max_length=10)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(null=True)),
                ('stored', models.CharField(blank=True, max_length=64)),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('working_since', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('kept_until', models.DateTimeField(null=True)),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='export_runs', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(fields=['tenant', 'state', 'created_at'], name='export_by_state')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        ProtectTable("ExportRun"),
    ]
