"""Routes of the pages that belong to no single app, and of the addresses that machines ask."""

from django.urls import path

from luxebrain.home import probes

urlpatterns = [
    path("alive", probes.alive, name="alive"),
    path("ready", probes.ready, name="ready"),
    path("health", probes.general, name="health"),
    path("health/db", probes.database, name="health-db"),
    path("startup", probes.startup, name="startup"),
]
