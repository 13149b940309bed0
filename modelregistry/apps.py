"""The model registry: versions, aliases, artefacts and their figures."""

from django.apps import AppConfig


class ModelRegistryConfig(AppConfig):
    name = "modelregistry"
    verbose_name = "Model registry"
