"""Standard Webhooks (https://www.standardwebhooks.com): secrets, and the headers of a signed call."""

import base64
import secrets as chance
from collections.abc import Iterable
from datetime import datetime

from standardwebhooks import Webhook


def new_secret() -> str:
    """whsec_ and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(chance.token_bytes(32)).decode()


def headers(message_id: str, body: bytes, now: datetime, secrets: Iterable[str]) -> dict[str, str]:
    """What a JSON body is sent with: one v1 signature for each secret that holds."""
    made = [Webhook(secret).sign(message_id, now, body.decode()) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(made),
    }
