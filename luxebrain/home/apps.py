"""The pages of no single app, and the checks that refuse a half-configured start."""

from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "luxebrain.home"
    label = "home"

    def ready(self) -> None:
        from luxebrain.home import checks, store_checks  # noqa: F401
