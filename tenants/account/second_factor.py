"""The second factor's secrets: encrypted where they are kept, drawn so that every camera reads them."""

from io import BytesIO

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from qrcode.image.svg import SvgPathFillImage

from luxebrain.lib import sealed
from tenants.resealing import SECOND_FACTOR


class MFAAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        """A stolen table alone must not let anybody compute codes."""
        return sealed.seal(text, purpose=SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return sealed.unseal(encrypted_text, purpose=SECOND_FACTOR)

    def build_totp_svg(self, url: str) -> str:
        """Dark on white in either theme: scanners want it so."""
        picture = BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(picture)
        return picture.getvalue().decode()
