"""Where every app's urls are mounted."""

from django.conf import settings
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

panel = [
    path("", include("luxebrain.home.panel_urls")),
    path("", include("anomalies.panel.urls")),
    path("", include("recommendations.panel.urls")),
    path("", include("modelregistry.panel.urls")),
    path("", include("tenants.panel.urls")),
]

urlpatterns = [
    path("api/v1/", include("recommendations.api.urls")),  # first: the hot path is resolved first
    path("api/v1/", include("modelregistry.api.experiment_urls")),
    path("api/v1/models/", include("modelregistry.api.tenant_urls")),
    path("", include("luxebrain.home.urls")),
    path("", include("tenants.backoffice.urls")),
    path("", include("anomalies.backoffice.urls")),
    path("", include("recommendations.backoffice.urls")),
    path("", include("modelregistry.backoffice.urls")),
    path("account/", include("tenants.account.urls")),
    path("t/<slug:slug>/", include((panel, "panel"))),
    path("api/admin/", include("recommendations.api.admin_urls")),
    path("api/admin/models/", include("modelregistry.api.urls")),
    path("api/admin/", include("anomalies.api.urls")),
    path("api/", include("tenants.api.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
]
if settings.DEMO:
    urlpatterns.append(path("shop/", include("demo.urls")))

handler400 = "luxebrain.home.errors.bad_request"
handler403 = "luxebrain.home.errors.forbidden"
handler404 = "luxebrain.home.errors.not_found"
handler500 = "luxebrain.home.errors.server_error"
