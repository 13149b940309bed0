"""Routes of the shops' API of experiments, under /api/v1/."""

from django.urls import path

from modelregistry.api import experiments

urlpatterns = [
    path("experiments", experiments.ExperimentsView.as_view(), name="experiments"),
    path("experiments/<int:number>", experiments.ExperimentView.as_view(), name="experiment"),
    path("experiments/<int:number>/days", experiments.ExperimentDaysView.as_view(), name="experiment-days"),
]
