"""Online Retail as shops: lines of a country → products, customers and orders ending today."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

SOURCE = Path(__file__).parent / "data" / "online_retail.parquet"
CLOCK = ZoneInfo("Europe/London")  # the source's times of day are those of the British shop
CURRENCY = "GBP"  # of all prices in the source
_PRODUCT = r"\d{5}[A-Z]{0,2}"
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_KINDS = {
    "Bags and purses": "bag bags handbag purse washbag shopper backpack rucksack",
    "Boxes and tins": "box boxes tin tins case cases trinket",
    "Cards and wrap": "card cards wrap envelopes tissues tissue tag tags ribbon ribbons tape",
    "Candles and holders": "candle candles holder holders candleholder candlestick t-light t-lights lantern incense",
    "Lights and lamps": "light lights lamp lampshade chandelier torch",
    "Jewellery": "necklace bracelet bracelets earrings ring rings brooch charm bangle hairclip",
    "Cups and mugs": "mug mugs cup cups beaker teacup saucer teapot coaster coasters flask",
    "Plates and bowls": "plate plates bowl bowls dish dishes jug tray trays cakestand",
    "Kitchen": "cutlery apron whisk spoon pan cosy jar jars bottle cases napkins towel doily doilies kitchen baking",
    "Cushions and textiles": "cushion cushions cover covers curtain blanket throw rug doormat quilt",
    "Signs and frames": "sign frame frames picture mirror clock thermometer chalkboard blackboard",
    "Garden": "planter pot pots bucket watering parasol birdhouse garden seeds trowel hammock windmill",
    "Christmas and decoration": "decoration decorations garland bunting wreath bauble baubles christmas tree easter",
    "Hooks and hangers": "hook hooks hanger hangers knob rack doorstop drawer cabinet shelf stand basket",
    "Stationery": "notebook journal sketchbook pen pens pencil pencils book stickers magnets eraser ruler calculator",
    "Toys and games": "toy toys game games puzzle jigsaw doll skittles playhouse kit ball balls dominoes snap",
}  # fmt: skip
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop's rows: a product, a customer, and an order line per row of the three frames."""

    products: pd.DataFrame
    customers: pd.DataFrame
    lines: pd.DataFrame

    def orders(self, *, since: datetime | None = None, until: datetime | None = None) -> pd.DataFrame:
        """The lines of orders placed at or after `since` and before `until`."""
        at = self.lines["ordered_at"]
        chosen = pd.Series(True, index=self.lines.index)
        if since is not None:
            chosen &= at >= since
        if until is not None:
            chosen &= at < until
        return self.lines[chosen]


@lru_cache(maxsize=1)
def _rows() -> pd.DataFrame:
    """Every line that is a product sold, or a product on a cancelled invoice."""
    rows = pd.read_parquet(SOURCE)
    rows["stockcode"] = rows["stockcode"].str.upper()
    rows["unitprice"] = rows["unitprice"].astype("float64").round(2)
    cancelled = rows["invoiceno"].str.startswith("C")
    kept = rows["stockcode"].str.fullmatch(_PRODUCT) & (rows["unitprice"] > 0)
    kept &= np.where(cancelled, rows["quantity"] < 0, rows["quantity"] > 0)
    rows = rows.assign(cancelled=cancelled, quantity=rows["quantity"].abs())[kept]
    # A few invoices were written over two minutes: an order has one time, its first.
    rows["invoicedate"] = rows.groupby("invoiceno")["invoicedate"].transform("min")
    return rows.sort_values(["invoicedate", "invoiceno"], kind="stable", ignore_index=True)


@lru_cache(maxsize=1)
def _titles() -> pd.Series:
    """Each code's most frequent description, in sentence case; of equals, the first in the alphabet."""
    named = _rows()[["stockcode", "description"]].dropna()
    counts = named.value_counts().reset_index()
    counts = counts.sort_values(["stockcode", "count", "description"], ascending=[True, False, True])
    best = counts.drop_duplicates("stockcode").set_index("stockcode")["description"]
    return best.map(title)


