"""Routes of the staff's API that ask for work of this app, under /api/admin/."""

from django.urls import path

from recommendations.api.model_training import TrainingStatusView, TrainView

urlpatterns = [
    path("models/<int:version_id>/train", TrainView.as_view(), name="admin-models-train"),
    path("models/<int:version_id>/training-status", TrainingStatusView.as_view(), name="admin-models-training"),
]
