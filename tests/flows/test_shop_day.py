"""A shop's day: sign up, key, import, tenth order, model, recommendation, click, order, revenue."""

import csv
import random
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from tenants import tenancy, work
from tests import make
from tests.browser import sign_in
from tests.recommendations.shops import TEA, TOY

pytestmark = pytest.mark.browser


def sign_up(page: Any) -> str:
    """Opens an account and a shop in the browser; returns the shop's slug."""
    page.goto("/account/signup/")
    page.fill("input[name=name]", "Mara")
    page.fill("input[name=shop_name]", "Tea and Toys")
    page.fill("input[name=email]", "mara@example.com")
    page.fill("input[name=password1]", make.PASSWORD)
    page.fill("input[name=password2]", make.PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/confirm-email/**")
    link = re.search(r"https?://\S+/account/confirm-email/\S+/", mail.outbox[-1].body).group()
    page.goto(link)
    page.get_by_role("button", name="Yes, confirm it").click()
    page.wait_for_url(lambda url: "confirm-email" not in url)
    if "/login" in page.url:
        sign_in(page, "mara@example.com")
    page.goto("/")
    page.wait_for_url("**/overview")
    return page.url.split("/t/")[1].split("/")[0]


def make_key(page: Any, slug: str) -> tuple[str, str]:
    """Makes a secret key in the panel; returns it and the page's text, which says how to call."""
    page.goto(f"/t/{slug}/api-keys/new")
    page.fill("input[name=name]", "Server")
    page.get_by_role("button", name="Make the key").click()
    page.wait_for_selector("text=lb_live_sk_")
    text = page.inner_text("main")
    return re.search(r"lb_live_sk_[A-Za-z0-9_-]{49}", text).group(), text


def write_files(folder: Any) -> tuple[str, str]:
    """A catalogue of two tastes, and orders of nine baskets by thirty customers' order lines."""
    products, orders = folder / "products.csv", folder / "orders.csv"
    with products.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "title", "price", "currency", "categories"])
        for name in [*TEA, *TOY]:
            rows.writerow([name, f"The {name}", "10.00", "EUR", name[:3]])
    chance = random.Random(5)
    with orders.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["order_id", "customer_id", "ordered_at", "currency", "product_id", "quantity", "unit_price"])
        for number in range(9):
            taste = TEA if number % 2 else TOY
            moment = timezone.now() - timedelta(days=20 - number)
            for product in chance.sample(taste, 4):
                rows.writerow([f"old-{number}", f"c{number}", moment.isoformat(), "EUR", product, 1, "10.00"])
    return str(products), str(orders)


class Shop:
    """The shop's own server, speaking the public API over HTTP."""

    def __init__(self, url: str, secret: str) -> None:
        self.http = httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {secret}"}, timeout=20)

    def recommend(self, **parameters: Any) -> dict[str, Any]:
        response = self.http.get("/recommendations", params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def send(self, path: str, body: Any, status: int = 200) -> dict[str, Any]:
        response = self.http.post(path, json=body)
        assert response.status_code == status, response.text
        return response.json()

    def order(self, name: str, customer: str, products: list[str]) -> None:
        lines = [{"product_id": product, "quantity": 1, "unit_price": "10.00"} for product in products]
        now = timezone.now().isoformat()
        head = {"id": name, "customer_id": customer, "currency": "EUR", "ordered_at": now}
        told = self.send("/orders", {**head, "lines": lines})
        assert told["kept"] == 1


def test_a_shops_day(browser_page, server, tmp_path):
    """R26, R27, R122: from sign-up to revenue on the overview, in a browser and over HTTP."""
    page = browser_page
    slug = sign_up(page)
    expect(page.locator("main")).to_contain_text("of 10")
    secret, shown = make_key(page, slug)
    assert "curl" in shown
    shop = Shop(server.url, secret)

    products, orders = write_files(tmp_path)
    call_command("import_store", slug, "--products", products, "--orders", orders)
    cold = shop.recommend(limit=5)
    assert (cold["strategy"], cold["strategy_reason"]) == ("popular", "cold_start")
    assert len(cold["items"]) == 5

    shop.order("tenth", "c1", TEA[:4])
    assert shop.recommend()["strategy_reason"] == "model_training"
    work.run_due()
    shop.send("/events", {"type": "view", "customer_id": "visitor", "product_id": TEA[0]}, status=202)
    answer = shop.recommend(customer_id="visitor", limit=3, details="true")
    assert answer["strategy"] == "model"
    assert answer["model_version"] == "v1"
    chosen = answer["items"][0]["product_id"]
    assert chosen.startswith("tea-")

    page.goto(f"/t/{slug}/models")
    expect(page.locator("main")).to_contain_text("v1")
    listed = answer["recommendation_id"]
    names = [item["product_id"] for item in answer["items"]]
    seen = {"customer_id": "visitor", "recommendation_id": listed, "placement": "home"}
    told = shop.send(
        "/events",
        {
            "events": [
                {"type": "impression", "items": names, **seen},
                {"type": "click", "product_id": chosen, **seen},
            ]
        },
        status=202,
    )
    assert told["accepted"] == 2
    shop.order("bought", "visitor", [chosen])
    work.tick("recommendations.drain_events", 1)
    work.run_due()
    work.tick("recommendations.roll_up", 1)
    work.run_due()

    with tenancy.enter(tenancy.across().get(slug=slug).pk) as tenant:
        earned = tenant.attributions.get()
        assert (earned.product_external_id, str(earned.amount), earned.version) == (chosen, "10.00", 1)
    page.goto(f"/t/{slug}/overview")
    expect(page.locator("main")).to_contain_text(re.compile(r"€\s?10"))
