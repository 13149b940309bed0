"""The demo storefront's addresses."""

from django.urls import path

from demo import views

app_name = "demo"
urlpatterns = [
    path("", views.shops, name="shops"),
    path("<slug:slug>", views.shelves, name="shop"),
    path("<slug:slug>/", views.shelves),
    path("<slug:slug>/products/<str:product_id>", views.product, name="product"),
    path("<slug:slug>/cart", views.show_cart, name="cart"),
    path("<slug:slug>/cart/<str:product_id>", views.change_cart, name="cart-change"),
    path("<slug:slug>/customer", views.be_customer, name="customer"),
    path("<slug:slug>/checkout", views.check_out, name="checkout"),
    path("<slug:slug>/orders/<str:order_id>", views.thanks, name="thanks"),
]
