"""The project package: composition root and the Celery application."""

from luxebrain.celery import app as celery_app

__all__ = ["celery_app"]
