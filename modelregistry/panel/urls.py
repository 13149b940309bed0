"""Routes."""

from django.urls import path

from modelregistry.panel import actions, experiments, isolated, looking, versions

urlpatterns = [
    path("models/metrics", looking.metrics, name="model-metrics"),
    path("models/compare", looking.compare, name="compare-versions"),
    path("models/terms", looking.terms, name="model-terms"),
    path("models/live", looking.live, name="live-version"),
    path("models/isolated", isolated.isolated, name="isolation"),
    path("models/isolated/progress", isolated.progress, name="isolation-progress"),
    path("models/isolated/request", isolated.ask, name="isolation-ask"),
    path("models/isolated/cancel", isolated.cancel, name="isolation-cancel"),
    path("models/undo", actions.undo, name="undo-version"),
    path("models/release", actions.release, name="model-release"),
    path("models/release/advance", actions.advance, name="model-release-advance"),
    path("models/release/cancel", actions.cancel, name="model-release-cancel"),
    path("models/<int:number>/release", actions.begin, name="model-release-begin"),
    path("models/roll-back", versions.rollback, name="roll-back"),
    path("models/<int:number>", versions.detail, name="model-version"),
    path("models/<int:number>/activate", versions.activate, name="activate-version"),
    path("experiments", experiments.index, name="experiments"),
    path("experiments/<int:number>", experiments.detail, name="experiment"),
    path("experiments/<int:number>/share", experiments.share, name="experiment-share"),
    path("experiments/<int:number>/<slug:verb>", experiments.act, name="experiment-act"),
]
