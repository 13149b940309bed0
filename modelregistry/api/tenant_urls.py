"""Routes of the shops' API of models, under /api/v1/models/."""

from django.urls import path

from modelregistry.api import isolation

urlpatterns = [
    path("isolation-status", isolation.StatusView.as_view(), name="isolation-status"),
    path("request-isolation", isolation.AskView.as_view(), name="request-isolation"),
]
