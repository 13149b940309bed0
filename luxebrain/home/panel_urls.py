"""Routes of the tenant panel that belong to no single app."""

urlpatterns: list = []
