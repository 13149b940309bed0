"""Routes inside a shop."""

from django.urls import path

from anomalies.panel import alerts, channels, expected

urlpatterns = [
    path("alerts", alerts.alerts, name="alerts"),
    path("alerts/banner", alerts.banner_part, name="alert-banner"),
    path("alerts/channels", channels.channels, name="alert-channels"),
    path("alerts/channels/new", channels.new, name="alert-channel-new"),
    path("alerts/channels/<int:pk>", channels.channel, name="alert-channel"),
    path("alerts/channels/<int:pk>/switch", channels.switch, name="alert-channel-switch"),
    path("alerts/channels/<int:pk>/test", channels.test, name="alert-channel-test"),
    path("alerts/channels/<int:pk>/remove", channels.remove, name="alert-channel-remove"),
    path("alerts/expected", expected.expected, name="expected"),
    path("alerts/expected/new", expected.new, name="expected-new"),
    path("alerts/expected/<int:pk>", expected.edit, name="expected-edit"),
    path("alerts/expected/<int:pk>/remove", expected.remove, name="expected-remove"),
    path("alerts/expected/<int:pk>/put-back", expected.put_back, name="expected-put-back"),
    path("alerts/<int:pk>", alerts.alert, name="alert"),
    path("alerts/<int:pk>/dismiss", alerts.dismiss, name="alert-dismiss"),
    path("alerts/<int:pk>/<slug:verb>", alerts.act, name="alert-act"),
]
