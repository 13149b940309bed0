"""Online Retail as shops: what is kept, what is left out, when it ends."""

from datetime import UTC, datetime, timedelta

import pytest

from demo import dataset

NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def france() -> dataset.Shop:
    return dataset.shop("France", moved=dataset.shift(NOW))


def test_it_ends_today_and_never_in_the_future() -> None:
    """R109"""
    late, early = NOW, NOW.replace(hour=9)
    last = dataset.last_order_at()
    assert (last + dataset.shift(late)).date() == late.date()
    assert (last + dataset.shift(early)).date() == (early - timedelta(days=1)).date()


def test_it_holds_the_orders_of_the_country_and_no_other_line(france: dataset.Shop) -> None:
    orders = france.lines.drop_duplicates("id")
    assert orders["status"].value_counts().to_dict() == {"completed": 382, "cancelled": 59}
    assert (france.lines["quantity"] > 0).all()
    assert (france.lines["unit_price"].astype(float) > 0).all()
    assert france.lines["product_id"].str.match(r"\d{5}[A-Z]{0,2}$").all()
    assert set(france.lines["product_id"]) == set(france.products["id"])
    assert set(france.lines["customer_id"].dropna()) == set(france.customers["id"])


def test_it_leaves_an_invoice_without_customer_to_a_guest(france: dataset.Shop) -> None:
    guests = france.lines[france.lines["customer_id"].isna()]["id"].nunique()
    assert guests > 0


def test_it_gives_an_order_one_time(france: dataset.Shop) -> None:
    assert (france.lines.groupby("id")["ordered_at"].nunique() == 1).all()


@pytest.mark.parametrize(("country", "count"), [("Belgium", 9), ("Portugal", 10)])
def test_it_cuts_a_young_shop_to_so_many_orders_that_count(country: str, count: int) -> None:
    """R18: both sides of the cold start."""
    shop = dataset.shop(country, moved=timedelta(), keep_last=count)
    assert shop.lines[shop.lines["status"] == "completed"]["id"].nunique() == count
    assert len(shop.products) < 1000  # the free plan holds no more


def test_it_splits_orders_at_a_moment_without_losing_any(france: dataset.Shop) -> None:
    cut = NOW - timedelta(days=28)
    old, new = france.orders(until=cut), france.orders(since=cut)
    assert len(old) + len(new) == len(france.lines)
    assert new["ordered_at"].min() >= cut > old["ordered_at"].max()


@pytest.mark.parametrize(
    ("description", "title", "kinds"),
    [
        ("WHITE HANGING HEART T-LIGHT HOLDER", "White hanging heart t-light holder", ["Candles and holders"]),
        ("  JUMBO BAG  RED RETROSPOT.", "Jumbo bag red retrospot", ["Bags and purses"]),
        ("VINTAGE SNAKES & LADDERS", "Vintage snakes & ladders", []),
    ],
)
def test_it_words_a_title_and_derives_its_kind(description: str, title: str, kinds: list[str]) -> None:
    assert dataset.title(description) == title
    assert dataset.categories(title) == kinds
