"""Routes of the tenant panel: the preview of recommendations, the models and the catalogue."""

from django.urls import path

from recommendations.panel import catalogue, models, preview, readiness

urlpatterns = [
    path("recommendations", preview.recommendations, name="recommendations"),
    path("models", models.models, name="models"),
    path("models/training", models.progress, name="training"),
    path("models/train", models.train, name="train-model"),
    path("catalogue", catalogue.products, name="catalogue"),
    path("catalogue/products/<path:external_id>", catalogue.product, name="product"),
    path("catalogue/customers", catalogue.customers, name="customers"),
    path("catalogue/customers/<path:external_id>", catalogue.customer, name="customer"),
    path("catalogue/orders", catalogue.orders, name="orders"),
    path("catalogue/orders/<path:external_id>", catalogue.order, name="order"),
    path("catalogue/imports", catalogue.imports, name="imports"),
    path("catalogue/imports/<int:pk>", catalogue.import_run, name="import"),
    path("catalogue/readiness", readiness.readiness, name="readiness"),
]
