"""Routes of the pages that belong to no single app, and of the addresses that machines ask."""

from django.urls import path

from luxebrain.home import dashboard, errors_pages, news, probes, views

urlpatterns = [
    path("", views.start, name="home"),
    path("overview", views.start, name="my-overview"),
    path("news", news.page, name="news"),
    path("news/seen", news.seen, name="news-seen"),
    path("dashboard", dashboard.dashboard, name="dashboard"),
    path("dashboard/<slug:name>", dashboard.dashboard_card, name="dashboard-card"),
    path("errors", errors_pages.error_list, name="errors"),
    path("errors/health", errors_pages.health_part, name="errors-health"),
    path("errors/<int:pk>", errors_pages.error_page, name="error"),
    path("errors/<int:pk>/resolve", errors_pages.resolve, name="error-resolve"),
    path("errors/<int:pk>/reopen", errors_pages.reopen, name="error-reopen"),
    path("errors/work/<int:pk>/retry", errors_pages.retry_work, name="work-retry"),
    path("alive", probes.alive, name="alive"),
    path("ready", probes.ready, name="ready"),
    path("health", probes.general, name="health"),
    path("health/db", probes.database, name="health-db"),
    path("startup", probes.startup, name="startup"),
]
