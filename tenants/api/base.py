"""Base of the API views that read or write a tenant's rows."""

from contextlib import ExitStack
from typing import Any

from rest_framework.views import APIView

from tenants import tenancy


class TenantView(APIView):
    """Runs its handler inside the key's tenant, in one transaction; a problem rolls it back.

    Subclasses set `scope`, and may set `meter`. Handlers find `self.tenant` and `request.auth`.
    """

    scope: str | dict[str, str] | None = None
    meter = "api_calls"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with ExitStack() as self.context:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.tenant = self.context.enter_context(tenancy.enter(request.auth.tenant_id))
        request._request.tenant = self.tenant
