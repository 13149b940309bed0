"""The placements of the demo's storefront and two rules, made over the public API; each once."""

from typing import Any

import httpx

PLACEMENTS: tuple[dict[str, Any], ...] = (
    {"code": "home", "name": "Home page", "surface": "home", "type": "personalised", "count": 12},
    {"code": "home-trending", "name": "Home page, trending", "surface": "home", "type": "trending", "count": 8},
    {"code": "product-together", "name": "Product page, together", "surface": "product", "type": "bought-together",
     "count": 4},
    {"code": "product-similar", "name": "Product page, similar", "surface": "product", "type": "similar", "count": 8},
    {"code": "cart", "name": "Cart", "surface": "cart", "type": "personalised", "count": 4, "bought": "again"},
    {"code": "thanks", "name": "After the order", "surface": "custom", "type": "personalised", "count": 4},
)  # fmt: skip
RULES: tuple[dict[str, Any], ...] = (
    {"name": "Small things beside the cart", "action": "boost", "filter": "price < 5", "factor": 2,
     "placements": ["cart"], "note": "What is picked up in passing."},
    {"name": "Christmas things further down", "action": "bury", "factor": 0.5, "placements": ["home"],
     "filter": '"Christmas and decoration" in categories', "note": "They sell by themselves when it is time."},
)  # fmt: skip


class Refused(RuntimeError):
    """The API did not take what the demo decides."""


def decide(*, base_url: str, secret: str, owner: str) -> int:
    """Makes what is missing; how many placements and rules that were. `owner` is the e-mail of who answers for them."""
    made = 0
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=f"{base_url}/api/v1", headers=headers, timeout=30) as api:
        for path, key, rows in (("/placements", "code", PLACEMENTS), ("/rules", "name", RULES)):
            there = {row[key] for row in _told(api.get(path))[path.removeprefix("/")]}
            for row in rows:
                if row[key] not in there:
                    _told(api.post(path, json=row if path == "/placements" else {**row, "owner": owner}))
                    made += 1
    return made


def _told(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise Refused(f"{answer.request.url} answered {answer.status_code}: {answer.text[:300]}")
    return answer.json()
