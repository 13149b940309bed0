"""Routes inside a shop."""

from django.urls import path

from anomalies.panel import alerts

urlpatterns = [
    path("alerts", alerts.alerts, name="alerts"),
    path("alerts/banner", alerts.banner_part, name="alert-banner"),
    path("alerts/<int:pk>", alerts.alert, name="alert"),
    path("alerts/<int:pk>/dismiss", alerts.dismiss, name="alert-dismiss"),
    path("alerts/<int:pk>/<slug:verb>", alerts.act, name="alert-act"),
]
