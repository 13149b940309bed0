"""The second factor's secrets: encrypted where they are kept, drawn so that every camera reads them."""

import base64
import hashlib
from io import BytesIO

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from qrcode.image.svg import SvgPathFillImage


class MFAAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        """A stolen table alone must not let anybody compute codes."""
        return cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher().decrypt(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> str:
        """Dark on white in either theme: scanners want it so."""
        picture = BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(picture)
        return picture.getvalue().decode()


def cipher() -> MultiFernet:
    """The newest key writes; SECRET_KEY_FALLBACKS still read, so that the key can be changed."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(f"second factor|{secret}".encode()).digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
