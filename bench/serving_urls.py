"""The product with one more route: an empty view; with BENCH_BARE=1 nothing but that view."""

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

if os.environ.get("BENCH_BARE"):
    settings.configure(
        ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY=os.environ["LUX_SECRET_KEY"], MIDDLEWARE=[], USE_TZ=True
    )
    django.setup()
    urlpatterns = [path("bench/empty", lambda request: HttpResponse(b"{}", content_type="application/json"))]
else:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luxebrain.settings")
    django.setup()
    from luxebrain.urls import urlpatterns

    urlpatterns = [*urlpatterns, path("bench/empty", lambda request: HttpResponse(b"{}"))]
    settings.ROOT_URLCONF = __name__
if os.environ.get("BENCH_BARE"):
    application = get_wsgi_application()
else:
    from luxebrain.wsgi import application  # noqa: F401
