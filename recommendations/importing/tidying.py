"""From a file's mapped columns to what the checks read: words, prices and times as shops write them."""

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pandas as pd

from recommendations.fields import GROUP
from recommendations.importing import layouts, parents
from tenants import platform_key

Texts = Callable[[str], Any]

_STATES = {
    "paid": "completed", "partially paid": "pending", "authorized": "pending", "partially refunded": "completed",
    "voided": "cancelled", "expired": "failed", "processing": "completed", "on hold": "pending",
    "checkout draft": "failed", "canceled": "cancelled", "complete": "completed", "shipped": "completed",
    "fulfilled": "completed", "trash": "cancelled", "unpaid": "pending",
}  # fmt: skip
_HIDDEN = {"draft", "archived", "unlisted", "private", "hidden", "-1"}
_OUT = {"0", "out of stock", "outofstock", "false", "no", "sold out", "discontinued"}
_SIGN = r"[^\d\s.,A-Za-z-]*"  # €, $, £
_AMOUNT = re.compile(rf"([A-Z]{{3}})?\s*{_SIGN}\s*(-?\d[\d.,'\s]*)\s*{_SIGN}\s*([A-Z]{{3}})?")
_SPACED_OFFSET = re.compile(r"^(\d{4}-\d\d-\d\d[T ][\d:.]+) ([+-]\d\d:?\d\d|UTC)$")
_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")


def tidy(frame: pd.DataFrame, lines: np.ndarray, *, kind: str, layout: str, mapping: dict[str, str], tenant_id: int
         ) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:  # fmt: skip
    """The frame under our names, the lines of its rows, and the lines that became part of another row."""
    frame = pd.DataFrame({name: frame[column] for name, column in mapping.items() if column in frame})
    joined = np.zeros(0, dtype=np.int64)
    if kind == "products":
        frame, lines, joined = _products(frame, lines, layout)
    elif kind == "orders":
        frame = _orders(frame)
    for name in ("ordered_at", "updated_at", "occurred_at"):
        if name in frame:
            frame[name] = each(frame[name], moment)
    if "email" in frame:
        code = each(frame["email"], lambda text: pseudonym(tenant_id, text))
        own = "customer_id" if kind == "orders" else "id"
        frame[own] = _first(frame[own], code) if own in frame else code
    for name in ("id", "order_id", "customer_id", "product_id"):
        if name in frame:
            frame[name] = each(frame[name], lambda text: text[1:] if re.fullmatch(r"'\d+", text) else text)
    return frame, lines, joined


def each(series: pd.Series, change: Texts) -> pd.Series:
    """Applies `change` to each distinct text; other values stay as they are."""
    codes, distinct = pd.factorize(series.astype(object).map(_plain, na_action="ignore"), use_na_sentinel=True)
    values = [change(value.strip()) if isinstance(value, str) else value for value in distinct.tolist()]
    filled = np.empty(len(values) + 1, dtype=object)
    filled[:-1], filled[-1] = values, None
    return pd.Series(filled[codes], index=series.index, dtype=object)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return orjson.dumps(value).decode() if isinstance(value, (list, dict, bool)) else value


def _first(one: pd.Series, other: pd.Series) -> pd.Series:
    """Where the one says nothing, the other."""
    empty = one.isna() | (one.astype(object) == "")
    return one.astype(object).where(~empty, other)


