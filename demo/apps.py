"""The demo app: installed only with LUX_DEMO=1, and imported by nobody."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "demo"
