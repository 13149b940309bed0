"""The tenants app: people, keys, plans, usage, work and audit."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Tenants"

    def ready(self) -> None:
        from tenants import tasks  # noqa: F401  (registers the handlers of background work)
        from tenants.api import schema  # noqa: F401
