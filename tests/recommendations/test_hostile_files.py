"""Files that mean harm or are merely broken: refused with a sentence, or taken in without effect (T9–T11, T16)."""

import gzip
import io
import re
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recommendations import storage
from recommendations.importing import looking, parquet_files, reading, tidying
from tests.recommendations.panel.test_imports import bring, latest, take, upload

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;">]><rss><channel><item><id>&lol2;</id></item></channel></rss>"""
EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<rss><channel><item><id>1</id><title>&f;</title></item></channel></rss>"""
DTD = (
    b"""<?xml version="1.0"?><!DOCTYPE rss SYSTEM "https://evil.example/x.dtd"><rss><channel><item/></channel></rss>"""
)


@pytest.fixture
def owner(signed_in, ana):
    return signed_in(ana)


def said(answer):
    assert answer.status_code == 422, answer.status_code
    return re.sub(r"\s+", " ", answer.content.decode())


def archive():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as file:
        file.writestr("../../etc/x.csv", "id,title\n1,a\n")
    return sink.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n\n\n", "empty"),
        (b"id,title\n", "no rows"),
        (b"id,id\n1,2\n", "same name"),
        (archive(), "ZIP archive"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (gzip.compress(b"", mtime=0), "empty"),
        (gzip.compress(b"id,title\n1,a\n", mtime=0)[:20], "gzip file is broken"),
        (LAUGHS, "document type"),
        (EXTERNAL, "document type"),
        (DTD, "document type"),
        (b"<rss><channel><item><id>1</id></channel></rss>", "well-formed"),
        (b"<html><body>x</body></html>", "no products"),
        (b"<rss><item>" + b"<a>" * 40 + b"</a>" * 40 + b"</item></rss>", "nested deeper"),
        (b"<rss><item><id>" + b"x" * (2 << 20) + b"</id></item></rss>", "longer than 1 MB"),
        (b'{"id": 1\n', "not JSON"),
        (b'{"id": 1}\n[1]\n', "not an object"),
        (b'{"a":' * 5000, "not JSON"),
        (b"PAR1 nothing PAR1", "The file"),
        (b"PAR1" + b"x" * 40 + (1 << 30).to_bytes(4, "little") + b"PAR1", "description of itself"),
        (",".join(f"c{n}" for n in range(2000)).encode() + b"\n" + b"," * 1999 + b"\n", "at most 500"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence(owner, acme, content, says):
    """T11: no entity is expanded, no outer file is read, no archive is opened."""
    answer = upload(owner, content, "x.csv")
    assert says in said(answer)
    assert "root:" not in answer.content.decode()
    assert not acme.import_runs.exists()
    assert not list(storage.folder(acme.pk).iterdir())
    assert list((Path(settings.UPLOADS_DIR) / "arriving").iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "..%2f..%2fx.csv", "/etc/x.csv", "C:\\x\\..\\y.csv", "x.csv\x00.png", "a" * 300 + ".csv",
     "x.csv?y#z;w", "<script>alert(1)</script>.csv", "\u202egnp.csv", "x." + "e" * 5000],
)  # fmt: skip
def test_no_name_that_a_person_typed_becomes_a_path(owner, acme, name):
    """T16"""
    file = SimpleUploadedFile("x.csv", b"id,title\n1,a\n")
    file.__dict__["_name"] = name
    answer = owner.post("/t/acme/catalogue/imports/new", {"file": file})
    assert answer.status_code in (302, 400, 422)
    for path in Path(settings.UPLOADS_DIR).rglob("*"):
        assert re.fullmatch(r"\d+|arriving|[0-9a-f]{32}(\.report)?|tmp\w+\.part", path.name), path
    if answer.status_code == 302:
        page = owner.get(answer["Location"]).content.decode()
        assert "<script>alert" not in page
        assert "\u202e" not in latest(acme).source


@pytest.mark.parametrize("name", ["", "..", "../x", "x" * 32, "0" * 31, "0" * 32 + "/x", "0" * 32 + ".X", "0" * 33])
def test_only_names_of_ours_are_opened(acme, name):
    """T16"""
    with pytest.raises(ValueError):
        storage.path(acme.pk, name)


def test_what_looks_like_code_is_only_text(owner, acme):
    """T9, T10: shown escaped on every page, guarded in the report, stored as what it says."""
    rows = (
        b'id,title,brand\n=cmd|x,"=HYPERLINK(""http://e"")",<img src=x onerror=alert(1)>\n'
        b'"2","<script>alert(1)</script>Lamp",x\n<b>3</b>,{{7*7}},hx-get=/x\n4,' + b"z" * 600 + b",@x\n"
    )
    page = bring(owner, rows, "'\"><script>alert(1)</script>.csv")
    columns = owner.get(f"{page}/columns").content.decode()
    for html in (columns, owner.get(page).content.decode(), owner.get("/t/acme/catalogue/imports").content.decode()):
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    report = b"".join(owner.get(f"{page}/report.csv").streaming_content).decode()
    assert '"\'=cmd|x"' in report or "'=cmd|x" in report
    assert not re.search(r"(?:^|,)\"?[=+@]", report, re.MULTILINE)
    take(owner, page)
    assert acme.products.get(external_id="=cmd|x").title == '=HYPERLINK("http://e")'
    assert "<" not in acme.products.get(external_id="2").title


def test_rows_that_are_no_rows_are_refused_one_by_one(owner, acme):
    """Too few and too many columns, bytes that are no text, cells of a megabyte: each says where and why."""
    good = "".join(f"g{n},Crème {n}\n" for n in range(20)).encode()
    content = b"id,title\n" + good + b"1,a,b\n2\n3,fine\n4,Caf\xe9 broken\n5," + b"x" * (1 << 20) + b"\n6,nul\x00l\n"
    page = bring(owner, content)
    run = latest(acme)
    assert (run.created, run.refused) == (21, 5), run.problems
    assert [(p["line"], p["message"][:24]) for p in sorted(run.problems, key=lambda p: p["line"])] == [
        (22, "Has 3 columns instead of"), (23, "Has 1 columns instead of"), (25, "Has bytes that are no te"),
        (26, "Must be at most 500 char"), (27, "Has bytes that are no te"),
    ]  # fmt: skip
    assert "Some bytes are no text" in owner.get(f"{page}/columns").content.decode()
    take(owner, page)
    assert acme.products.filter(external_id="3").exists()
    assert acme.products.count() == 21


def test_a_wrong_delimiter_is_one_column_and_says_what_is_missing(owner, acme):
    page = upload(owner, b"id^title\n1^a\n")["Location"]
    owner.post(page.replace("columns", "kind"), {"what": "products:"})
    assert "Something is missing" in owner.get(page).content.decode()
    assert owner.post(page, {"column-0": "id"}).status_code == 422


def test_a_parquet_file_that_declares_too_much_is_not_read(tmp_path, monkeypatch):
    """T11: declared sizes are summed before anything is read."""
    path = tmp_path / "bomb"
    pq.write_table(pa.table({"id": pa.array([0] * 2_000_000)}), path, use_dictionary=False, compression="zstd")
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(parquet_files, "MAX_BYTES", 10 << 20)
    with pytest.raises(reading.Unreadable, match="declares 2,000,000 rows"):
        looking.look(path)


def test_a_repeated_text_in_parquet_stays_one_text(tmp_path):
    """T11: a megabyte that is said a hundred thousand times would be 100 GB if each row held its own."""
    path = tmp_path / "bomb"
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["x" * (1 << 20)]))
    pq.write_table(pa.table({"id": pa.array(range(100_000)), "title": text}), path, compression="zstd")
    assert path.stat().st_size < 1 << 20
    before = pa.total_allocated_bytes()
    rows = 0
    for frame, _ in reading.pieces(path, reading.Reading("parquet", piece=10_000)):
        rows += len(frame)
        assert pa.total_allocated_bytes() - before < 512 << 20
    assert rows == 100_000


def test_parquet_with_lists_and_exact_amounts_is_read(owner, acme):
    sink = io.BytesIO()
    frame = pd.DataFrame({"id": ["1"], "title": ["T"], "tags": [["a", "b"]], "price": [2.5]})
    frame.to_parquet(sink)
    take(owner, bring(owner, sink.getvalue(), "p.parquet"))
    assert acme.products.get().tags == ["a", "b"]


def test_a_body_above_every_plan_is_refused_before_it_is_kept(owner, acme, settings):
    """R47, T11: by its declared length; a page that takes no file refuses at 10 MB."""
    settings.MAX_UPLOAD_BYTES = 12 << 20
    content = b"id,title\n" + b"1,a\n" * (4 << 20)
    answer = upload(owner, content)
    assert answer.status_code == 413
    assert "larger than 12 MB" in answer.content.decode()
    small = upload(owner, content[: 11 << 20] + b"\n")
    assert small.status_code == 302
    other = owner.post("/t/acme/settings", {"file": SimpleUploadedFile("x", content)})
    assert other.status_code == 413
    assert list((Path(settings.UPLOADS_DIR) / "arriving").iterdir()) == []


def test_nobody_uploads_without_signing_in(acme):
    answer = Client().post("/t/acme/catalogue/imports/new", {"file": SimpleUploadedFile("x", b"x")})
    assert answer.status_code == 302
    assert "/account/login/" in answer["Location"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [("12.90", "12.90"), ("12,90", "12.90"), ("1,299.00 EUR", "1299.00"), ("€ 1.299,00", "1299.00"),
     ("1 299,5", "1299.5"), ("EUR 5", "5"), ("-3", "-3"), ("1,299", "1299"), ("abc", "abc"), ("1" * 50, "1" * 50)],
)  # fmt: skip
def test_it_reads_amounts_as_shops_write_them(text, amount):
    assert tidying.money(text)[0] == amount
