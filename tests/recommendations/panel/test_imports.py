"""A file in the panel, from the upload to its undoing: what is guessed, said, written and taken back."""

import csv
import gzip
import io
import re
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tenants import work
from tests import make
from tests.recommendations import vendor_files as vendors

PRODUCTS = b"sku,name,price,stock\n1,Tea,2.50,5\n2,Cup,4.00,\n3,=Danger,-1,2\n"


def upload(client, content, name="products.csv"):
    return client.post("/t/acme/catalogue/imports/new", {"file": SimpleUploadedFile(name, content)})


def bring(client, content, name="products.csv"):
    """Uploads and confirms the guessed columns; the run after its check."""
    answer = upload(client, content, name)
    assert answer.status_code == 302, re.findall(r'class="error[^>]*>([^<]+)', answer.content.decode())
    page = answer["Location"]
    html = client.get(page).content.decode()
    answer = client.post(page, chosen(html))
    assert answer.status_code == 302, re.findall(r"<p>[^<]+", answer.content.decode())
    work.run_due(tasks={"recommendations.import_file"})
    return answer["Location"]


def chosen(html):
    """What the form of the mapping page would send: each select with its selected option."""
    found = {}
    for name, options in re.findall(r'<select name="(column-\d+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        picked = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = picked[1] if picked else ""
    return found


def take(client, page):
    client.post(f"{page}/start")
    work.run_due(tasks={"recommendations.import_file"})


def latest(acme):
    return acme.import_runs.order_by("-pk").first()


def counts(run):
    return run.state, run.rows, run.created, run.changed, run.unchanged, run.refused


def folder(acme):
    return Path(settings.UPLOADS_DIR) / str(acme.pk)


@pytest.fixture
def owner(signed_in, ana):
    return signed_in(ana)


def test_it_checks_before_it_writes_and_says_what_each_row_would_do(owner, acme):
    """R98: line, field and reason of each refused row, before anything is stored."""
    make.product(acme, "1", title="Tea", price="2.00", stock=5)
    page = bring(owner, PRODUCTS)
    assert counts(latest(acme)) == ("checked", 3, 1, 1, 0, 1)
    assert acme.products.count() == 1
    html = owner.get(page).content.decode()
    assert "Would be created" in html
    assert "Must not be negative." in html
    report = b"".join(owner.get(f"{page}/report.csv").streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(report)))
    assert [(r["line"], r["outcome"], r["field"]) for r in rows] == [
        ("2", "changed", "price"), ("3", "created", ""), ("4", "refused", "price"),
    ]  # fmt: skip
    take(owner, page)
    assert counts(latest(acme)) == ("succeeded", 3, 1, 1, 0, 1)
    assert {p.external_id: str(p.price) for p in acme.products.all()} == {"1": "2.50", "2": "4.00"}
    assert not latest(acme).stored
    assert [path.suffix for path in folder(acme).iterdir()] == [".report"]


def test_it_takes_back_what_it_did_and_leaves_what_is_newer(owner, acme, api):
    before = make.product(acme, "1", title="Tea", price="2.00", stock=5, brand="Old", tags=["a;b"])
    page = bring(owner, b"sku,name,price,stock\n1,Tea,2.50,5\n2,Cup,4.00,\n4,Pot,9.00,\n")
    take(owner, page)
    api.post("/api/v1/products", {"id": "4", "title": "Pot, bigger"})
    assert "Undo" in owner.get(page).content.decode()
    owner.post(f"{page}/undo")
    work.run_due(tasks={"recommendations.import_file"})
    run = latest(acme)
    assert (run.state, run.undone) == ("undone", {"removed": 1, "restored": 1, "left": 1})
    assert sorted(acme.products.values_list("external_id", flat=True)) == ["1", "4"]
    after = acme.products.get(external_id="1")
    for field in ("title", "price", "stock", "brand", "tags", "currency"):
        assert getattr(after, field) == getattr(before, field) or field == "price"
    assert str(after.price) == "2.00"
    assert "1 left because something changed" in re.sub(r"\s+", " ", owner.get(page).content.decode())
    owner.post(f"{page}/undo")
    work.run_due(tasks={"recommendations.import_file"})
    assert latest(acme).undone == run.undone
    assert not acme.import_pieces.exists()


def test_an_undo_is_offered_for_thirty_days(owner, acme):
    page = bring(owner, PRODUCTS)
    take(owner, page)
    acme.import_runs.update(undo_until=timezone.now() - timedelta(minutes=1))
    assert "No longer offered" in owner.get(page).content.decode()
    owner.post(f"{page}/undo")
    assert latest(acme).state == "succeeded"


def test_it_remembers_the_columns_for_the_next_file(owner, acme):
    first = upload(owner, b"number,words\n1,Tea\n")["Location"]
    html = owner.get(first).content.decode()
    assert "Something is missing" in html
    assert owner.post(first, chosen(html)).status_code == 422
    owner.post(f"{first.removesuffix('/columns')}/kind", {"what": "products:"})
    twice = owner.post(first, {"column-0": "id", "column-1": "id"})
    assert "Two columns are the same field" in twice.content.decode()
    assert owner.post(first, {"column-0": "id", "column-1": "title"}).status_code == 302
    second = upload(owner, b"words,number\nCup,2\n", "next.csv")["Location"]
    assert chosen(owner.get(second).content.decode()) == {"column-0": "title", "column-1": "id"}


