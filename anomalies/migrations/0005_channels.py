"""Where people are told of incidents, and what became of each telling."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tenants.schema import ProtectTable


class Migration(migrations.Migration):
    dependencies = [
        ("anomalies", "0004_actions_of_rules"),
        ("tenants", "0011_orders_for_isolation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertChannel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("mail", "E-mail"), ("slack", "Slack"), ("webhook", "Signed webhook")], max_length=8
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("recipients", models.JSONField(blank=True, default=list)),
                ("sealed_url", models.TextField(blank=True)),
                ("host", models.CharField(blank=True, max_length=255)),
                ("sealed_secret", models.TextField(blank=True)),
                ("slack_channel", models.CharField(blank=True, max_length=40)),
                (
                    "min_severity",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")], default="medium", max_length=6
                    ),
                ),
                ("metrics", models.JSONField(blank=True, default=list)),
                ("quiet_from", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("quiet_to", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("digest", models.BooleanField(default=True)),
                ("digested_on", models.DateField(null=True)),
                ("is_active", models.BooleanField(default=True)),
                ("test_state", models.CharField(blank=True, max_length=8)),
                ("test_reason", models.CharField(blank=True, max_length=200)),
                ("tested_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alert_channels",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "name", "id"],
            },
        ),
        migrations.CreateModel(
            name="AlertDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("transition", models.CharField(max_length=12)),
                ("recipient", models.CharField(blank=True, max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("unclear", "Unclear"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("reference", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="anomalies.alertchannel",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="anomalies.alertnotice",
                    ),
                ),
                (
                    "platform",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="anomalies.platformincident",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="alertchannel",
            index=models.Index(fields=["tenant", "is_active"], name="alert_channel_by_tenant"),
        ),
        migrations.AddIndex(
            model_name="alertdelivery",
            index=models.Index(fields=["channel", "-id"], name="alert_delivery_by_channel"),
        ),
        migrations.AddConstraint(
            model_name="alertdelivery",
            constraint=models.UniqueConstraint(fields=("notice", "channel", "recipient"), name="alert_delivery_once"),
        ),
        migrations.AddConstraint(
            model_name="alertdelivery",
            constraint=models.UniqueConstraint(
                fields=("platform", "transition", "channel", "recipient"), name="alert_delivery_platform_once"
            ),
        ),
        ProtectTable("AlertChannel"),
        migrations.RunSQL("revoke all on anomalies_alertdelivery from lux_app", migrations.RunSQL.noop),
    ]
