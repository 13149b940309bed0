"""Saved audiences over the API: saved, counted, listed, changed, removed, used by a batch job; each scope by itself."""

from typing import Any

import pytest

from recommendations import audience_looks
from tests import make
from tests.recommendations import shops
from tests.recommendations.api.test_batch import PATH as JOBS
from tests.recommendations.api.test_batch import do
from tests.trained import register  # noqa: F401  (fixture)

PATH = "/api/v1/audiences"
LATELY = {"name": "Lately", "audience": {"kind": "ordered_within", "days": 100}}


@pytest.fixture
def shop(acme: Any, register: Any) -> Any:  # noqa: F811
    """acme with six products, eight customers, orders enough for a model, and the model."""
    return shops.ordering(acme, register, customers=8)


def test_one_is_saved_counted_used_changed_and_removed(shop: Any, api: Any, signed_in: Any, ana: Any) -> None:
    """R11: what a key saves is in the panel, with the key's name; the trail says so."""
    made = api.post(PATH, LATELY)
    assert made.status_code == 201
    told, key = made.json(), made.json()["created_by"]
    assert (told["audience"], told["ids"], key[:12]) == (LATELY["audience"], None, "key lb_live_")
    assert told["customers"] == {"n": 8, "is_more": False, "reason": None}
    address = f"{PATH}/{told['id']}"
    assert api.get(address).json() == told
    job = api.post(JOBS, {"audience": {"kind": "saved", "id": told["id"]}, "limit": 2}).json()
    do()
    assert api.get(job["status_url"]).json()["processed"] == 8
    changed = api("patch", address, {"name": "Two", "audience": {"kind": "ids", "ids": ["c1", "c2"]}}).json()
    assert (changed["name"], changed["ids"], changed["customers"]["n"]) == ("Two", 2, 2)
    page = signed_in(ana)
    assert key in page.get("/t/acme/batch-jobs/audiences").text
    assert api("delete", address).status_code == 204
    assert api.get(address).status_code == api("delete", address).status_code == 404
    text = page.get("/t/acme/batch-jobs/audiences").text
    assert "Put back" in text and f"by {key}" in text
    trail = shop.audit_entries.filter(action__startswith="audience.").order_by("pk")
    assert [(row.action, row.actor_label) for row in trail] == [
        (f"audience.{verb}", key) for verb in ("saved", "changed", "removed")
    ]


def test_ids_are_kept_each_once(shop: Any, api: Any) -> None:
    many = [f"c{number}" for number in range(2500)]
    told = api.post(PATH, {"name": "Many", "customer_ids": [*many, "c1", 7]}).json()
    assert (told["audience"], told["ids"], told["filename"]) == ({"kind": "file"}, 2501, "sent ids")
    assert [len(piece.ids) for piece in shop.audience_pieces.order_by("position")] == [2000, 501]
    api("patch", f"{PATH}/{told['id']}", {"name": "Same ids"})
    assert shop.audience_pieces.count() == 2
    api("patch", f"{PATH}/{told['id']}", {"customer_ids": ["c5"]})
    assert shop.audience_pieces.get().ids == ["c5"]


def test_a_list_goes_page_by_page_without_the_ids(shop: Any, globex: Any, api: Any) -> None:
    assert api.get(PATH).json() == {"audiences": [], "next_cursor": None}
    api.post(PATH, LATELY)
    api.post(PATH, {"name": "Two", "audience": {"kind": "ids", "ids": ["c1", "c2"]}})
    first = api.get(f"{PATH}?limit=1").json()
    assert [row["name"] for row in first["audiences"]] == ["Lately"] and "customers" not in first["audiences"][0]
    [second] = api.get(f"{PATH}?limit=1&cursor={first['next_cursor']}").json()["audiences"]
    assert (second["audience"], second["ids"]) == ({"kind": "ids"}, 2)
    assert api.get(f"{PATH}?cursor=none").status_code == 400
    strange = make.Api(make.key(globex))
    assert strange.get(PATH).json()["audiences"] == []
    for method, body in (("get", None), ("patch", {"name": "Mine"}), ("delete", None)):
        refused = strange(method, f"{PATH}/{second['id']}", body)
        assert (refused.status_code, refused["Content-Type"]) == (404, "application/problem+json")
    assert api.get(f"{PATH}/{10**30}").status_code == 404


