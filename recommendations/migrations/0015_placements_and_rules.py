"""Placements, rules and what holds for all lists of a shop."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0014_data_findings'),
        ('tenants', '0006_event_days_of_plans'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Merchandising',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('en', 'English'), ('de', 'Deutsch'), ('fr', 'Français'), ('es', 'Español'), ('it', 'Italiano'), ('nl', 'Nederlands')], default='en', max_length=2)),
                ('bought_again', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, help_text='Categories whose products people buy again', size=None)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merchandising', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'constraints': [models.UniqueConstraint(fields=('tenant',), name='merchandising_once')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Placement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40)),
                ('name', models.CharField(max_length=80)),
                ('surface', models.CharField(choices=[('home', 'Home page'), ('product', 'Product page'), ('cart', 'Cart'), ('category', 'Category page'), ('search', 'Search results'), ('email', 'E-mail'), ('custom', 'Somewhere else')], default='custom', max_length=8)),
                ('kind', models.CharField(choices=[('personalised', 'Chosen for the shopper'), ('similar', 'Similar to a product'), ('bought_together', 'Bought together with a product'), ('look', 'Completes the look'), ('trending', 'Trending'), ('popular', 'Best sellers'), ('newest', 'New products'), ('viewed', 'Viewed lately'), ('pending_cart', 'Still in the cart'), ('buy_again', 'Buy again')], default='personalised', max_length=16)),
                ('count', models.PositiveSmallIntegerField(default=10)),
                ('weights', models.JSONField(default=dict, help_text='Multipliers by part of the model; 1 where nothing is said')),
                ('filter', models.CharField(blank=True, help_text='Only products that this holds for', max_length=1000)),
                ('fallback', models.CharField(choices=[('popular', 'Best sellers'), ('newest', 'New products'), ('none', 'Nothing: a shorter list')], default='popular', max_length=8)),
                ('bought', models.CharField(choices=[('show', 'As the model says'), ('again', 'Only in categories that are bought again'), ('hide', 'Never')], default='show', max_length=5)),
                ('min_relevance', models.FloatField(default=0.0, help_text='Share of the best score that a product must reach')),
                ('diversity', models.FloatField(default=0.0, help_text='0: best first; 1: as different as possible')),
                ('most_of_category', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('most_of_brand', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('novelty', models.FloatField(default=0.0, help_text='0 to 1: how much best sellers give way')),
                ('rotation', models.FloatField(default=0.0, help_text='0 to 1: how much the order varies from hour to hour')),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='placements', to='tenants.tenant')),
                ('updated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name', 'id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'code'), name='placement_code')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('action', models.CharField(choices=[('pin', 'Pin'), ('boost', 'Boost'), ('bury', 'Bury'), ('exclude', 'Exclude')], max_length=7)),
                ('products', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, size=None)),
                ('filter', models.CharField(blank=True, help_text='Which products, as an expression', max_length=1000)),
                ('factor', models.FloatField(default=2.0, help_text='Boost and bury: what scores are multiplied by')),
                ('position', models.PositiveSmallIntegerField(default=1, help_text='Pin: the place of its first product')),
                ('placements', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, help_text='Empty: all', size=None)),
                ('segment', models.CharField(blank=True, help_text='For which shoppers, as an expression', max_length=1000)),
                ('starts_at', models.DateTimeField(blank=True, null=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='tenants.tenant')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
                'base_manager_name': 'unscoped',
                'default_manager_name': 'unscoped',
                'indexes': [models.Index(fields=['tenant', 'is_active', 'ends_at'], name='rule_by_state')],
            },
            managers=[
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        ProtectTable("Placement"),
        ProtectTable("Rule"),
        ProtectTable("Merchandising"),
    ]
