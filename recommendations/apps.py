"""The recommendations app: catalogue, events, training and serving."""

from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    name = "recommendations"

    def ready(self) -> None:
        from recommendations import (
            audit_said,  # noqa: F401  (registers what acts on batch jobs were done to)
            canaries,  # noqa: F401  (registers what a version must answer before it serves)
            compared,  # noqa: F401  (registers weights and rules as what an experiment compares)
            tasks,  # noqa: F401  (registers the handlers of background work)
        )