@pytest.mark.parametrize(
    ("content", "kind", "layout"),
    [
        (vendors.shopify_products(), "products", "shopify-products"),
        (vendors.shopify_orders(), "orders", "shopify-orders"),
        (vendors.shopify_customers(), "customers", "shopify-customers"),
        (vendors.woo_products(), "products", "woocommerce-products"),
        (vendors.woo_orders(), "orders", "woocommerce-orders"),
        (vendors.GOOGLE.encode(), "products", "google"),
        (b"id\ttitle\tlink\tprice\tavailability\n1\tLamp\thttps://s.eu\t1 EUR\tin_stock\n", "products", "google"),
    ],
)  # fmt: skip
def test_it_knows_the_exports_of_shop_systems(owner, acme, content, kind, layout):
    bring(owner, content, "export.csv")
    run = latest(acme)
    assert (run.kind, run.layout, run.refused, run.state) == (kind, layout, 0, "checked"), (run.problems, run.error)
    assert run.created


def test_it_takes_shopifys_variants_and_hidden_products(owner, acme):
    take(owner, bring(owner, vendors.shopify_products()))
    found = {p.external_id: p for p in acme.products.all()}
    assert sorted(found) == ["TEE-M", "TEE-S", "mug"]
    small, mug = found["TEE-S"], found["mug"]
    assert (small.title, small.brand, small.tags, small.stock) == ("Linen tee – S", "Nord", ["linen", "summer"], 4)
    assert (found["TEE-M"].title, found["TEE-M"].stock, found["TEE-M"].brand) == ("Linen tee – M", -1, "Nord")
    assert small.description == "<p>Soft</p>"
    groups = {name: row.attributes.get("item_group_id") for name, row in found.items()}
    assert groups == {"TEE-S": "tee", "TEE-M": "tee", "mug": None}  # lists show one of them
    assert (mug.title, mug.is_published, str(mug.price)) == ("Mug", False, "9.50")


def test_it_takes_orders_without_keeping_an_address(owner, acme):
    """T23: the e-mail of an export becomes a code; the address is in no row, report or log of ours."""
    take(owner, bring(owner, vendors.shopify_orders()))
    first, second, third = acme.orders.order_by("external_id")
    assert (first.external_id, first.lines.count(), str(first.total)) == ("#1001", 2, "63.00")
    assert first.ordered_at.isoformat() == "2026-03-05T09:11:12+00:00"
    assert [o.state for o in (first, second, third)] == ["completed", "completed", "cancelled"]
    assert first.customer.external_id.startswith("em_")
    assert second.customer == third.customer != first.customer
    assert "example.com" not in orjson.dumps(list(acme.customers.values("external_id", "attributes"))).decode()
    take(owner, bring(owner, vendors.woo_orders()))
    order = acme.orders.get(external_id="900")
    assert (order.state, str(order.total), order.lines.count()) == ("completed", "103.00", 2)
    assert [str(line.unit_price) for line in order.lines.order_by("position")] == ["42.00", "16.00"]
    assert acme.orders.get(external_id="901").customer.external_id == "12"


def test_it_joins_woocommerces_variations(owner, acme):
    take(owner, bring(owner, vendors.woo_products()))
    hoodie, cap = acme.products.order_by("external_id")
    assert (hoodie.external_id, str(hoodie.price), hoodie.stock) == ("44", "42.00", 5)
    assert (hoodie.categories, hoodie.image_url) == (["Clothing", "Hoodies", "Sale"], "https://w.example/a.jpg")
    assert (cap.is_published, cap.stock, str(cap.price)) == (False, 0, "16.00")


def test_it_takes_a_google_feed(owner, acme):
    take(owner, bring(owner, vendors.GOOGLE.encode(), "feed.xml"))
    lamp, shade = acme.products.order_by("external_id")
    assert (str(lamp.price), lamp.currency, lamp.stock, lamp.categories) == ("999.00", "EUR", None, ["Home", "Lamps"])
    assert (str(shade.price), shade.stock, shade.attributes) == ("12.50", 0, {"item_group_id": "shades"})


