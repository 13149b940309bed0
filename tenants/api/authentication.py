"""Hands the credential that the gate admitted to REST framework."""

from typing import Any

from rest_framework.authentication import BaseAuthentication


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Any) -> tuple[None, Any] | None:
        credential = getattr(request._request, "credential", None)
        return None if credential is None else (None, credential)

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"