def _products(frame: pd.DataFrame, lines: np.ndarray, layout: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    for name in ("price", "sale_price"):
        if name in frame:
            parts = each(frame[name], money)
            if name == "price" or "price" not in frame:
                code = parts.map(lambda part: part[1] if isinstance(part, tuple) else None)
                if code.notna().any():
                    frame["currency"] = _first(frame["currency"], code) if "currency" in frame else code
            frame[name] = parts.map(lambda part: part[0] if isinstance(part, tuple) else part)
    if "sale_price" in frame:
        lower = each(frame["sale_price"], lambda text: None if text in ("", "0", "0.00", "0.0") else text)
        frame["price"] = _first(lower, frame["price"]) if "price" in frame else lower
    joined = np.zeros(0, dtype=np.int64)
    known = layouts.BY_CODE.get(layout)
    if known and known.is_grouped:
        join = parents.variations if layout == "woocommerce-products" else parents.variants
        frame, lines, joined = join(frame, lines)
    elif "group" in frame:
        frame["id"] = _first(frame["id"], frame["group"]) if "id" in frame else frame["group"]
    if "availability" in frame:
        out = each(frame["availability"], lambda text: "0" if text.lower().replace("_", " ") in _OUT else None)
        frame["stock"] = _first(frame["stock"], out) if "stock" in frame else out
    if "visibility" in frame:
        shown = each(frame["visibility"], lambda text: "false" if text.lower() in _HIDDEN else None)
        frame["published"] = _first(shown, frame["published"]) if "published" in frame else shown
    if "published" in frame:
        frame["published"] = each(frame["published"], lambda text: "false" if text == "-1" else text)
    _lists(frame, layout)
    _variants(frame, whole=bool(known and known.is_grouped))
    return frame, lines, joined


def _variants(frame: pd.DataFrame, *, whole: bool) -> None:
    """Notes on each product of which group of variants it is one.

    whole    all rows of the file are here: a group of one product is none
    """
    if "group" not in frame:
        return
    groups = parents.texts_of(frame, "group")
    sizes = Counter(groups)
    given = frame["attributes"].tolist() if "attributes" in frame else [None] * len(frame)
    noted = [_with_group(one, group) if group and (sizes[group] > 1 or not whole) else one
             for one, group in zip(given, groups, strict=True)]
    if noted != given:
        frame["attributes"] = pd.Series(noted, index=frame.index, dtype=object)


def _with_group(attributes: Any, group: str) -> Any:
    """The same JSON object with the group in it; what is no object is left for the check to tell of."""
    try:
        found = orjson.loads(attributes) if isinstance(attributes, str) and attributes.strip() else {}
    except orjson.JSONDecodeError:
        return attributes
    return orjson.dumps({GROUP: group, **found}).decode() if isinstance(found, dict) else attributes


def _lists(frame: pd.DataFrame, layout: str) -> None:
    """Categories as a path, tags between commas, the first of several pictures."""
    commas = layout.startswith(("woocommerce", "shopify"))
    if "categories" in frame:
        frame["categories"] = each(frame["categories"], lambda text: paths(text, commas=commas))
    if "tags" in frame:
        frame["tags"] = each(
            frame["tags"],
            lambda text: text if text.startswith("[") or re.search(r"[|;]", text) else text.replace(",", "|"),
        )
    if "image_url" in frame:
        frame["image_url"] = each(frame["image_url"], lambda text: re.split(r",\s+|,(?=https?:)|\|", text)[0])


def paths(text: str, *, commas: bool) -> str:
    """ "Clothing > Hoodies, Sale" names three categories."""
    if text.startswith("["):
        return text
    if commas:
        text = re.sub(r"(?<!\\),\s*", "|", text).replace("\\,", ",")
    parts = [part.strip() for part in re.split(r"[|;>]", text)]
    return "|".join(dict.fromkeys(part for part in parts if part))


def _orders(frame: pd.DataFrame) -> pd.DataFrame:
    """An export may say what is true of the whole order on its first line only."""
    if "order_id" in frame:
        shared = [n for n in ("ordered_at", "status", "cancelled_at", "currency", "customer_id", "email", "total",
                              "session_id", "updated_at") if n in frame]  # fmt: skip
        if shared:
            texts = frame[shared].astype(object)
            texts = texts.where(texts != "", None)
            frame[shared] = texts.groupby(frame["order_id"].astype(object), sort=False, dropna=True).transform("first")
    if "status" in frame:
        frame["status"] = each(frame["status"], state)
    if "cancelled_at" in frame:
        gone = each(frame["cancelled_at"], lambda text: "cancelled" if text else None)
        frame["status"] = _first(gone, frame["status"]) if "status" in frame else gone
    for name in ("unit_price", "line_total", "total"):
        if name in frame:
            frame[name] = each(frame[name], lambda text: money(text)[0])
    if "product_sku" in frame:
        frame["product_id"] = (
            _first(frame["product_id"], frame["product_sku"]) if "product_id" in frame else frame["product_sku"]
        )
    if "customer_id" in frame:
        frame["customer_id"] = each(frame["customer_id"], lambda text: None if text == "0" else text)
    if "line_total" in frame and "quantity" in frame:
        total, count = (pd.to_numeric(frame[name], errors="coerce") for name in ("line_total", "quantity"))
        unit = (total / count.where(count > 0)).round(2)
        made = unit.map(lambda value: None if pd.isna(value) else f"{value:.2f}").astype(object)
        frame["unit_price"] = _first(frame["unit_price"], made) if "unit_price" in frame else made
    return frame


def state(text: str) -> str:
    word = text.lower().removeprefix("wc-").replace("_", " ").replace("-", " ").strip()
    return _STATES.get(word, word)


def money(text: str) -> tuple[str, str | None]:
    """ "15,00 EUR", "$1,299.00" or "1 299.00": the amount with a point, and the currency if it is said."""
    found = _AMOUNT.fullmatch(text) if len(text) <= 40 else None
    if not found:
        return text, None
    digits = re.sub(r"['\s]", "", found[2])
    point, comma = digits.rfind("."), digits.rfind(",")
    if comma > point and (point >= 0 or len(digits) - comma - 1 != 3):
        digits = digits.replace(".", "").replace(",", ".")
    else:
        digits = digits.replace(",", "")
    return digits, found[1] or found[3]


def moment(text: str) -> str:
    """A space before the offset, or a day alone (the shop's midnight)."""
    if spaced := _SPACED_OFFSET.match(text):
        return spaced[1] + ("Z" if spaced[2] == "UTC" else spaced[2])
    return f"{text} 00:00:00" if _DAY.match(text) else text


def pseudonym(tenant_id: int, email: str) -> str | None:
    """The same code for the same address in the same shop; nobody can go back from it (T23)."""
    plain = email.strip().lower()
    if not plain:
        return None
    key = hashlib.sha256(f"customer|{tenant_id}|{platform_key.of_digests()}".encode()).digest()
    return "em_" + hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()[:32]
