"""Wires the app of anomalies."""

from django.apps import AppConfig


class AnomaliesConfig(AppConfig):
    name = "anomalies"

    def ready(self) -> None:
        from anomalies import tasks  # noqa: F401  (registers the handlers of the app's work)
