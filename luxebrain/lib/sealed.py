"""Secrets that must be read again: encrypted where they are kept, with a key of their own per purpose."""

import base64
import hashlib
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class Unreadable(ValueError):
    """The sealed text was made with another SECRET_KEY or purpose, or was changed."""


def seal(text: str, *, purpose: str) -> str:
    return cipher(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Raises Unreadable."""
    try:
        return cipher(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable(purpose) from None


def renewed(sealed: str, *, purpose: str) -> str:
    """Sealed with the newest key; the same text if it is already. Raises Unreadable."""
    try:
        _key(purpose, settings.SECRET_KEY).decrypt(sealed.encode())
    except InvalidToken:
        return seal(unseal(sealed, purpose=purpose), purpose=purpose)
    return sealed


def cipher(purpose: str) -> MultiFernet:
    """The newest key writes; SECRET_KEY_FALLBACKS still read, so that the key can be changed."""
    return MultiFernet([_key(purpose, secret) for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]])


def _key(purpose: str, secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"{purpose}|{secret}".encode()).digest()))


class SealedField(models.TextField):
    """A column of what `seal` made for this purpose; empty where there is nothing. `manage.py reseal` finds it."""

    def __init__(self, *args: Any, purpose: str = "", **options: Any) -> None:
        self.purpose = purpose
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        """As a TextField: of the database's concern is nothing else."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.TextField", args, options
