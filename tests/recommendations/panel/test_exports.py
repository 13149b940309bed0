"""What a shop takes away: the rows again after a round trip, safe cells, links for one person, a week."""

import csv
import io
import os
import re
import uuid
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from recommendations.exporting import files as exporting
from tenants import work
from tests import make
from tests.recommendations.panel.test_imports import bring, latest, take

TASKS = {"recommendations.export", "recommendations.import_file"}
ALL = ["products", "customers", "orders", "events", "figures"]


@pytest.fixture
def owner(signed_in, ana):
    return signed_in(ana)


def fill(acme):
    make.product(
        acme, "=1+1", title="＝Danger; \"quoted\", 'x'", price=None, stock=-5, tags=["a|b", "c;d"], brand="-x",
        categories=["Ä, B > C"], attributes={"size": ["L"], "n": 1.5, "=k": "@v"}, description="<p>two\nlines</p>",
        url="https://x.example/?a=1,2", is_published=False, source_updated_at=timezone.now() - timedelta(days=3),
    )  # fmt: skip
    make.product(acme, "007", title="'=apostrophe", price=Decimal("0.10"), stock=3)
    zoe = make.customer(acme, "+49")
    acme.customers.filter(pk=zoe.pk).update(country="@home", attributes={"a": "b"})
    order = make.order(acme, ["=1+1", "007", "gone"], external_id="-9", customer=zoe, session_id="s;1")
    acme.orders.filter(pk=order.pk).update(total=Decimal("99.95"), state="refunded")
    make.order(acme, ["007"], external_id="10", days_ago=2)
    for kind, product in (("view", "=1+1"), ("cart", "007")):
        acme.events.create(
            id=uuid.uuid4(), kind=kind, occurred_at=timezone.now() - timedelta(hours=5), customer_external_id="+49",
            product_external_id=product, quantity=2, value=Decimal("1.50"), currency="EUR", placement="=here",
            order_external_id="-9", properties={"q": "=x"},
        )  # fmt: skip


def state(acme):
    """Everything of a shop that an export is to bring back."""
    products = ("external_id", "title", "description", "url", "image_url", "price", "currency", "categories", "brand",
                "tags", "attributes", "stock", "is_published", "source_updated_at")  # fmt: skip
    orders = ("external_id", "customer__external_id", "session_id", "state", "currency", "total", "ordered_at")
    lines = ("order__external_id", "position", "product_external_id", "quantity", "unit_price")
    events = ("id", "kind", "occurred_at", "customer_external_id", "session_id", "product_external_id", "quantity",
              "value", "currency", "order_external_id", "placement", "properties")  # fmt: skip
    return (
        list(acme.products.order_by("external_id").values(*products)),
        list(acme.customers.order_by("external_id").values("external_id", "country", "attributes")),
        list(acme.orders.order_by("external_id").values(*orders)),
        list(acme.order_lines.order_by("order__external_id", "position").values(*lines)),
        list(acme.events.order_by("id").values(*events)),
    )


def fetch(client, acme, kinds, format, **window):
    """Exports and downloads: kind → content."""
    answer = client.post("/t/acme/catalogue/exports", {"kinds": kinds, "format": format, **window})
    assert answer.status_code == 302, re.findall(r"<p[^>]*>[^<]+", answer.content.decode())
    work.run_due(tasks=TASKS)
    html = client.get("/t/acme/catalogue/exports").content.decode()
    links = re.findall(r'href="(/t/acme/catalogue/exports/(\d+)/file\?ticket=[^"]+)"', html)
    found = {}
    for link, pk in links:
        content = b"".join(client.get(link.replace("&amp;", "&")).streaming_content)
        found.setdefault(acme.export_runs.get(pk=pk).kind, content)
    return found


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_what_was_exported_can_be_imported_again(owner, acme, format):
    """T10, R53: export → import gives the same rows, in every format."""
    fill(acme)
    before = state(acme)
    found = fetch(owner, acme, ALL, format)
    assert set(found) == set(ALL)
    acme.order_lines.all().delete()
    acme.orders.all().delete()
    acme.customers.all().delete()
    acme.products.all().delete()
    acme.events.all().delete()
    for kind in ("products", "customers", "orders", "events"):
        take(owner, bring(owner, found[kind], f"{kind}.{format}"))
        run = latest(acme)
        assert (run.state, run.kind, run.refused) == ("succeeded", kind, 0), (run.problems, run.error)
    assert state(acme) == before
    again = bring(owner, found["products"], f"again.{format}")
    assert latest(acme).unchanged == 2
    assert "There is nothing to import" in owner.get(again).content.decode()


