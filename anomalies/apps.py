"""Wires the app of anomalies."""

from django.apps import AppConfig


class AnomaliesConfig(AppConfig):
    name = "anomalies"

    def ready(self) -> None:
        from anomalies import audit_said, tasks  # noqa: F401  (registers words of the trail and handlers of work)
