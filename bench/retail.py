"""Online Retail (D. Chen, UCI; CC BY 4.0) as a shop's data: orders by time, products with titles and prices."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recommendations.algorithms.data import Baskets, IdMap, Interactions
from recommendations.algorithms.features import ProductFeatures


@dataclass(frozen=True)
class Retail:
    """Order lines by time; arrays of equal length, ids as text.

    customer   "" for a guest
    titles     by product id, and prices; products without an entry have none
    """

    customer: np.ndarray
    product: np.ndarray
    order: np.ndarray
    moment: np.ndarray  # int64 seconds since 1970
    units: np.ndarray
    country: np.ndarray
    titles: dict[str, str]
    prices: dict[str, float]

    def __len__(self) -> int:
        return len(self.product)

    def take(self, rows: np.ndarray) -> Retail:
        columns = ("customer", "product", "order", "moment", "units", "country")
        return Retail(**{name: getattr(self, name)[rows] for name in columns},
                      titles=self.titles, prices=self.prices)

    def orders(self) -> list[str]:
        """In the order of time."""
        return list(dict.fromkeys(self.order.tolist()))

    def dataset(self, catalogue: list[str]) -> tuple[Interactions, Baskets, ProductFeatures]:
        """What a training sees; the catalogue also holds products that nobody bought yet."""
        rows = Interactions.of(
            customers=[name or None for name in self.customer.tolist()], products=self.product.tolist(),
            occurred_at=self.moment, units=self.units, catalogue=catalogue,
        )
        baskets = Baskets.of(orders=self.order.tolist(), products=self.product.tolist(),
                             occurred_at=self.moment, known=rows.products)
        return rows, baskets, self.features(rows.products)

    def features(self, products: IdMap) -> ProductFeatures:
        names = list(products)
        return ProductFeatures.of(
            titles=[self.titles.get(name, "") for name in names],
            prices=[self.prices.get(name) for name in names], n_products=len(names),
        )


def read(folder: Path) -> Retail:
    """Lines with a quantity and a price above zero and a five-digit code, oldest first."""
    table = pq.read_table(folder / "onlineretail_lines.parquet")
    for name in ("stockcode", "invoiceno", "country"):
        table = table.set_column(table.schema.get_field_index(name), name, pc.cast(table[name], "string"))
    good = pc.and_(pc.greater(table["quantity"], 0), pc.greater(table["unitprice"], 0))
    good = pc.and_(good, pc.match_substring_regex(table["stockcode"], r"^\d{5}"))
    table = table.filter(good).sort_by([("invoicedate", "ascending"), ("invoiceno", "ascending")])
    titles, prices = {}, {}
    with (folder / "onlineretail_items.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            titles[row["stockcode"]] = row["description"]
            prices[row["stockcode"]] = float(row["median_price"])
    customers = pc.fill_null(pc.cast(table["customerid"], "string"), "")
    return Retail(
        customer=np.asarray(customers.to_pylist(), object),
        product=np.asarray(table["stockcode"].to_pylist(), object),
        order=np.asarray(table["invoiceno"].to_pylist(), object),
        moment=table["invoicedate"].cast("timestamp[s]").cast("int64").to_numpy(),
        units=table["quantity"].to_numpy().astype(np.float32),
        country=np.asarray(table["country"].to_pylist(), object),
        titles=titles, prices=prices,
    )
