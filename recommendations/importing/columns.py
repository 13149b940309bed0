"""Whole columns: which of a file's is meant, and each distinct value of it checked once.

A column is kept as codes into its distinct values, so the same checks that the API uses cost what
the number of different values costs, not what the number of rows does.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from recommendations.fields import Refused

Check = Callable[[Any], Any]
_NAMES = {
    "id": "id sku product_id item_id handle",
    "order_id": "order_id id invoiceno invoice_no invoice order order_number ordernumber",
    "customer_id": "customer_id customerid customer user_id userid client_id",
    "product_id": "product_id productid sku stockcode stock_code item_id item product variant_sku lineitem_sku",
    "title": "title name product_name description lineitem_name",
    "description": "description body body_html long_description",
    "url": "url link product_url permalink",
    "image_url": "image_url image image_link image_src picture",
    "price": "price regular_price unit_price unitprice variant_price",
    "unit_price": "unit_price unitprice price item_price lineitem_price",
    "currency": "currency currency_code",
    "categories": "categories category product_type google_product_category",
    "brand": "brand vendor manufacturer",
    "tags": "tags tag",
    "attributes": "attributes",
    "stock": "stock stock_quantity inventory inventory_quantity",
    "published": "published is_published visible active",
    "updated_at": "updated_at updated modified date_modified last_modified",
    "country": "country country_code region",
    "status": "status state order_status financial_status",
    "ordered_at": "ordered_at invoicedate invoice_date order_date date created_at timestamp",
    "quantity": "quantity qty lineitem_quantity amount",
    "session_id": "session_id session sessionid visitor_id",
    "type": "type event event_type kind action",
    "occurred_at": "occurred_at timestamp time date created_at event_time",
    "value": "value price unit_price",
    "recommendation_id": "recommendation_id",
    "placement": "placement",
    "event_id": "id event_id uuid",
    "event_order_id": "order_id order",
    "total": "total order_total",
    "properties": "properties",
    "sale_price": "sale_price special_price",
    "availability": "availability in_stock",
    "email": "email e_mail customer_email billing_email",
    "line_total": "line_total item_total row_total",
}
_NAMES = {field: names.split() for field, names in _NAMES.items()}  # type: ignore[misc]


def spelled(name: Any) -> str:
    """A column's name without capitals, spaces and marks: "Body (HTML)" is body_html."""
    return re.sub(r"[^a-z0-9]+", "_", str(name).strip().lower()).strip("_")


def choose(columns: Iterable[Any], fields: list[str], *, own_id: str = "id") -> dict[str, str]:
    """Field → the file's column: the first known spelling that is there and not taken by another."""
    there = {spelled(name): name for name in columns}
    chosen: dict[str, str] = {}
    own = [f"{own_id}_id", *_NAMES["id"]] if own_id != "id" else _NAMES["id"]
    for exact in (True, False):  # a field's own name wins over what another field would settle for
        for field in fields:
            names = own if field == "id" else _NAMES[field]
            for name in names[:1] if exact else names:
                if field not in chosen and name in there and there[name] not in chosen.values():
                    chosen[field] = there[name]
    return chosen


def is_known(field: str) -> bool:
    return field in _NAMES


@dataclass
class Column:
    """codes[row] → values[code]; -1 where the row has none. `faults`: code → what is wrong."""

    codes: np.ndarray
    values: list[Any]
    faults: dict[int, Refused]

    def bad(self) -> np.ndarray:
        """The rows whose value was refused."""
        flags = np.zeros(len(self.values) + 1, dtype=bool)
        flags[list(self.faults)] = True
        return flags[self.codes]  # the last one, which -1 picks, is never set

    def pick(self, rows: np.ndarray) -> "Column":
        return Column(self.codes[rows], self.values, self.faults)

    def filled(self, default: Any) -> "Column":
        """Missing values take the default."""
        if not (self.codes < 0).any():
            return self
        codes = np.where(self.codes < 0, len(self.values), self.codes)
        return Column(codes, [*self.values, default], self.faults)

    def array(self, kind: pa.DataType) -> pa.Array:
        """The values of all rows; refused and missing ones are null."""
        values = [None if code in self.faults else value for code, value in enumerate(self.values)]
        codes = pa.array(self.codes, mask=self.codes < 0, type=pa.int32())
        return pa.array(values, type=kind).take(codes)

    def texts(self, render: Callable[[Any], str | None] = str) -> pa.Array:
        rendered = [
            None if code in self.faults or value is None else render(value) for code, value in enumerate(self.values)
        ]
        return Column(self.codes, rendered, {}).array(pa.string())

    def numbers(self, kind: type = np.int64) -> np.ndarray:
        """As numbers; refused and missing ones are 0."""
        known = [0 if code in self.faults or value is None else value for code, value in enumerate(self.values)]
        return np.array([*known, 0], dtype=kind)[self.codes]


