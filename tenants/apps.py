"""The tenants app: people, keys, plans, usage, work and audit."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Tenants"