def test_it_takes_customers_with_their_ids_as_text(owner, acme):
    take(owner, bring(owner, vendors.shopify_customers()))
    found = set(acme.customers.values_list("external_id", "country"))
    assert found == {("7012345678901", "DE"), ("7012345678902", "FR")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_it_finds_out_encoding_and_delimiter(owner, acme, encoding, delimiter):
    text = "id;title;price\n1;'Crème' brûlée;2.50\n2;Käse;3.00\n".replace(";", delimiter)
    take(owner, bring(owner, text.encode(encoding), "x.txt"))
    assert sorted(acme.products.values_list("title", flat=True)) == ["'Crème' brûlée", "Käse"]


def test_the_reading_can_be_corrected(owner, acme):
    page = upload(owner, b"id;title\n1;Tea\n")["Location"]
    other = page.replace("columns", "reading")
    owner.post(other, {"encoding": "utf-8", "delimiter": ",", "quote": '"'})
    assert [column["name"] for column in latest(acme).columns] == ["id;title"]
    owner.post(other, {"encoding": "utf-8", "delimiter": ";", "quote": '"'})
    assert [column["name"] for column in latest(acme).columns] == ["id", "title"]


def test_it_unpacks_gzip_within_bounds(owner, acme):
    """T11"""
    take(owner, bring(owner, gzip.compress(PRODUCTS), "p.csv.gz"))
    assert acme.products.count() == 2
    acme.plan.__class__.objects.using("owner").filter(pk="growth").update(file_megabytes=1)
    try:
        bomb = gzip.compress(b"id,title\n" + b"1,a\n" * 2_000_000)
        assert len(bomb) < 100_000
        answer = upload(owner, bomb, "p.csv.gz")
        assert answer.status_code == 422
        assert "larger than 1 MB" in answer.content.decode()
        assert "files up to 1 MB" in upload(owner, b"id,title\n" + b"1,a\n" * 600_000).content.decode()
    finally:
        acme.plan.__class__.objects.using("owner").filter(pk="growth").update(file_megabytes=200)
    assert len(list(folder(acme).iterdir())) == 1


def test_a_stranger_finds_nothing_and_an_analyst_brings_nothing(signed_in, owner, acme, gil, ben):
    """R9: another shop's run is a 404; roles without the right get a 403 and change nothing."""
    page = bring(owner, PRODUCTS)
    stranger, analyst = signed_in(gil), signed_in(ben)
    run = latest(acme)
    for way in ("", "/progress", "/report.csv", "/columns", "/undo", "/stop"):
        assert stranger.get(f"{page}{way}").status_code == 404
        assert stranger.get(f"/t/globex/catalogue/imports/{run.pk}{way}").status_code == 404
    for way in ("/start", "/stop", "/undo", "/columns", "/kind", "/reading"):
        assert stranger.post(f"/t/globex/catalogue/imports/{run.pk}{way}").status_code == 404
        assert analyst.post(f"{page}{way}").status_code == 403
    assert upload(analyst, PRODUCTS).status_code == 403
    assert analyst.get(page).status_code == 200
    assert "Import 2 rows" not in analyst.get(page).content.decode()
    assert latest(acme).state == "checked"


def test_it_stops_when_asked_and_goes_on_where_a_dead_worker_stopped(owner, acme, monkeypatch):
    from recommendations.importing import background, files

    monkeypatch.setattr(files.Reading, "piece", 2)
    content = b"id,title\n" + b"".join(b"%d,T%d\n" % (n, n) for n in range(7))
    plain = files.reading_of
    monkeypatch.setattr(files, "reading_of", lambda run: plain(run, piece=2))
    page = bring(owner, content)
    assert latest(acme).pieces == 4
    calls = iter(range(100))
    real = background._piece

    def dies(job, number, *rest):
        if next(calls) == 2:
            raise OSError("killed")
        real(job, number, *rest)

    monkeypatch.setattr(background, "_piece", dies)
    take(owner, page)
    run = latest(acme)
    assert (run.state, run.created, acme.products.count()) == ("running", 4, 4)
    acme.works.filter(task="recommendations.import_file").update(due_at=timezone.now() - timedelta(seconds=1))
    work.run_due(tasks={"recommendations.import_file"})
    assert counts(latest(acme)) == ("succeeded", 7, 7, 0, 0, 0)
    rows = b"".join(owner.get(f"{page}/report.csv").streaming_content).decode().splitlines()
    assert len(rows) == 8
    assert len(set(rows)) == 8
    owner.post(f"{page}/undo")
    work.run_due(tasks={"recommendations.import_file"})
    assert acme.products.count() == 0
    page = bring(owner, content)
    owner.post(f"{page}/start")
    owner.post(f"{page}/stop")
    work.run_due(tasks={"recommendations.import_file"})
    assert (latest(acme).state, acme.products.count()) == ("cancelled", 0)


def test_it_says_before_that_the_plan_is_too_small(owner, acme):
    acme.plan.__class__.objects.using("owner").filter(pk="growth").update(products=1)
    try:
        page = bring(owner, PRODUCTS)
        assert "holds 1 products" in owner.get(page).content.decode()
        take(owner, page)
        assert latest(acme).state == "checked"
    finally:
        acme.plan.__class__.objects.using("owner").filter(pk="growth").update(products=100_000)


def test_progress_is_polled_until_it_ends(owner, acme):
    page = bring(owner, PRODUCTS)
    owner.post(f"{page}/start")
    polled = owner.get(f"{page}/progress", headers={"hx-request": "true"})
    assert "every 2s" in polled.content.decode()
    assert "Waiting for a free worker" in polled.content.decode()
    work.run_due(tasks={"recommendations.import_file"})
    ended = owner.get(f"{page}/progress", headers={"hx-request": "true"})
    assert (ended.content, ended["HX-Refresh"]) == (b"", "true")
