"""Trouble that really happens in one demo shop: a page of the storefront that asks with the wrong key, over the API."""

import httpx

CALLS = 7  # two more than a shop is forgiven within five minutes


def trouble(*, base_url: str, publishable: str, origin: str) -> int:
    """Asks for the catalogue with the browser's key, which may not; how many calls were refused."""
    headers = {"Authorization": f"Bearer {publishable}", "Origin": origin}
    with httpx.Client(base_url=f"{base_url}/api/v1", headers=headers, timeout=30) as api:
        return sum(api.get("/products").status_code == 403 for _ in range(CALLS))
