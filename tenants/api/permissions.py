"""A view without a scope is closed; with one, the gate has already checked the key's."""

from typing import Any

from rest_framework.permissions import BasePermission


class KeyMay(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.auth is not None and getattr(view, "scope", None) is not None
