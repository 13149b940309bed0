"""Routes of the staff's API of versions, under /api/admin/models/."""

from django.urls import path

from modelregistry.api import figures, isolation, trials, versions

urlpatterns = [
    path("register", versions.RegisterView.as_view(), name="admin-models-register"),
    path("activate", versions.ActivateView.as_view(), name="admin-models-activate"),
    path("rollback", versions.RollbackView.as_view(), name="admin-models-rollback"),
    path("undo", versions.UndoView.as_view(), name="admin-models-undo"),
    path("ab-test", trials.AbTestView.as_view(), name="admin-models-ab-test"),
    path("ab-test/list/<str:tenant>", trials.ListView.as_view(), name="admin-models-ab-tests"),
    path("ab-test/share", trials.ShareView.as_view(), name="admin-models-ab-test-share"),
    path("ab-test/stop", trials.StopView.as_view(), name="admin-models-ab-test-stop"),
    path("ab-test/conclude", trials.ConcludeView.as_view(), name="admin-models-ab-test-conclude"),
    path("track", figures.TrackView.as_view(), name="admin-models-track"),
    path("performance", figures.PerformanceView.as_view(), name="admin-models-performance"),
    path("isolation-requests", isolation.RequestsView.as_view(), name="admin-isolation-requests"),
    path("isolation-requests/<int:pk>/<str:action>", isolation.RequestActionView.as_view(), name="admin-isolation-act"),
    path("create-tenant-model", isolation.CreateView.as_view(), name="admin-create-tenant-model"),
    path("list/<str:model>", versions.ListView.as_view(), name="admin-models-list"),
    path("metrics-history/<str:model>", figures.HistoryView.as_view(), name="admin-models-metrics-history"),
    path("<int:version_id>/metrics", figures.MetricsView.as_view(), name="admin-models-metrics"),
]
