"""Routes of the tenant panel: the preview of recommendations, the models and the catalogue."""

from django.urls import path

from recommendations.panel import catalogue, exports, feeds, import_columns, imports, models, preview, readiness

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
    path("catalogue/imports", imports.imports, name="imports"),
    path("catalogue/imports/new", imports.new, name="import-new"),
    path("catalogue/imports/feeds", feeds.add, name="feed-add"),
    path("catalogue/imports/feeds/<int:pk>/fetch", feeds.fetch, name="feed-fetch"),
    path("catalogue/imports/feeds/<int:pk>/remove", feeds.remove, name="feed-remove"),
    path("catalogue/imports/<int:pk>", imports.run, name="import"),
    path("catalogue/imports/<int:pk>/progress", imports.progress, name="import-progress"),
    path("catalogue/imports/<int:pk>/report.csv", imports.report, name="import-report"),
    path("catalogue/imports/<int:pk>/columns", import_columns.columns, name="import-columns"),
    path("catalogue/imports/<int:pk>/reading", import_columns.reading, name="import-reading"),
    path("catalogue/imports/<int:pk>/kind", import_columns.kind, name="import-kind"),
    path("catalogue/imports/<int:pk>/start", imports.start, name="import-start"),
    path("catalogue/imports/<int:pk>/stop", imports.stop, name="import-stop"),
    path("catalogue/imports/<int:pk>/undo", imports.undo, name="import-undo"),
    path("catalogue/exports", exports.exports, name="exports"),
    path("catalogue/exports/<int:pk>/file", exports.file, name="export-file"),
    path("catalogue/readiness", readiness.readiness, name="readiness"),
]
