"""What shops say together, and each one's word in it."""

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0025_keys_that_save_audiences'),
        ('tenants', '0017_taking_part'),
    ]

    operations = [
        migrations.CreateModel(
            name='CommonTable',
            fields=[
                ('number', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('place', models.CharField(max_length=300)),
                ('digest', models.CharField(max_length=64)),
                ('size_bytes', models.PositiveBigIntegerField(default=0)),
                ('shops', models.PositiveIntegerField(help_text='Shops that voted')),
                ('pairs', models.PositiveIntegerField(help_text='Pairs that at least three of them know')),
                ('made_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={'ordering': ['-number']},
        ),
        migrations.CreateModel(
            name='ShopVotes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.BinaryField()),
                ('counted', models.BinaryField(default=bytes)),
                ('counted_in', models.PositiveIntegerField(default=0, help_text='Number of the table that holds it')),
                ('orders', models.PositiveIntegerField(default=0)),
                ('made_at', models.DateTimeField()),
                ('held_since', models.DateTimeField(null=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shop_votes', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'constraints': [models.UniqueConstraint(fields=('tenant',), name='shop_votes_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        ProtectTable("ShopVotes"),
        # Published by the operators' role alone; a shop's training reads which one holds.
        migrations.RunSQL(
            "revoke insert, update, delete on recommendations_commontable from lux_app",
            "grant insert, update, delete on recommendations_commontable to lux_app",
        ),
    ]
