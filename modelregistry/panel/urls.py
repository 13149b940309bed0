"""Routes."""

from django.urls import path

from modelregistry.panel import versions

urlpatterns = [
    path("models/roll-back", versions.rollback, name="roll-back"),
    path("models/<int:number>", versions.detail, name="model-version"),
    path("models/<int:number>/activate", versions.activate, name="activate-version"),
]
