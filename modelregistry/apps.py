"""The model registry: versions, aliases, artefacts and their figures."""

from django.apps import AppConfig


class ModelRegistryConfig(AppConfig):
    name = "modelregistry"
    verbose_name = "Model registry"

    def ready(self) -> None:
        from modelregistry import tasks  # noqa: F401  (registers the handlers of background work)