def check(series: pd.Series, by: Check, *, zone: tzinfo | None = None, is_lossy: bool = False) -> Column:
    """Applies `by` to each distinct value. Empty text counts as missing. is_lossy: U+FFFD is no text."""
    if zone is not None and pd.api.types.is_datetime64_any_dtype(series):
        series = _in_utc(series, zone)
    if series.dtype == object:
        series = series.map(_hashable, na_action="ignore")
    codes, distinct = pd.factorize(series, use_na_sentinel=True)
    values: list[Any] = list(distinct.tolist())
    faults: dict[int, Refused] = {}
    empty = []
    for code, value in enumerate(values):
        if isinstance(value, str) and not value.strip():
            empty.append(code)
            continue
        try:
            if is_lossy and isinstance(value, str) and "\ufffd" in value:
                raise Refused("encoding", "Has bytes that are no text in the file's encoding.")
            values[code] = by(value)
        except Refused as refused:
            faults[code] = refused
    codes = codes.astype(np.int32)
    if empty:
        codes[np.isin(codes, empty)] = -1
    return Column(codes, values, faults)


def missing(rows: int) -> Column:
    return Column(np.full(rows, -1, dtype=np.int32), [], {})


def _hashable(value: Any) -> Any:
    """Lists and objects as JSON text, so that equal ones are found; True must not be mistaken for 1."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, dict, bool)):
        return orjson.dumps(value).decode()
    return value


def _in_utc(series: pd.Series, zone: tzinfo) -> pd.Series:
    """Times without an offset are the shop's own clock."""
    if series.dt.tz is None:
        series = series.dt.tz_localize(zone, ambiguous=False, nonexistent="shift_forward")  # type: ignore[arg-type]
    return series.dt.tz_convert("UTC")


def time_check(zone: tzinfo, moment: Check) -> Check:
    """Text by the API's rule, but a time without an offset is the shop's own clock."""

    def parse(value: Any) -> datetime:
        if isinstance(value, datetime):  # a pandas Timestamp is one
            value = value.isoformat()
        if isinstance(value, str):
            try:
                parsed = datetime.fromisoformat(value.strip())
                if parsed.tzinfo is None:
                    value = parsed.replace(tzinfo=zone).astimezone(UTC).isoformat()
            except (ValueError, OverflowError):
                pass
        return moment(value.strip() if isinstance(value, str) else value)  # type: ignore[no-any-return]

    return parse


def whole(by: Check) -> Check:
    """Files write whole numbers as text, or with .0 where other rows lack them."""

    def parse(value: Any) -> Any:
        if isinstance(value, str) and value.isascii() and len(value) <= 20:
            try:
                value = float(value) if "." in value else int(value.strip())
            except ValueError:
                raise Refused("type", "Must be a whole number.") from None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return by(value)

    return parse


def identifier(by: Check) -> Check:
    """A column of ids with gaps comes as 17850.0."""
    return lambda value: by(int(value) if isinstance(value, float) and value.is_integer() else value)


def flag(value: Any) -> bool:
    word = str(value).strip().lower()
    if word in {"true", "1", "1.0", "yes", "y", "t"}:
        return True
    if word in {"false", "0", "0.0", "no", "n", "f"}:
        return False
    raise Refused("type", "Must be true or false.")


def listed(by: Check) -> Check:
    """A list as JSON, or as text with | or ; between."""

    def parse(value: Any) -> Any:
        text = value if isinstance(value, str) else str(value)
        if text.startswith("["):
            try:
                return by(orjson.loads(text))
            except orjson.JSONDecodeError:
                raise Refused("format", "Is not a list.") from None
        return by([part.strip() for part in re.split(r"[|;]", text)])

    return parse


def decoded(by: Check) -> Check:
    def parse(value: Any) -> Any:
        try:
            return by(orjson.loads(value) if isinstance(value, str) else value)
        except orjson.JSONDecodeError:
            raise Refused("format", "Must be a JSON object.") from None

    return parse
