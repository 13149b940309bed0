"""Routes of the staff's API, under /api/admin/. Those with a fixed name stand before the one with a shop's."""

from django.urls import path

from anomalies.api import incidents, streams

urlpatterns = [
    path("alerts", incidents.AlertsView.as_view(), name="admin-alerts"),
    path("anomalies/count", incidents.CountView.as_view(), name="admin-anomalies-count"),
    path("anomalies/resolve", incidents.ResolveView.as_view(), name="admin-anomalies-resolve"),
    path("anomalies/<str:tenant>", incidents.TenantView.as_view(), name="admin-anomalies-of-tenant"),
    path("anomalies/<str:tenant>/streams", streams.StreamsView.as_view(), name="admin-streams-of-tenant"),
]