def test_a_rule_is_counted_before_it_is_saved(shop: Any, api: Any, monkeypatch: Any) -> None:
    told = api.post(f"{PATH}/count", {"audience": {"kind": "all"}}).json()
    assert (told["customers"]["n"], len(told["sample"])) == (8, 3)
    monkeypatch.setattr(audience_looks, "MOST", 2)
    told = api.post(f"{PATH}/count", {"audience": {"kind": "all"}}).json()
    assert told["customers"]["is_more"] and "Counted up to 2" in told["customers"]["reason"]
    assert not shop.audiences.exists()


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (LATELY | {"tenant": 1}, "tenant", "There is no such field."),
        (LATELY | {"name": " "}, "name", "Must not be empty."),
        (LATELY | {"name": 7}, "name", "Must be text."),
        ({"audience": {"kind": "all"}}, "name", "Must not be empty."),
        ({"customer_ids": ["c1"]}, "name", "Must not be empty."),
        ({"name": "", "customer_ids": ["c1"]}, "name", "Must not be empty."),
        ({"name": None, "customer_ids": ["c1"]}, "name", "Must not be empty."),
        ({"name": 0, "customer_ids": ["c1"]}, "name", "Must be text."),
        ({"name": "x"}, "audience", "Send audience or customer_ids."),
        (LATELY | {"customer_ids": ["c1"]}, "customer_ids", "Send audience or customer_ids."),
        ({"name": "x", "audience": {"kind": "none"}}, "audience.kind", "Must be one of"),
        ({"name": "x", "audience": {"kind": "all", "days": 3}}, "audience.days", "has no such field"),
        ({"name": "x", "audience": {"kind": "spent", "least": 0}}, "audience.least", "above zero"),
        ({"name": "x", "audience": {"kind": "saved", "id": 1}}, "audience.id", "There is no such audience."),
        ({"name": "x", "audience": [1]}, "audience", "Must be an object"),
        ({"name": "x", "customer_ids": []}, "customer_ids", "A list of"),
        ({"name": "x", "customer_ids": ["c1", " ", None]}, "customer_ids.1", "Must"),
        ({"name": "x", "customer_ids": ["c1"] * 100_001}, "customer_ids", "At most 100,000"),
    ],
)
def test_what_is_not_right_is_said_by_its_field(shop: Any, api: Any, body: Any, field: str, says: str) -> None:
    """R4: one problem format; nothing is kept of what was refused."""
    refused = api.post(PATH, body)
    assert (refused.status_code, refused["Content-Type"]) == (400, "application/problem+json"), refused.content
    assert {error["field"]: error["message"] for error in refused.json()["errors"]}[field].count(says) == 1
    assert not shop.audiences.exists() and not shop.audience_pieces.exists()


def test_a_name_is_taken_once_and_an_audience_is_not_made_of_another(shop: Any, api: Any) -> None:
    told = api.post(PATH, LATELY).json()
    assert "already" in api.post(PATH, LATELY).json()["errors"][0]["message"]
    refused = api.post(PATH, {"name": "x", "audience": {"kind": "saved", "id": told["id"]}}).json()
    assert refused["errors"][0]["field"] == "audience.kind"
    assert api("patch", f"{PATH}/{told['id']}", {}).status_code == 400


def test_it_is_not_changed_or_removed_while_a_job_reads_it(shop: Any, api: Any) -> None:
    told = api.post(PATH, LATELY).json()
    address = f"{PATH}/{told['id']}"
    api.post(JOBS, {"audience": {"kind": "saved", "id": told["id"]}})
    assert api("patch", address, {"audience": {"kind": "all"}}).status_code == 409
    assert api("delete", address).status_code == 409
    assert api("patch", address, {"name": "Renamed"}).json()["name"] == "Renamed"
    do()
    assert api("delete", address).status_code == 204


def test_reading_and_saving_are_scopes_of_their_own(shop: Any, api: Any) -> None:
    told = api.post(PATH, LATELY).json()
    reader = make.Api(make.key(shop, scopes=["batch:read"]))
    for answer in (reader.get(PATH), reader.get(f"{PATH}/{told['id']}"),
                   reader.post(f"{PATH}/count", {"audience": {"kind": "all"}})):  # fmt: skip
        assert answer.status_code == 200
    address = f"{PATH}/{told['id']}"
    for refused in (reader.post(PATH, LATELY), reader("patch", address, {"name": "x"}), reader("delete", address)):
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert make.Api(make.key(shop, scopes=["batch:write"])).get(PATH).status_code == 403
    again = {"idempotency-key": "one"}
    first = api.post(PATH, LATELY | {"name": "Once"}, **again).json()
    assert api.post(PATH, LATELY | {"name": "Once"}, **again).json() == first
