"""Routes."""

from django.urls import path

from recommendations.backoffice import deliveries, experiments, holds, monitoring, training

urlpatterns = [
    path("tenants/<slug:slug>/webhooks", deliveries.deliveries, name="tenant-deliveries"),
    path("tenants/<slug:slug>/webhooks/<int:pk>", deliveries.delivery, name="tenant-delivery"),
    path("tenants/<slug:slug>/webhooks/<int:pk>/inside", deliveries.look_inside, name="tenant-delivery-inside"),
    path("models/<slug:slug>/train", training.train, name="train-tenant"),
    path("models/experiments/new", experiments.choose, name="experiment-shop"),
    path("models/experiments/<slug:slug>/new", experiments.new, name="tenant-experiment-new"),
    path("models/experiments/<slug:slug>/new/forecast", experiments.look_ahead, name="tenant-experiment-forecast"),
    path("monitoring", monitoring.monitoring, name="monitoring"),
    path("monitoring/live", monitoring.live, name="monitoring-live"),
    path("monitoring/<slug:slug>/pause", holds.pause, name="monitoring-pause"),
    path("monitoring/<slug:slug>/resume", holds.resume, name="monitoring-resume"),
    path("monitoring/<slug:slug>/pause/<int:pk>/put-back", holds.put_back, name="monitoring-put-back"),
    path("monitoring/<slug:slug>/<uuid:public_id>/retry", monitoring.retry, name="monitoring-retry"),
    path("monitoring/<slug:slug>/<uuid:public_id>/cancel", monitoring.cancel, name="monitoring-cancel"),
]
