"""Routes."""

from django.urls import path

from modelregistry.backoffice import actions, experiments, isolation, registry, versions

urlpatterns = [
    path("isolation-requests", isolation.requests, name="isolation-requests"),
    path("isolation-requests/new", isolation.create, name="isolation-new"),
    path("isolation-requests/<int:pk>", isolation.detail, name="isolation-request"),
    path("isolation-requests/<int:pk>/progress", isolation.progress, name="isolation-request-progress"),
    path("isolation-requests/<int:pk>/approve", isolation.approve, name="isolation-approve"),
    path("isolation-requests/<int:pk>/decline", isolation.decline, name="isolation-decline"),
    path("isolation-requests/<int:pk>/retrain", isolation.retrain, name="isolation-retrain"),
    path("isolation-requests/<int:pk>/disable", isolation.disable, name="isolation-disable"),
    path("isolation-requests/<int:pk>/delete", isolation.delete, name="isolation-delete"),
    path("models/experiments", experiments.index, name="experiments"),
    path("models/experiments/<slug:slug>/<int:number>", experiments.detail, name="tenant-experiment"),
    path("models/experiments/<slug:slug>/<int:number>/share", experiments.share, name="tenant-experiment-share"),
    path("models/experiments/<slug:slug>/<int:number>/<slug:verb>", experiments.act, name="tenant-experiment-act"),
    path("models", versions.models, name="models"),
    path("models/terms", registry.terms, name="models-terms"),
    path("models/metrics", registry.metrics, name="models-metrics"),
    path("models/<slug:slug>/compare", registry.compare, name="models-compare"),
    path("models/<slug:slug>/live", registry.live, name="models-live"),
    path("models/<slug:slug>/<int:number>", registry.version, name="models-version"),
    path("models/upload", actions.upload, name="models-upload"),
    path("models/<slug:slug>/<int:number>/activate", actions.activate, name="models-activate"),
    path("models/<slug:slug>/<int:number>/release", actions.begin, name="models-release-begin"),
    path("models/<slug:slug>/undo", actions.undo, name="models-undo"),
    path("models/<slug:slug>/release", actions.release, name="models-release"),
    path("models/<slug:slug>/release/advance", actions.advance, name="models-release-advance"),
    path("models/<slug:slug>/release/cancel", actions.cancel, name="models-release-cancel"),
    path("models/<slug:slug>/roll-back", versions.rollback, name="roll-back-tenant"),
]
