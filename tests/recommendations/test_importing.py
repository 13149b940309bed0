"""Files and frames: what is kept, what is refused and where it says so, and that twice is once."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from recommendations import importing, ingest
from recommendations.importing import run as importing_run
from tenants import work
from tests import make

LINES = """order_id,customer_id,ordered_at,product_id,quantity,unit_price
1,007,2025-03-01T10:00:00+01:00,a,2,1.50
1,007,2025-03-01T10:00:00+01:00,b,1,2
2,,2025-03-02 09:00:00,a,1,1.5
3,8,2025-03-02T09:00:00Z,a,0,1.5
3,8,2025-03-02T09:00:00Z,b,1,1.5
4,9,gestern,b,1,=1+1
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def counts(run: Any) -> tuple[Any, ...]:
    return run.state, run.rows, run.kept, run.unchanged, run.refused


def test_it_takes_order_lines_with_their_faults(db: None, tmp_path: Path) -> None:
    tenant = make.tenant("berlin", time_zone="Europe/Berlin", currency="EUR")
    report = tmp_path / "report.csv"
    run = importing.load(tenant, "orders", write(tmp_path, "lines.csv", LINES), report=report)
    assert counts(run) == ("succeeded", 6, 3, 0, 3), run.problems
    assert [(p["line"], p["field"]) for p in run.problems] == [
        (7, "ordered_at"),
        (5, "quantity"),
        (7, "unit_price"),
        (6, "order_id"),
    ]
    first, second = tenant.orders.order_by("external_id")
    assert (str(first.total), first.customer.external_id, first.lines.count()) == ("5.00", "007", 2)
    assert (second.customer, second.ordered_at.isoformat()) == (None, "2025-03-02T08:00:00+00:00")
    assert list(first.lines.order_by("position").values_list("product_external_id", flat=True)) == ["a", "b"]
    cells = [cell for row in csv.reader(io.StringIO(report.read_text())) for cell in row]
    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell.startswith("=")]


def test_doing_it_again_changes_nothing(acme: Any, tmp_path: Path) -> None:
    products = "sku,name,price,categories,stock,published\n1,Tea,2.5,Hot|Leaf,5,yes\n2,<b>Cup</b> & saucer,,,,no\n"
    events = "type,occurred_at,customer_id,product_id\nview,{0},c,1\nview,{0},c,1\ncart,{0},c,1\n".format(
        (timezone.now() - timedelta(days=2)).isoformat()
    )
    files = {
        "products": write(tmp_path, "p.csv", products),
        "customers": write(tmp_path, "c.csv", "customer_id,country\n007,France\n8,Spain\n"),
        "orders": write(
            tmp_path, "o.csv", LINES.replace(",0,1.5", ",1,1.5").replace("gestern", "2025-01-01T00:00:00Z")
        ),
        "events": write(tmp_path, "e.csv", events),
    }
    for kind, path in files.items():
        first, again = importing.load(acme, kind, path), importing.load(acme, kind, path)
        assert first.state == "succeeded", first.error
        assert again.kept == 0, (kind, again.kept)
        assert again.unchanged == first.kept + first.unchanged
    tea, cup = acme.products.order_by("external_id")
    assert (tea.categories, tea.stock, tea.is_published, str(tea.price)) == (["Hot", "Leaf"], 5, True, "2.50")
    assert (cup.title, cup.is_published, cup.price) == ("Cup & saucer", False, None)
    assert acme.events.count() == 2
    assert acme.import_runs.count() == 8


def test_the_api_and_a_file_say_the_same(acme: Any, api: Any, tmp_path: Path) -> None:
    """One set of checks: what one door wrote is unchanged for the other."""
    product = {
        "id": "x",
        "title": "Ta\u0308sse",
        "description": "<p>a & b</p>",
        "tags": ['q"u', "b\\s"],
        "price": "3.10",
        "attributes": {"size": [1 and "L"]},
        "updated_at": "2025-01-01T00:00:00Z",
    }
    assert api.post("/api/v1/products", product).json()["results"][0]["status"] == "created"
    run = importing.load(acme, "products", write(tmp_path, "p.jsonl", orjson.dumps(product).decode()))
    assert counts(run) == ("succeeded", 1, 0, 1, 0), run.problems
    order = {
        "id": 5,
        "customer_id": "c",
        "ordered_at": "2025-01-01T00:00:00Z",
        "lines": [{"product_id": "x", "quantity": 2, "unit_price": 1.25}],
    }
    api.post("/api/v1/orders", order)
    line = {
        "order_id": 5,
        "customer_id": "c",
        "ordered_at": "2025-01-01T00:00:00Z",
        "product_id": "x",
        "quantity": 2,
        "unit_price": 1.25,
    }
    run = importing.load(acme, "orders", write(tmp_path, "o.jsonl", orjson.dumps(line).decode()))
    assert counts(run) == ("succeeded", 1, 0, 1, 0), run.problems