def test_no_cell_is_a_formula_and_numbers_stay_numbers(owner, acme):
    """T10: ASCII and full-width."""
    fill(acme)
    for kind, content in fetch(owner, acme, ALL, "csv").items():
        rows = list(csv.reader(io.StringIO(content.decode())))
        for row in rows[1:]:
            for name, cell in zip(rows[0], row, strict=True):
                assert name == "stock" or not cell.startswith(tuple("=+-@\t\r＝＋－＠")), (kind, name, cell)
        if kind == "products":
            assert {row[rows[0].index("stock")] for row in rows[1:]} == {"-5", "3"}


def test_it_reads_page_by_page_within_the_window(owner, acme, monkeypatch):
    from recommendations.exporting import rows

    monkeypatch.setattr(rows, "PAGE", 2)
    now = timezone.now()
    same = now - timedelta(days=1)
    for number in range(7):
        at = same if number < 5 else now - timedelta(days=40)
        acme.events.create(id=uuid.uuid4(), kind="view", occurred_at=at, customer_external_id=f"c{number}")
    found = fetch(owner, acme, ["events"], "jsonl", first=(now - timedelta(days=5)).date().isoformat())
    assert len(found["events"].splitlines()) == 5
    assert acme.export_runs.get().rows == 5


def test_a_link_is_for_one_person_and_ten_minutes(owner, signed_in, acme, dev, ben, gil):
    """T13: signed, bound to the member; another shop's export is a 404."""
    make.product(acme, "1")
    fetch(owner, acme, ["products"], "csv")
    html = owner.get("/t/acme/catalogue/exports").content.decode()
    link = re.search(r'href="(/t/acme/catalogue/exports/\d+/file\?ticket=[^"]+)"', html)[1]
    run = acme.export_runs.get()
    assert signed_in(dev).get(link).status_code == 302
    assert signed_in(ben).get(link).status_code == 403
    assert signed_in(ben).get("/t/acme/catalogue/exports").status_code == 403
    assert signed_in(gil).get(link).status_code == 404
    assert signed_in(gil).get(link.replace("acme", "globex")).status_code == 404
    assert owner.get(link.split("?")[0]).status_code == 302
    assert acme.audit_entries.filter(action="export.fetched").count() == 1
    acme.export_runs.update(kept_until=timezone.now())
    assert owner.get(link).status_code == 302
    assert Path(settings.UPLOADS_DIR, str(acme.pk), run.stored).exists()


def test_an_export_that_broke_is_made_anew(owner, acme, monkeypatch):
    make.product(acme, "1")
    owner.post("/t/acme/catalogue/exports", {"kinds": ["products"], "format": "csv"})
    real = exporting.rows.pages
    monkeypatch.setattr(exporting.rows, "pages", lambda *args: (_ for _ in ()).throw(OSError("killed")))
    work.run_due(tasks=TASKS)
    assert acme.export_runs.get().state == "running"
    monkeypatch.setattr(exporting.rows, "pages", real)
    acme.works.filter(task="recommendations.export").update(due_at=timezone.now() - timedelta(seconds=1))
    work.run_due(tasks=TASKS)
    run = acme.export_runs.get()
    assert (run.state, run.rows) == ("done", 1)
    assert [p.name for p in Path(settings.UPLOADS_DIR, str(acme.pk)).iterdir()] == [run.stored]


def test_it_sweeps_what_is_kept_no_longer(owner, acme):
    """Exports after a week, reports and former states after 30 days, waiting files after a week, strays after a day."""
    from tests.recommendations.panel.test_imports import upload

    folder = Path(settings.UPLOADS_DIR, str(acme.pk))
    page = bring(owner, b"id,title\n1,Tea\n")
    take(owner, page)
    imported = latest(acme)
    upload(owner, b"id,title\n1,Tea\n")
    waiting = latest(acme)
    fetch(owner, acme, ["products"], "csv")
    exported = acme.export_runs.get()
    stray = folder / "0123456789abcdef0123456789abcdef"
    stray.write_text("x")
    sweep = {"recommendations.sweep_files"}

    def run_sweep(slot):
        work.tick("recommendations.sweep_files", slot)
        work.run_due(tasks=sweep)

    run_sweep(1)
    assert {p.name for p in folder.iterdir()} == {imported.report, waiting.stored, exported.stored, stray.name}
    os.utime(stray, (0, 0))
    long_ago = timezone.now() - timedelta(days=40)
    acme.import_runs.update(started_at=long_ago, undo_until=long_ago)
    acme.export_runs.update(kept_until=long_ago)
    assert acme.import_pieces.exists()
    run_sweep(2)
    assert list(folder.iterdir()) == []
    assert not acme.import_pieces.exists()
    assert (acme.export_runs.get().state, acme.import_runs.get(pk=waiting.pk).state) == ("gone", "cancelled")
    assert "report.csv" not in owner.get(page).content.decode()
