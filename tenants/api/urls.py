"""Routes of the API that belong to no shop's catalogue: limits."""

from django.urls import path

from tenants.api.limits import LimitStatus

urlpatterns = [
    path("limits/status", LimitStatus.as_view(), name="limits-status"),
]
