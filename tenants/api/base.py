"""Base of the API views that read or write a tenant's rows."""

from contextlib import ExitStack
from typing import Any

from django.http import HttpResponse
from rest_framework.views import APIView

from luxebrain.lib.rest import nothing
from tenants import idempotency, tenancy


class TenantView(APIView):
    """Runs its handler inside the key's tenant, in one transaction; a problem rolls it back.

    Subclasses set `scope`, and may set `meter`. Handlers find `self.tenant` and `request.auth`. A write
    with an Idempotency-Key is done once: its answer is stored in the transaction of what it did.
    """

    scope: str | dict[str, str] | None = None
    meter = "api_calls"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method == "OPTIONS":  # what can be asked is no secret, and needs no key
            return nothing(allow=", ".join(self.allowed_methods))
        self.claim: idempotency.Claim | None = None
        with ExitStack() as self.context:
            response = super().dispatch(request, *args, **kwargs)
            if self.claim is not None:
                self.claim.keep(response.render() if hasattr(response, "render") else response)
            return response

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        idempotency.key_of(request._request)
        self.tenant = self.context.enter_context(tenancy.enter(request.auth.tenant_id))
        request._request.tenant = self.tenant
        self.claim = idempotency.claim(self.tenant, request._request)

    def handle_exception(self, error: Exception) -> HttpResponse:
        if isinstance(error, idempotency.Replayed):
            return error.response
        return super().handle_exception(error)
