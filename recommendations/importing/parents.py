"""Rows of a product export that belong together: variants of one handle, variations of one parent."""

from collections import Counter
from math import inf, isfinite
from typing import Any

import numpy as np
import pandas as pd

Joined = tuple[pd.DataFrame, np.ndarray, np.ndarray]  # the rows that stay, their lines, the lines that joined others


def texts_of(frame: pd.DataFrame, name: str) -> list[str]:
    """A column's texts without the blanks around them; "" for whatever is no text, or where there is no such column."""
    if name not in frame:
        return [""] * len(frame)
    return [value.strip() if isinstance(value, str) else "" for value in frame[name].astype(object).tolist()]


def variants(frame: pd.DataFrame, lines: np.ndarray) -> Joined:
    """Shopify: what is true of the whole product stands on the first row of its handle only.

    A row with a SKU is a product; rows without SKU and price only add pictures.
    """
    group, sku, price = (texts_of(frame, name) for name in ("group", "id", "price"))
    shared = [n for n in ("title", "description", "brand", "categories", "tags", "published", "visibility",
                          "image_url", "url") if n in frame]  # fmt: skip
    if shared and "group" in frame:
        texts = frame[shared].astype(object)
        by = frame["group"].astype(object)
        filled = texts.where(texts != "", None).groupby(by, sort=False, dropna=True).transform("first")
        frame[shared] = texts.where(texts.notna() & (texts != ""), filled)
    first: dict[str, int] = {}
    for row, handle in enumerate(group):
        first.setdefault(handle, row)
    stays = [bool(own or cost or first[handle] == row)
             for row, (own, cost, handle) in enumerate(zip(sku, price, group, strict=True))]  # fmt: skip
    sizes = Counter(handle for handle, own, stay in zip(group, sku, stays, strict=True) if own and stay)
    ids, titles, seen = [], [], set()
    title, variant = texts_of(frame, "title"), texts_of(frame, "variant")
    for row, handle in enumerate(group):
        ids.append(sku[row] or handle)
        if not sku[row] and stays[row]:  # variants without a SKU are one product, known by the handle
            stays[row] = handle not in seen
            seen.add(handle)
        several = sizes[handle] > 1 and sku[row] and variant[row] and variant[row] != "Default Title"
        titles.append(f"{title[row]} – {variant[row]}" if several else title[row])
    frame["id"], frame["title"] = ids, titles
    keep = np.array(stays, dtype=bool)
    return frame[keep].reset_index(drop=True), lines[keep], lines[~keep]


def variations(frame: pd.DataFrame, lines: np.ndarray) -> Joined:
    """WooCommerce: rows of the type variation join the product that their column Parent names."""
    kinds, parent, ids = (texts_of(frame, name) for name in ("row_type", "group", "id"))
    is_part = np.array([kind.lower().startswith("variation") for kind in kinds], dtype=bool)
    prices: dict[str, list[str]] = {}
    stocks: dict[str, list[Any]] = {}
    price, stock = texts_of(frame, "price"), texts_of(frame, "stock")
    for row in np.flatnonzero(is_part):
        of = parent[row].removeprefix("id:")
        if price[row]:
            prices.setdefault(of, []).append(price[row])
        stocks.setdefault(of, []).append(stock[row])
    for row in np.flatnonzero(~is_part):
        if not price[row] and ids[row] in prices:
            price[row] = min(prices[ids[row]], key=_number)
        counts = stocks.get(ids[row], [])
        if not stock[row] and counts and all(counts):
            total = sum(_number(count) for count in counts)
            stock[row] = str(round(total)) if isfinite(total) else counts[0]
    if "price" in frame:
        frame["price"] = [value or None for value in price]
    if "stock" in frame:
        frame["stock"] = [value or None for value in stock]
    return frame[~is_part].reset_index(drop=True), lines[~is_part], lines[is_part]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return inf
