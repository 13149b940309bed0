"""Routes."""

from django.urls import path

from recommendations.backoffice import training

urlpatterns = [path("models/<slug:slug>/train", training.train, name="train-tenant")]
