"""What a file of the panel needs: how it is read, what it did, and the row that takes it back."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0004_event_by_id'),
        ('tenants', '0004_idempotent_answers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='importrun',
            name='changed',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='importrun',
            name='checked',
            field=models.JSONField(default=dict, help_text='The counts of the dry run'),
        ),
        migrations.AddField(
            model_name='importrun',
            name='columns',
            field=models.JSONField(default=list, help_text="The file's columns with sample values"),
        ),
        migrations.AddField(
            model_name='importrun',
            name='created',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='importrun',
            name='examples',
            field=models.JSONField(default=list, help_text='The first rows of the dry run'),
        ),
        migrations.AddField(
            model_name='importrun',
            name='layout',
            field=models.CharField(blank=True, max_length=30),
        ),
        migrations.AddField(
            model_name='importrun',
            name='mapping',
            field=models.JSONField(default=dict, help_text="Our field → the file's column"),
        ),
        migrations.AddField(
            model_name='importrun',
            name='pieces',
            field=models.PositiveIntegerField(default=0, help_text='How many pieces are done'),
        ),
        migrations.AddField(
            model_name='importrun',
            name='reading',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='importrun',
            name='report',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='importrun',
            name='report_bytes',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='importrun',
            name='requested_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='importrun',
            name='size',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='importrun',
            name='stop_asked',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='importrun',
            name='stored',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='importrun',
            name='total',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='importrun',
            name='undo_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='importrun',
            name='undone',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='importrun',
            name='working_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='importrun',
            name='state',
            field=models.CharField(choices=[('draft', 'Needs you'), ('checking', 'Being checked'), ('checked', 'Ready'), ('running', 'Running'), ('succeeded', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled'), ('undoing', 'Being undone'), ('undone', 'Undone')], default='running', max_length=10),
        ),
        migrations.CreateModel(
            name='ImportMapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('headers', models.CharField(help_text='Digest of the column names', max_length=64)),
                ('kind', models.CharField(max_length=20)),
                ('layout', models.CharField(blank=True, max_length=30)),
                ('mapping', models.JSONField(default=dict)),
                ('used_at', models.DateTimeField(auto_now=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='import_mappings', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'headers'), name='import_mapping_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ImportPiece',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('part', models.PositiveIntegerField()),
                ('kind', models.CharField(max_length=20)),
                ('made', models.JSONField(default=dict)),
                ('changed', models.JSONField(default=dict)),
                ('run', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='recommendations.importrun')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='import_pieces', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'run', 'number', 'kind', 'part'), name='import_piece_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunSQL(  # what the pieces' key points at
            "alter table recommendations_importrun add constraint recommendations_importrun_of_tenant "
            "unique (tenant_id, id)",
            "alter table recommendations_importrun drop constraint recommendations_importrun_of_tenant",
        ),
        ProtectTable("ImportPiece"),
        ProtectTable("ImportMapping"),
    ]
