"""Files of customer ids over the API: taken, replaced, used by a job; what is no list of ids is refused by its line."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests import make
from tests.recommendations import shops
from tests.recommendations.api.test_batch import PATH as JOBS
from tests.recommendations.api.test_batch import do
from tests.trained import register  # noqa: F401  (fixture)

PATH = "/api/v1/audiences/upload"


@pytest.fixture
def shop(acme: Any, register: Any) -> Any:  # noqa: F811
    """acme with six products, eight customers, orders enough for a model, and the model."""
    return shops.ordering(acme, register, customers=8)


def send(
    api: make.Api, content: bytes, *, name: str = "Newsletter", path: str = PATH, filename: str = "ids.csv",
    more: dict[str, Any] | None = None, **headers: str,
) -> Any:  # fmt: skip
    fields = {**({"name": name} if path == PATH else {}), **(more or {})}
    form = {**fields, "file": SimpleUploadedFile(filename, content)}
    return post(api, encode_multipart(BOUNDARY, form), path=path, **headers)


def post(api: make.Api, body: bytes, *, path: str = PATH, kind: str = MULTIPART_CONTENT, **headers: str) -> Any:
    sent = {"authorization": f"Bearer {api.secret}", **headers}
    return api.client.generic("POST", path, body, content_type=kind, headers=sent)


def refused(response: Any, status: int = 400) -> dict[str, str]:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    return {error["field"]: error["message"] for error in response.json().get("errors", [])}


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (b"\xef\xbb\xbfcustomer_id;email\r\nc1;a\r\nc2;b\r\nc1;a\r\nnobody;c\r\n", "ids.csv"),
        (b"c1\nc2\nc1\nnobody\n", "ids"),
        (b'{"customer_id": "c1"}\n"c2"\n\n"c1"\n{"id": "nobody"}\n', "ids.jsonl"),
    ],
)
def test_a_file_becomes_an_audience_that_a_job_takes(shop: Any, api: Any, content: bytes, filename: str) -> None:
    """R11"""
    made = send(api, content, filename=filename)
    assert made.status_code == 201
    told = made.json()
    assert (told["audience"], told["ids"], told["repeated"], told["filename"]) == ({"kind": "file"}, 3, 1, filename)
    assert told["customers"]["n"] == 3
    asked = {"audience": {"kind": "saved", "id": told["id"]}, "limit": 2, "on_unknown": "skip"}
    job = api.post(JOBS, asked).json()
    do()
    found = api.get(job["status_url"]).json()
    assert [(row["customer_id"], row["status"]) for row in found["results"]] == [
        ("c1", "ok"), ("c2", "ok"), ("nobody", "skipped"),
    ]  # fmt: skip


def test_another_file_replaces_its_customers(shop: Any, globex: Any, api: Any) -> None:
    told = send(api, b"c1\nc2\n").json()
    address = f"/api/v1/audiences/{told['id']}/upload"
    changed = send(api, b"c3\n", path=address, filename="other.csv").json()
    assert (changed["id"], changed["name"], changed["ids"], changed["filename"]) == (
        told["id"], "Newsletter", 1, "other.csv",
    )  # fmt: skip
    assert shop.audience_pieces.get().ids == ["c3"]
    refused(send(make.Api(make.key(globex)), b"c4\n", path=address), 404)
    refused(send(api, b"c4\n", path=f"/api/v1/audiences/{10**30}/upload"), 404)
    assert refused(send(api, b"c4\n", path=address, more={"name": "Mine"})) == {"name": "There is no such field."}
    assert shop.audience_pieces.get().ids == ["c3"]


def test_a_key_takes_a_file_once(acme: Any, api: Any) -> None:
    """Another boundary says the same; another id does not."""
    key = {"Idempotency-Key": "one"}
    first = send(api, b"c1\nc2\n", **key)
    again = post(
        api, encode_multipart("other", {"name": "Newsletter", "file": SimpleUploadedFile("ids.csv", b"c1\nc2\n")}),
        kind="multipart/form-data; boundary=other", **key,
    )  # fmt: skip
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert again.content == first.content
    assert refused(send(api, b"c1\nc3\n", **key), 422) == {}
    assert refused(send(api, b"c1\n"))["name"] == "There is an audience with this name already."
    assert acme.audiences.count() == 1


@pytest.mark.parametrize(
    ("content", "filename", "wrong"),
    [
        (b"", "ids.csv", {"file": "There is no id in it."}),
        (b"customer_id\n\n", "ids.csv", {"file": "There is no id in it."}),
        ("c1\nc2\n".encode("utf-16"), "ids.csv", {"file": "Must be CSV or JSON Lines in UTF-8."}),
        (b"PAR1\x15\x04", "ids.csv", {"file": "Must be CSV or JSON Lines in UTF-8."}),
        (b"c1\nc\x00 2\n", "ids.csv", {"file.2": "control"}),
        ("c1\nMüller\n".encode("latin-1"), "ids.csv", {"file.2": "Is not UTF-8."}),
        (b"c1\n" + b"x" * 200_000 + b"\nc2\n", "ids.csv", {"file.2": ""}),
        (b"c1\n" + b"x" * 65 + b"\n", "ids.csv", {"file.2": "at most 64"}),
        (b"a,b\nc1,c2\n", "ids.csv", {"file": "none is called customer_id"}),
        (b'customer_id\n"c1\nc2', "ids.csv", {"file.3": "control"}),
        (b'"c1"\n{"name": "c2"}\n{"customer_id": ["c3"]}\n{broken\nnull\n', "ids.jsonl",
         {"file.2": "Names no", "file.3": "Must be text", "file.4": "Is not JSON.", "file.5": "Must be text"}),
        (b'"c1"\n' + b"[" * 100_000, "ids.jsonl", {"file.2": "Is not JSON."}),
    ],
)  # fmt: skip
def test_what_is_no_list_of_ids_is_refused_by_its_line(
    acme: Any, api: Any, content: bytes, filename: str, wrong: dict[str, str]
) -> None:
    """Nothing of such a file is kept."""
    found = refused(send(api, content, filename=filename))
    assert found.keys() == wrong.keys()
    assert all(part in found[name] for name, part in wrong.items())
    assert not acme.audiences.exists() and not acme.audience_pieces.exists()


def test_of_many_bad_lines_twenty_are_told(acme: Any, api: Any) -> None:
    answer = send(api, b"customer_id\n" + b"\x07\n" * 50)
    assert list(refused(answer)) == [f"file.{line}" for line in range(2, 22)]
    assert "50 lines" in answer.json()["detail"]


def test_a_formula_is_an_id_that_is_marked_where_a_spreadsheet_would_run_it(shop: Any, api: Any) -> None:
    """R118: what a shop calls its customers is its own affair; what leaves as CSV is safe."""
    told = send(api, b"customer_id\n\"=cmd|' /C calc'!A0\"\n@c1\n").json()
    assert told["ids"] == 2
    job = api.post(JOBS, {"audience": {"kind": "saved", "id": told["id"]}, "limit": 1}).json()
    do()
    text = b"".join(api.get(f"{job['status_url']}/download?format=csv").streaming_content).decode()
    assert "'=cmd|" in text and "'@c1" in text


def test_a_form_is_read_as_strictly_as_any_body(acme: Any, api: Any, monkeypatch: Any) -> None:
    refused(api.post(PATH, {"name": "A"}), 415)
    refused(post(api, b""), 415)
    refused(post(api, b"x", kind="multipart/form-data"))
    refused(post(api, b"\x00\xff", kind=MULTIPART_CONTENT))
    assert set(refused(post(api, encode_multipart(BOUNDARY, {"name": "A"})))) == {"file"}
    assert set(refused(post(api, encode_multipart(BOUNDARY, {"file": "c1"})))) == {"name", "file"}
    both = {"name": ["A", "B"], "file": [SimpleUploadedFile("a", b"c1"), SimpleUploadedFile("b", b"c2")]}
    assert set(refused(post(api, encode_multipart(BOUNDARY, both)))) == {"name", "file"}
    for name in ("", " ", "x" * 81, "a\x00b", "<b>x</b>" * 30):
        assert set(refused(send(api, b"c1\n", name=name))) == {"name"}
    assert refused(send(api, b"c1\n", more={"on_refused": "skip"})) == {"on_refused": "There is no such field."}
    assert refused(send(api, b"c1\n", path=f"{PATH}?name=A"), 400)
    monkeypatch.setattr("recommendations.api.audience_uploads._FileView.max_body", 2_000)
    refused(send(api, b"c1\n" * 1_000), 413)
    hostile = send(api, b"c1\n", filename="../../\x00\r\n<script>.csv")
    assert hostile.status_code == 201 and "\x00" not in hostile.json()["filename"]
    assert acme.audiences.count() == 1


def test_it_needs_the_right(acme: Any) -> None:
    refused(send(make.Api(make.key(acme, scopes=["batch:read"])), b"c1\n"), 403)
