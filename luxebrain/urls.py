"""Where every app's urls are mounted."""

from django.conf import settings
from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerView

from tenants.api.description import DescriptionView, StaffDescriptionView

panel = [
    path("", include("luxebrain.home.panel_urls")),
    path("", include("anomalies.panel.urls")),
    path("", include("recommendations.panel.urls")),
    path("", include("modelregistry.panel.urls")),
    path("", include("tenants.panel.urls")),
]

shops_api = [
    path("api/v1/", include("recommendations.api.urls")),
    path("api/v1/", include("modelregistry.api.experiment_urls")),
    path("api/v1/models/", include("modelregistry.api.tenant_urls")),
    path("api/", include("tenants.api.urls")),
]
staff_api = [
    path("api/admin/", include("recommendations.api.admin_urls")),
    path("api/admin/models/", include("modelregistry.api.urls")),
    path("api/admin/", include("anomalies.api.urls")),
]
urlpatterns = [
    *shops_api,  # first: the hot path is resolved first
    *staff_api,
    path("", include("luxebrain.home.urls")),
    path("", include("tenants.backoffice.urls")),
    path("", include("anomalies.backoffice.urls")),
    path("", include("recommendations.backoffice.urls")),
    path("", include("modelregistry.backoffice.urls")),
    path("account/", include("tenants.account.urls")),
    path("t/<slug:slug>/", include((panel, "panel"))),
    path("api/schema", DescriptionView.as_view(patterns=shops_api), name="schema"),
    path("api/admin/schema", StaffDescriptionView.as_view(patterns=staff_api), name="staff-schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
]
if settings.DEMO:
    urlpatterns.append(path("shop/", include("demo.urls")))

handler400 = "luxebrain.home.errors.bad_request"
handler403 = "luxebrain.home.errors.forbidden"
handler404 = "luxebrain.home.errors.not_found"
handler500 = "luxebrain.home.errors.server_error"
