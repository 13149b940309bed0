"""Takes the pictures of this folder from a running demo: every page, wide and narrow, and wide in the dark theme.

    python docs/screenshots/take.py BASE_URL OWNER_EMAIL OWNER_PASSWORD OPERATOR_EMAIL OPERATOR_PASSWORD SLUG [NAME …]

Of pages or pictures that are named alone (`tenant-requests`, `tenant-team-1440`), if some are.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent
WIDTHS = {1440: 960, 390: 844}
PUBLIC = {"sign-in": "/account/login/", "sign-up": "/account/signup/", "password-reset": "/account/password/reset/"}
TENANT = {
    "overview": "overview",
    "batch-jobs": "batch-jobs",
    "audiences": "batch-jobs/audiences",
    "recommendations": "recommendations",
    "try-a-filter": "recommendations/check-filter",
    "requests": "recommendations/requests",
    "insights": "insights",
    "placements": "placements",
    "placement": "placements/home",
    "placement-new": "placements/new",
    "placements-general": "placements/settings",
    "rules": "rules",
    "rule-new": "rules/new",
    "models": "models",
    "experiments": "experiments",
    "experiment-new": "experiments/new",
    "experiment": "experiments/1",
    "experiment-ended": "experiments/2",
    "model-metrics": "models/metrics",
    "model-compare": "models/compare",
    "model-live": "models/live",
    "catalogue": "catalogue",
    "customers": "catalogue/customers",
    "orders": "catalogue/orders",
    "deliveries": "catalogue/deliveries",
    "addresses": "catalogue/addresses",
    "address-new": "catalogue/addresses/new",
    "connections": "catalogue/connections",
    "connection-new": "catalogue/connections/new/woocommerce",
    "imports": "catalogue/imports",
    "import-new": "catalogue/imports/new",
    "exports": "catalogue/exports",
    "readiness": "catalogue/readiness",
    "quality": "catalogue/quality",
    "privacy": "privacy",
    "alerts": "alerts",
    "alert-channels": "alerts/channels",
    "expected": "alerts/expected",
    "expected-new": "alerts/expected/new",
    "api-keys": "api-keys",
    "api-key-new": "api-keys/new",
    "team": "team",
    "usage": "usage",
    "changes": "changes",
    "settings": "settings",
}
STAFF = {
    "dashboard": "/dashboard",
    "tenants": "/tenants",
    "tenant-open": "/tenants/open",
    "plans": "/plans",
    "plan-channels": "/plans/growth/channels",
    "models": "/models",
    "experiments": "/models/experiments",
    "anomalies": "/anomalies",
    "expected-times": "/anomalies/expected",
    "alert-channels": "/anomalies/channels",
    "alert-rules": "/anomalies/rules",
    "alert-rule-new": "/anomalies/rules/new",
    "errors": "/errors",
    "people": "/people",
    "audit": "/audit",
}


def main(
    base: str, owner: str, owner_password: str, operator: str, operator_password: str, slug: str, *names: str
) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        shots = [("public", "", "", PUBLIC), ("staff", operator, operator_password, {
            **STAFF, "tenant-detail": f"/tenants/{slug}",
            "tenant-webhooks": f"/tenants/{slug}/webhooks", "tenant-sent": f"/tenants/{slug}/webhooks/sent",
            "registry-shop": f"/models?shop={slug}",
            "registry-version": f"/models/{slug}/1", "registry-metrics": f"/models/metrics?shop={slug}"})]
        shots.append(("tenant", owner, owner_password, {
            name: f"/t/{slug}/{path}" for name, path in TENANT.items()} | {"version": f"/t/{slug}/models/1"}))
        shots.append(("shop", "", "", {"list": f"/shop/{slug}", "shops": "/shop/"}))
        for kind, email, password, pages in shots:
            for theme in ("light", "dark"):
                context = browser.new_context(base_url=base, color_scheme=theme)
                page = context.new_page()
                if email:
                    sign_in(page, email, password)
                for name, path in pages.items():
                    take(page, f"{kind}-{name}", path, theme, names)
                context.close()
        browser.close()


def sign_in(page: Any, email: str, password: str) -> None:
    page.goto("/account/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def take(page: Any, name: str, path: str, theme: str, names: tuple[str, ...]) -> None:
    for width, height in WIDTHS.items():
        if (width, theme) == (390, "dark") or (names and not {name, f"{name}-{width}"} & {*names}):
            continue
        page.set_viewport_size({"width": width, "height": height})
        response = page.goto(path)
        page.wait_for_timeout(900)
        file = FOLDER / f"{name}-{width}-{theme}.png"
        page.screenshot(path=file, animations="disabled")
        wide = page.evaluate("document.documentElement.scrollWidth")
        note = "" if wide <= width else f"  WIDER than the window: {wide}"
        sys.stdout.write(f"{response.status} {file.name}{note}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
