"""The worker's application in the drill of a dead Slack: the product's own, waiting a sixtieth between its attempts."""

import django

from luxebrain.celery import app

django.setup()

from anomalies.channels import telling  # noqa: E402  (needs the apps to be loaded)

__all__ = ["app"]
FASTER = 60  # an hour of waiting passes in a minute

telling.WAITS = tuple(seconds / FASTER for seconds in telling.WAITS)
