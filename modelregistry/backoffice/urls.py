"""Routes."""

from django.urls import path

from modelregistry.backoffice import versions

urlpatterns = [
    path("models", versions.models, name="models"),
    path("models/<slug:slug>/roll-back", versions.rollback, name="roll-back-tenant"),
]
