"""Routes of the staff's API of versions, under /api/admin/models/."""

from django.urls import path

from modelregistry.api import figures, versions

urlpatterns = [
    path("register", versions.RegisterView.as_view(), name="admin-models-register"),
    path("activate", versions.ActivateView.as_view(), name="admin-models-activate"),
    path("rollback", versions.RollbackView.as_view(), name="admin-models-rollback"),
    path("undo", versions.UndoView.as_view(), name="admin-models-undo"),
    path("track", figures.TrackView.as_view(), name="admin-models-track"),
    path("performance", figures.PerformanceView.as_view(), name="admin-models-performance"),
    path("list/<str:model>", versions.ListView.as_view(), name="admin-models-list"),
    path("metrics-history/<str:model>", figures.HistoryView.as_view(), name="admin-models-metrics-history"),
    path("<int:version_id>/metrics", figures.MetricsView.as_view(), name="admin-models-metrics"),
]
