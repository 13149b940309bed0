"""Routes of the shops' API: recommendations, events and the catalogue."""

from django.urls import path

from recommendations.api.recommend import recommend

urlpatterns = [
    path("recommendations", recommend, name="recommend"),
    path("recommendations/", recommend),
    path("recommendations/cross-sell/<str:product_id>", recommend, name="recommend-cross-sell"),
]
