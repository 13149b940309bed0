"""Routes of the shops' API: recommendations, events and the catalogue."""

from django.urls import path

from recommendations.api.audience_uploads import AudienceReplacedView, AudienceUploadView
from recommendations.api.audiences import AudienceCountView, AudiencesView, AudienceView
from recommendations.api.batch import (
    BatchCancelView,
    BatchDownloadView,
    BatchJobsView,
    BatchJobView,
    BatchPauseView,
    BatchResumeView,
    BatchRetryFailedView,
    BatchRetryView,
)
from recommendations.api.catalogue import (
    CustomersView,
    CustomerView,
    OrdersView,
    OrderView,
    ProductsView,
    ProductView,
)
from recommendations.api.control import PlacementsView, PlacementView, RulesView, RuleView
from recommendations.api.events import EventView, events
from recommendations.api.privacy import ErasuresView, ErasureView, ExportView
from recommendations.api.recommend import cross_sell, outfit, recommend
from recommendations.api.webhooks import WebhookView, generic, shopify, woocommerce

urlpatterns = [
    path("recommendations", recommend, name="recommend"),
    path("recommendations/", recommend),
    path("recommendations/batch", BatchJobsView.as_view(), name="batch-jobs"),
    path("recommendations/batch/<uuid:job_id>", BatchJobView.as_view(), name="batch-job"),
    path("recommendations/batch/<uuid:job_id>/download", BatchDownloadView.as_view(), name="batch-download"),
    path("recommendations/batch/<uuid:job_id>/pause", BatchPauseView.as_view(), name="batch-pause"),
    path("recommendations/batch/<uuid:job_id>/resume", BatchResumeView.as_view(), name="batch-resume"),
    path("recommendations/batch/<uuid:job_id>/cancel", BatchCancelView.as_view(), name="batch-cancel"),
    path("recommendations/batch/<uuid:job_id>/retry", BatchRetryView.as_view(), name="batch-retry"),
    path("recommendations/batch/<uuid:job_id>/retry-failed", BatchRetryFailedView.as_view(), name="batch-retry-failed"),
    path("audiences", AudiencesView.as_view(), name="audiences"),
    path("audiences/", AudiencesView.as_view()),
    path("audiences/count", AudienceCountView.as_view(), name="audience-count"),
    path("audiences/upload", AudienceUploadView.as_view(), name="audience-upload"),
    path("audiences/<int:audience_id>", AudienceView.as_view(), name="audience"),
    path("audiences/<int:audience_id>/upload", AudienceReplacedView.as_view(), name="audience-replaced"),
    path("recommendations/cross-sell/<path:product_id>", cross_sell, name="recommend-cross-sell"),
    path("recommendations/outfit/<path:product_id>", outfit, {"kind": "outfit"}, name="recommend-outfit"),
    path("events", events, name="events"),
    path("events/", events),
    path("events/<uuid:event_id>", EventView.as_view(), name="event"),
    path("products", ProductsView.as_view(), name="products"),
    path("products/", ProductsView.as_view()),
    path("products/<path:external_id>", ProductView.as_view(), name="product"),
    path("customers", CustomersView.as_view(), name="customers"),
    path("customers/", CustomersView.as_view()),
    path("customers/<path:external_id>/export", ExportView.as_view(), name="customer-export"),
    path("privacy/erasures", ErasuresView.as_view(), name="erasures"),
    path("privacy/erasures/<uuid:public_id>", ErasureView.as_view(), name="erasure"),
    path("customers/<path:external_id>", CustomerView.as_view(), name="customer"),
    path("orders", OrdersView.as_view(), name="orders"),
    path("orders/", OrdersView.as_view()),
    path("orders/<path:external_id>", OrderView.as_view(), name="order"),
    path("placements", PlacementsView.as_view(), name="control-placements"),
    path("placements/", PlacementsView.as_view()),
    path("placements/<str:code>", PlacementView.as_view(), name="control-placement"),
    path("rules", RulesView.as_view(), name="control-rules"),
    path("rules/", RulesView.as_view()),
    path("rules/<int:rule_id>", RuleView.as_view(), name="control-rule"),
    path("hooks/woocommerce/<str:token>", woocommerce, name="hook-woocommerce"),
    path("hooks/woocommerce/<str:token>/", woocommerce),
    path("hooks/shopify/<str:token>", shopify, name="hook-shopify"),
    path("hooks/shopify/<str:token>/", shopify),
    path("hooks/generic/<str:token>", generic, name="hook-generic"),
    path("hooks/generic/<str:token>/", generic),
    path("webhooks/<str:event>", WebhookView.as_view(), name="webhook"),
    path("webhooks/<str:event>/", WebhookView.as_view()),
]
