"""Routes."""

from django.urls import path

from recommendations.backoffice import monitoring, training

urlpatterns = [
    path("models/<slug:slug>/train", training.train, name="train-tenant"),
    path("monitoring", monitoring.monitoring, name="monitoring"),
    path("monitoring/live", monitoring.live, name="monitoring-live"),
    path("monitoring/<slug:slug>/pause", monitoring.pause_tenant, name="monitoring-pause"),
    path("monitoring/<slug:slug>/resume", monitoring.resume_tenant, name="monitoring-resume"),
    path("monitoring/<slug:slug>/<uuid:public_id>/retry", monitoring.retry, name="monitoring-retry"),
    path("monitoring/<slug:slug>/<uuid:public_id>/cancel", monitoring.cancel, name="monitoring-cancel"),
]
