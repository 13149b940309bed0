"""The first calls with a new key, ready to paste: with this very key and the shop's own products."""

import json
import shlex
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from django.conf import settings
from django.templatetags.static import static

from tenants.models import ApiKey, Tenant


def calls(tenant: Tenant, *, key: ApiKey, secret: str) -> list[dict[str, str]]:
    """[{title, text}]: only what the key may do, and only with ids that exist."""
    product = tenant.products.filter(is_published=True).order_by("-id").values_list("external_id", flat=True).first()  # type: ignore[attr-defined]
    found = []
    writes = key.mode == ApiKey.Mode.LIVE
    if "catalogue:write" in key.scopes and writes and product is None:
        found.append({"title": "Send your first products", "text": curl(key, secret, "products", _products(tenant))})
    if "recommendations:read" in key.scopes:
        found.append(
            {"title": "Ask for recommendations", "text": curl(key, secret, "recommendations?limit=5&details=true")}
        )
        if product is not None:
            found.append(
                {"title": "What goes with a product", "text": curl(key, secret, f"recommendations?{_similar(product)}")}
            )
    if "events:write" in key.scopes and writes and product is not None:
        view = {"type": "view", "session_id": "first-visit", "product_id": product}
        found.append({"title": "Tell what a shopper looked at", "text": curl(key, secret, "events", view)})
    if "catalogue:write" in key.scopes and writes and product is not None:
        path = f"products/{quote(product, safe='')}"
        text = curl(key, secret, path, {"stock": 12}, method="PATCH", once=True)
        found.append({"title": "Change a stock level, once however often it is sent", "text": text})
    if "usage:read" in key.scopes:
        found.append({"title": "See what you used", "text": curl(key, secret, "../limits/status")})
    if key.kind == ApiKey.Kind.PUBLISHABLE:
        found.insert(0, {"title": "In the pages of your shop", "text": snippet(secret, product)})
    return found


def curl(
    key: ApiKey, secret: str, path: str, body: Any = None, *, method: str = "POST", once: bool = False
) -> str:
    """One call, ready to paste. `once`: with an Idempotency-Key of its own."""
    address = (
        f"{settings.BASE_URL}/api/limits/status" if path.startswith("../") else f"{settings.BASE_URL}/api/v1/{path}"
    )
    lines = [f"curl {shlex.quote(address)}", f"-H {shlex.quote('Authorization: Bearer ' + secret)}"]
    if key.kind == ApiKey.Kind.PUBLISHABLE:
        lines.append(f"-H {shlex.quote('Origin: ' + key.origins[0])}")
    if once:
        lines.append(f"-H 'Idempotency-Key: {uuid4()}'")
    if body is not None:
        lines += [f"-X {method}"] if method != "POST" else []
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}"]
    return " \\\n  ".join(lines)


def snippet(secret: str, product: str | None) -> str:
    script = f'<script src="{settings.BASE_URL}{static("js/luxebrain.js")}"\n  data-key="{secret}" defer></script>'
    shelf = '<section data-luxebrain="personalised" data-limit="8" data-placement="home" hidden></section>'
    return f"{script}\n{shelf}"


def _similar(product: str) -> str:
    return urlencode({"type": "similar", "product_id": product, "limit": 5})


def _products(tenant: Tenant) -> dict[str, Any]:
    first = {
        "id": "first",
        "title": "Your first product",
        "price": "10.00",
        "currency": tenant.currency,
        "published": True,
    }
    return {"products": [first]}
