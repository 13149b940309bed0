"""How the published schema describes an API key, and what it needs."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from tenants import idempotency
from tenants.api_keys import PUBLISHABLE_SCOPES

_KEY = {
    "in": "header",
    "name": idempotency.HEADER,
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "description": "Any new value, such as a UUID. A call that is sent again with the same key and body within 24 "
    "hours is answered as before, with `Idempotent-Replayed: true`, and done once. Another body: 422. The first call "
    "is still running: 409. A call that was refused changed nothing, and its key may be used again.",
}


class ApiSchema(AutoSchema):
    """Says of every call which scope its key needs, and of every write that it takes an Idempotency-Key."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        scope = getattr(self.view, "scope", None)
        needed = scope.get(self.method, "") if isinstance(scope, dict) else scope
        if operation and needed:
            whose = " Publishable keys have it." if needed in PUBLISHABLE_SCOPES else ""
            said = operation.get("description", "")
            operation["description"] = f"{said}\n\nNeeds the scope `{needed}`.{whose}".strip()
            if self.method in idempotency.METHODS and needed.endswith(":write"):
                operation.setdefault("parameters", []).append(_KEY)
        return operation


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.api.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key of the shop: lb_live_… or lb_test_…"}


class StaffScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.api.staff.StaffSession"
    name = "StaffSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        text = "The session of somebody of the platform's staff; writes also send X-CSRFToken"
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": text}
