"""Routes."""

from django.urls import path

from modelregistry.panel import looking, versions

urlpatterns = [
    path("models/metrics", looking.metrics, name="model-metrics"),
    path("models/compare", looking.compare, name="compare-versions"),
    path("models/live", looking.live, name="live-version"),
    path("models/roll-back", versions.rollback, name="roll-back"),
    path("models/<int:number>", versions.detail, name="model-version"),
    path("models/<int:number>/activate", versions.activate, name="activate-version"),
]
