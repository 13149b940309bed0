"""Undoing imports: whatever was imported in whatever order, what nobody touched since is as it was before."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommendations import ingest
from recommendations.importing import files
from recommendations.models import ImportRun
from tenants import tenancy, work
from tests import make

IDS = ["a", "b", "c", "d", "=e"]
HEADS = {
    "products": ["id", "title", "price", "stock", "tags"],
    "customers": ["id", "country", "attributes"],
    "orders": ["order_id", "customer_id", "ordered_at", "status", "product_id", "quantity", "unit_price"],
}
VALUES = {
    "products": st.tuples(st.sampled_from(["Tea", "Cup", "Pot"]), st.sampled_from(["", "1.00", "2.50"]),
                          st.sampled_from(["", "0", "7"]), st.sampled_from(["", "x|y", "z"])),
    "customers": st.tuples(st.sampled_from(["", "DE", "FR"]), st.sampled_from(["", '{"n": 1}'])),
    "orders": st.tuples(st.sampled_from(["", "u", "v"]), st.just("2026-01-02T03:04:05Z"),
                        st.sampled_from(["completed", "refunded"]), st.sampled_from(["p", "q"]),
                        st.integers(1, 3).map(str), st.sampled_from(["1.00", "2.50"])),
}  # fmt: skip


def tables(kind):
    """id → rows of a file; an order has one or two lines."""
    most = 2 if kind == "orders" else 1
    rows = st.lists(VALUES[kind], min_size=1, max_size=most)
    return st.dictionaries(st.sampled_from(IDS), rows, max_size=len(IDS))


def write(folder: Path, kind, table):
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(HEADS[kind])
    writer.writerows([own, *cells] for own, rows in table.items() for cells in rows)
    path = folder / "file.csv"
    path.write_text(sink.getvalue())
    return path


def state(shop, kind):
    if kind == "orders":
        found = {}
        for order in shop.orders.select_related("customer"):
            lines = order.lines.order_by("position").values_list("product_external_id", "quantity", "unit_price")
            customer = order.customer.external_id if order.customer else ""
            found[order.external_id] = (customer, order.state, order.total, order.ordered_at, list(lines))
        return found
    rows = getattr(shop, kind).values()
    hidden = {"id", "tenant_id", "created_at", "updated_at"}
    return {row["external_id"]: {k: v for k, v in row.items() if k not in hidden} for row in rows}


def act(shop, run, verb, **more):
    with tenancy.enter(shop.pk) as tenant:
        verb(tenant, tenant.import_runs.get(pk=run.pk), by=None, **more)
    work.run_due(tasks={files.TASK})


def bring(shop, folder, kind, table):
    """Takes a file in as a person would; None for a file without rows."""
    if not table:
        return None
    with tenancy.enter(shop.pk) as tenant:
        run = files.take(tenant, write(folder, kind, table), name="file.csv", by=None)
        files.mean(tenant, run, kind=kind, layout="")
        run.refresh_from_db()
    act(shop, run, files.check, mapping=run.mapping)
    act(shop, run, files.start)
    run = shop.import_runs.get(pk=run.pk)
    assert (run.state, run.refused) == (ImportRun.State.SUCCEEDED, 0), (run.error, run.problems)
    return run


def undo(shop, run):
    if run is not None and shop.import_runs.get(pk=run.pk).kept:
        act(shop, run, files.undo)
        assert shop.import_runs.get(pk=run.pk).state == ImportRun.State.UNDONE


often = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", list(HEADS))
def test_undoing_in_reverse_brings_back_the_beginning(db, tmp_path, kind):
    @often
    @given(st.lists(tables(kind), min_size=2, max_size=3))
    def check(files_of_shop):
        shop = make.tenant()
        states, runs = [], []
        for table in files_of_shop:
            states.append(state(shop, kind))
            runs.append(bring(shop, tmp_path, kind, table))
        for before, run in zip(reversed(states), reversed(runs), strict=True):
            undo(shop, run)
            assert state(shop, kind) == before
        assert not shop.import_pieces.exists()
        if kind == "orders":
            assert not shop.customers.exists()

    check()


@pytest.mark.parametrize("kind", ["products", "customers"])
def test_what_is_newer_stays(db, tmp_path, kind):
    """A row that another door changed after the import is as that door left it."""

    @often
    @given(tables(kind), tables(kind), st.sets(st.sampled_from(IDS)))
    def check(first, second, touched):
        from django.utils import timezone

        shop = make.tenant()
        bring(shop, tmp_path, kind, first)
        before = state(shop, kind)
        run = bring(shop, tmp_path, kind, second)
        field = "title" if kind == "products" else "country"
        rows = [{"id": own, field: "Newer"} for own in touched]
        with tenancy.enter(shop.pk) as tenant:
            getattr(ingest, kind)(tenant, rows, now=timezone.now())
        newer = state(shop, kind)
        undo(shop, run)
        assert state(shop, kind) == {**before, **{own: newer[own] for own in touched}}

    check()
