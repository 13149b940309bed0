"""The importer against a raw COPY of the same rendered rows into the same tables, in one interleaved run.

    python -m bench.imports [--source LINES.parquet] [--orders 5000] [--rounds 5] [--json OUT]

Subject: importing.load from the Parquet file to the commit, reading and checking included.
Limit: COPY of the rows that the subject stored, as rendered CSV, by the role that row-level security
does not bind, into the same tables with the same indexes and keys, one commit for each piece as large
as the subject's. Each round does both, in turn first; the median of the rounds' ratios is reported.
"""

import argparse
import io
import time
from pathlib import Path
from typing import Any

import pandas as pd

from bench import scratch

ORDERS = ("recommendations_order", "recommendations_orderline")
ROW_TABLES = {
    "recommendations_product": "tenant_id, external_id, title, description, url, image_url, price, currency, "
    "categories, brand, tags, attributes, stock, is_published, source_updated_at",
    "recommendations_customer": "tenant_id, external_id, country, attributes, source_updated_at",
    "recommendations_order": "id, tenant_id, external_id, customer_id, session_id, state, currency, total, ordered_at, "
    "is_demo, source_updated_at",
    "recommendations_orderline": "tenant_id, order_id, position, product_external_id, quantity, unit_price",
}
PIECE = 100_000


def lines_of(source: Path) -> pd.DataFrame:
    """The British shop's lines as an export has them: sold products only, whole orders."""
    rows = pd.read_parquet(source)
    sold = (rows["country"] == "United Kingdom") & (rows["quantity"] > 0) & (rows["unitprice"] >= 0)
    spoiled = set(rows.loc[~sold, "invoiceno"])
    rows = rows[sold & ~rows["invoiceno"].isin(spoiled)]
    return rows.drop(columns=["country"])


def products_of(lines: pd.DataFrame, copies: int) -> pd.DataFrame:
    """The shop's products, `copies` times over so that there is something to measure."""
    one = lines.dropna(subset=["description"]).drop_duplicates("stockcode")
    frames = [
        pd.DataFrame({
            "id": one["stockcode"].astype(str) + f"-{n}", "title": one["description"].astype(str),
            "price": one["unitprice"].astype(float).round(2), "currency": "GBP", "category": "Gifts",
        })
        for n in range(copies)
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def rendered(table: str) -> bytes:
    """What the table holds, as the CSV that a COPY would take."""
    from django.db import connections

    sink = io.BytesIO()
    with connections["ops"].cursor() as cursor:
        cursor.copy_expert(f"copy (select {ROW_TABLES[table]} from {table} order by id) to stdout (format csv)", sink)
    return sink.getvalue()


def raw_copy(table: str, text: bytes) -> float:
    from django.db import connections

    pieces = [io.BytesIO(piece) for piece in split(text)]
    with connections["ops"].cursor() as cursor:
        begun = time.perf_counter()
        for piece in pieces:
            cursor.copy_expert(f"copy {table} ({ROW_TABLES[table]}) from stdin (format csv)", piece)
        return time.perf_counter() - begun


def split(text: bytes) -> list[bytes]:
    lines = text.splitlines(keepends=True)
    return [b"".join(lines[start : start + PIECE]) for start in range(0, len(lines), PIECE)]


def compare(shop: Any, kind: str, path: Path, tables: tuple[str, ...], rounds: int) -> dict[str, Any]:
    from recommendations import importing

    def subject() -> float:
        scratch.empty(*tables)
        begun = time.perf_counter()
        run = importing.load(shop, kind, path)
        spent = time.perf_counter() - begun
        assert run.state == "succeeded", run.error
        assert run.refused == 0, run.problems[:3]
        counts["rows"] = run.kept
        return spent

    counts = {"rows": 0}
    subject()  # warm: code, temporary tables, file cache
    texts = {table: rendered(table) for table in tables}

    def limit() -> float:
        scratch.empty(*tables)
        return sum(raw_copy(table, text) for table, text in texts.items())

    limit()
    ours, theirs = [], []
    for turn in range(rounds):
        if turn % 2:
            theirs.append(limit())
            ours.append(subject())
        else:
            ours.append(subject())
            theirs.append(limit())
    begun = time.perf_counter()
    if rounds % 2 == 0:  # the last one to write was the limit, whose rows have the same ids
        subject()
    again = importing.load(shop, kind, path)
    assert again.kept == 0, again.kept
    return {
        "rows": counts["rows"],
        "ratio": scratch.median([raw / own for raw, own in zip(theirs, ours, strict=True)]),
        "rows_per_second": round(counts["rows"] / scratch.median(ours)),
        "raw_copy_rows_per_second": round(counts["rows"] / scratch.median(theirs)),
        "second_run_seconds": round(time.perf_counter() - begun, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parents[1] / "demo/data/online_retail.parquet"
    parser.add_argument("--source", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--orders", type=int, help="Only the first so many orders")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with scratch.product() as shop:
        from django.conf import settings

        lines = lines_of(options.source)
        if options.orders:
            lines = lines[lines["invoiceno"].isin(lines["invoiceno"].unique()[: options.orders])]
        files = {"orders": settings.DATA_DIR / "lines.parquet", "products": settings.DATA_DIR / "products.parquet"}
        lines.to_parquet(files["orders"])
        products_of(lines, 12).to_parquet(files["products"])
        result = {
            "products": compare(shop, "products", files["products"], ("recommendations_product",), options.rounds),
            "orders": compare(shop, "orders", files["orders"], ORDERS, options.rounds),
        }
    said = [
        f"{kind}: {found['rows']:,} rows, {found['rows_per_second']:,} rows/s, raw COPY "
        f"{found['raw_copy_rows_per_second']:,} rows/s, ratio {found['ratio']:.2f}; again (all unchanged) "
        f"{found['second_run_seconds']} s"
        for kind, found in result.items()
    ]
    scratch.say(result, said, options.json)


if __name__ == "__main__":
    main()
