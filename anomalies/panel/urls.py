"""Routes inside a shop."""

from django.urls import path

from anomalies.panel import alerts, channels

urlpatterns = [
    path("alerts", alerts.alerts, name="alerts"),
    path("alerts/banner", alerts.banner_part, name="alert-banner"),
    path("alerts/channels", channels.channels, name="alert-channels"),
    path("alerts/channels/new", channels.new, name="alert-channel-new"),
    path("alerts/channels/<int:pk>", channels.channel, name="alert-channel"),
    path("alerts/channels/<int:pk>/switch", channels.switch, name="alert-channel-switch"),
    path("alerts/channels/<int:pk>/test", channels.test, name="alert-channel-test"),
    path("alerts/channels/<int:pk>/remove", channels.remove, name="alert-channel-remove"),
    path("alerts/<int:pk>", alerts.alert, name="alert"),
    path("alerts/<int:pk>/dismiss", alerts.dismiss, name="alert-dismiss"),
    path("alerts/<int:pk>/<slug:verb>", alerts.act, name="alert-act"),
]
