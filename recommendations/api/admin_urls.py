"""Routes of the staff's API that ask for work of this app, under /api/admin/."""

from django.urls import path

from recommendations.api import batch_admin
from recommendations.api.model_training import TrainingStatusView, TrainView

urlpatterns = [
    path("batch/stats", batch_admin.StatsView.as_view(), name="admin-batch-stats"),
    path("batch/retry/<uuid:job_id>", batch_admin.RetryView.as_view(), name="admin-batch-retry"),
    path("batch/pause/<slug:slug>", batch_admin.PauseView.as_view(), name="admin-batch-pause"),
    path("batch/resume/<slug:slug>", batch_admin.ResumeView.as_view(), name="admin-batch-resume"),
    path("models/<int:version_id>/train", TrainView.as_view(), name="admin-models-train"),
    path("models/<int:version_id>/training-status", TrainingStatusView.as_view(), name="admin-models-training"),
]