def test_it_takes_parquet_and_frames(acme: Any, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "InvoiceNo": pd.Categorical(["1", "1", "2"]),
            "StockCode": ["a", "b", "a"],
            "Quantity": [1.0, 2.0, 3.0],
            "InvoiceDate": pd.to_datetime(["2025-01-01 10:00", "2025-01-01 10:01", "2025-01-02 10:00"]),
            "UnitPrice": pd.Series([2.55, 1.1, 2.55], dtype="float32"),
            "CustomerID": [17850.0, 17850.0, None],
        }
    )
    path = tmp_path / "lines.parquet"
    frame.to_parquet(path)
    run = importing.load(acme, "orders", path)
    assert counts(run) == ("succeeded", 3, 3, 0, 0), (run.error, run.problems)
    assert sorted(map(str, acme.orders.values_list("total", flat=True))) == ["4.75", "7.65"]
    assert acme.customers.get().external_id == "17850"
    assert counts(importing.load(acme, "orders", frame)) == ("succeeded", 3, 0, 3, 0)
    listed = pd.DataFrame({"id": ["a"], "title": ["A"], "categories": [["x", "y"]], "price": ["1.00"]})
    assert importing.load(acme, "products", listed).kept == 1
    assert acme.products.get().categories == ["x", "y"]


@pytest.mark.parametrize(
    ("kind", "name", "text", "says"),
    [
        ("products", "x.pdf", "", "ending"),
        ("products", "x.csv", "a,b\n1,2\n", "no column for id"),
        ("products", "x.csv", "id,title\n1,2,3\n", "x.csv"),
        ("products", "x.csv", "id,id\n1,2\n", "same name"),
        ("products", "x.csv", "", "x.csv"),
        ("products", "x.jsonl", "{]\n", "line 1"),
        ("products", "x.jsonl", "[1]\n", "line 1"),
        ("orders", "x.parquet", "nothing", "x.parquet"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    kind: str, name: str, text: str, says: str, acme: Any, tmp_path: Path
) -> None:
    run = importing.load(acme, kind, write(tmp_path, name, text))
    assert run.state == "failed"
    assert says in run.error, run.error


def test_it_names_each_bad_value(acme: Any, tmp_path: Path) -> None:
    rows = [
        {"id": "ok", "title": "fine"},
        {"id": "b\u202ed", "title": "x"},
        {"id": "c", "title": "x" * 501},
        {"title": "no id"},
        {"id": "d", "title": "t", "price": "-1"},
        {"id": "e", "title": "t", "url": "javascript:x"},
        {"id": "f", "title": "t", "stock": "many"},
        {"id": "g", "title": "t", "attributes": "{"},
        {"id": True, "title": "t", "price": 1e13},
    ]
    text = "\n".join(orjson.dumps(row).decode() for row in rows)
    run = importing.load(acme, "products", write(tmp_path, "p.jsonl", text))
    assert {(p["line"], p["field"]) for p in run.problems} == {
        (2, "id"),
        (3, "title"),
        (4, "id"),
        (5, "price"),
        (6, "url"),
        (7, "stock"),
        (8, "attributes"),
        (9, "price"),
    }
    assert counts(run) == ("succeeded", 9, 1, 0, 8)


def test_an_import_ends_the_cold_start_and_asks_for_training(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    frame = pd.DataFrame(
        {
            "order_id": [str(n) for n in range(10)],
            "ordered_at": now,
            "product_id": "a",
            "quantity": 1,
            "unit_price": 1,
        }
    )
    importing.load(acme, "orders", frame.head(9))
    assert not acme.works.filter(task="recommendations.train_if_warm").exists()
    importing.load(acme, "orders", frame)
    assert acme.works.filter(task="recommendations.train_if_warm", state="pending").count() == 1
    assert ingest.RECENT
    assert work.names() >= {"recommendations.drain_events"}


def test_the_plan_limit_is_the_run_s_error(db: None) -> None:
    free = make.tenant("free-shop", plan="free")
    run = importing.load(free, "products", pd.DataFrame({"id": range(1001), "title": "t"}))
    assert (run.state, free.products.count()) == ("failed", 0)
    assert "1,000 products" in run.error


def test_only_the_first_faults_are_kept_on_the_run(acme: Any) -> None:
    run = importing.load(acme, "products", pd.DataFrame({"id": range(300), "title": ""}))
    assert (run.refused, len(run.problems)) == (300, importing_run.KEPT_PROBLEMS)


def test_large_orders_files_are_merged_in_pieces(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order's lines may stand anywhere in the file."""
    from recommendations.importing import order_lines

    monkeypatch.setattr(order_lines, "LINES_A_TIME", 7)
    frame = pd.DataFrame(
        {
            "order_id": [str(n % 10) for n in range(40)],
            "ordered_at": timezone.now(),
            "product_id": [f"p{n}" for n in range(40)],
            "quantity": 1,
            "unit_price": 1,
        }
    )
    seen: list[int] = []
    run = importing.load(acme, "orders", frame, progress=lambda done, total: seen.append(done))
    assert counts(run) == ("succeeded", 40, 40, 0, 0)
    assert seen[0] == 0
    assert seen[-1] == 40
    assert len(seen) > 5
    assert {order.lines.count() for order in acme.orders.all()} == {4}


def test_the_command_loads_and_reports(acme: Any, tmp_path: Path) -> None:
    out = io.StringIO()
    products = write(tmp_path, "p.csv", "id,title\n1,Tea\n2,\n")
    orders = write(tmp_path, "o.csv", LINES)
    call_command("import_store", "acme", products=products, orders=orders, report=tmp_path / "r.csv", stdout=out)
    assert "products: 2 rows, 1 kept, 0 unchanged, 1 refused" in out.getvalue()
    assert (tmp_path / "r-orders.csv").read_text().count("\n") == 5
    with pytest.raises(CommandError, match="no shop"):
        call_command("import_store", "nobody", products=products)
    with pytest.raises(CommandError, match="Name at least one"):
        call_command("import_store", "acme")
