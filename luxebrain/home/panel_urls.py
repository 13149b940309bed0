"""Routes of the tenant panel that belong to no single app."""

from django.urls import path

from luxebrain.home import views

urlpatterns = [
    path("overview", views.tenant_overview, name="overview"),
    path("overview/<slug:name>", views.tenant_card, name="overview-card"),
]