def last_order_at() -> datetime:
    """When the last order of all was placed, by the shop's clock (naive)."""
    return _rows()["invoicedate"].max().to_pydatetime()


def shift(now: datetime) -> timedelta:
    """The whole days by which everything moves, so that the last order is the latest one not in the future."""
    here = now.astimezone(CLOCK).replace(tzinfo=None)
    return timedelta(days=(here - last_order_at()).days)


def shop(country: str, *, moved: timedelta, keep_last: int | None = None, most_customers: int | None = None) -> Shop:
    """A country's rows as a shop. `keep_last` cuts the orders to so many that count; `most_customers`
    keeps about so many customers with all their orders, and no guest: a small shop of the same kind."""
    rows = _rows()
    rows = rows[rows["country"] == country]
    if most_customers is not None:
        known = sorted(rows["customerid"].dropna().unique())
        rows = rows[rows["customerid"].isin(known[:: max(1, len(known) // most_customers)])]
    products = _products(rows)
    if keep_last is not None:
        rows = _latest(rows, keep_last)
    return Shop(products=products, customers=_customers(rows), lines=_lines(rows, moved))


def _latest(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    sold = rows[~rows["cancelled"]].drop_duplicates("invoiceno", keep="first")
    first = sold["invoicedate"].iloc[-count:].min()
    kept = set(sold["invoiceno"].iloc[-count:])
    return rows[rows["invoiceno"].isin(kept) | (rows["cancelled"] & (rows["invoicedate"] >= first))]


def _products(rows: pd.DataFrame) -> pd.DataFrame:
    price = rows.groupby("stockcode", sort=True)["unitprice"].median().round(2)
    titles = _titles().reindex(price.index).fillna(price.index.to_series())
    return pd.DataFrame(
        {
            "id": price.index.to_numpy(dtype=object),
            "title": titles.to_numpy(dtype=object),
            "price": [f"{value:.2f}" for value in price],
            "currency": CURRENCY,
            "categories": [categories(text) for text in titles],
        }
    )


def _customers(rows: pd.DataFrame) -> pd.DataFrame:
    known = rows.dropna(subset=["customerid"]).drop_duplicates("customerid").sort_values("customerid")
    ids = known["customerid"].astype(int).astype(str).to_numpy(dtype=object)
    return pd.DataFrame({"id": ids, "country": known["country"].to_numpy(dtype=object)})


def _lines(rows: pd.DataFrame, moved: timedelta) -> pd.DataFrame:
    at = (rows["invoicedate"] + moved).dt.tz_localize(CLOCK, ambiguous=False, nonexistent="shift_forward")
    customer = rows["customerid"].map(lambda value: None if pd.isna(value) else str(int(value)))
    return pd.DataFrame(
        {
            "id": rows["invoiceno"].to_numpy(dtype=object),
            "customer_id": customer.to_numpy(dtype=object),
            "status": np.where(rows["cancelled"], "cancelled", "completed"),
            "currency": CURRENCY,
            "ordered_at": at.dt.tz_convert("UTC").to_numpy(),
            "product_id": rows["stockcode"].to_numpy(dtype=object),
            "quantity": rows["quantity"].to_numpy(),
            "unit_price": [f"{value:.2f}" for value in rows["unitprice"]],
        }
    ).assign(ordered_at=at.dt.tz_convert("UTC").reset_index(drop=True))


def title(description: str) -> str:
    """A description of the source ("  RED RETROSPOT  BAG.") in sentence case, spaces tidied."""
    text = " ".join(description.split()).rstrip(" .,").lower()
    return text[:1].upper() + text[1:]


def categories(text: str) -> list[str]:
    """The kind of thing a title names: by its last word that is the name of one, or nothing."""
    words = _WORD.findall(text.lower())
    return next(([_KIND_OF[word]] for word in reversed(words) if word in _KIND_OF), [])
