"""Placements and rules over the API: made, read, changed and removed; the next answer follows them."""

import pytest

from tests import make
from tests.recommendations import shops

HOME = {"code": "home", "name": "Home page", "surface": "home", "type": "popular", "count": 4}
PIN = {"name": "Tea first", "action": "pin", "products": ["tea-7"], "placements": ["home"]}


@pytest.fixture
def shop(acme):
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    return acme


def items(api, **asked):
    answer = api.post("/api/v1/recommendations", {"placement": "home", **asked})
    assert answer.status_code == 200, answer.content
    return [item["product_id"] for item in answer.json()["items"]]


def test_a_list_follows_what_was_just_said(shop, api):
    assert len(items(api)) == 10
    assert api.post("/api/v1/placements", HOME).status_code == 201
    assert len(items(api)) == 4
    made = api.post("/api/v1/rules", PIN)
    assert made.status_code == 201
    assert items(api)[0] == "tea-7"
    path = f"/api/v1/rules/{made.json()['id']}"
    assert api("patch", path, {"action": "exclude"}).json()["action"] == "exclude"
    assert "tea-7" not in items(api, limit=16)
    assert api("patch", path, {"active": False}).json()["state"] == "off"
    assert "tea-7" in items(api, limit=16)
    assert api("patch", "/api/v1/placements/home", {"filter": 'title contains "toy"', "count": 3}).status_code == 200
    assert all(name.startswith("toy-") for name in items(api))
    assert api("delete", "/api/v1/placements/home").status_code == 204
    assert len(items(api)) == 10


def test_it_tells_what_it_takes(shop, api):
    told = api.post("/api/v1/placements", HOME | {"type": "bought_together", "weights": {"popularity": 2}}).json()
    assert told["type"] == "bought-together"
    assert (told["weights"], told["active"], told["most_of_brand"]) == ({"popularity": 2.0}, True, None)
    assert api.get("/api/v1/placements/home").json() == told
    changed = api("patch", "/api/v1/placements/home", {name: told[name] for name in told if name != "updated_at"})
    assert changed.json() | {"updated_at": ""} == told | {"updated_at": ""}
    api.post("/api/v1/rules", PIN | {"starts_at": "2030-01-01T00:00:00Z", "owner": None})
    [rule] = api.get("/api/v1/rules").json()["rules"]
    assert (rule["state"], rule["owner"], rule["starts_at"]) == ("scheduled", None, "2030-01-01T00:00:00Z")
    page = api.get("/api/v1/placements?limit=1").json()
    assert (len(page["placements"]), page["next_cursor"]) == (1, None)


@pytest.mark.parametrize(
    ("path", "body", "field", "says"),
    [
        ("placements", HOME | {"type": "none"}, "type", "Must be one of"),
        ("placements", HOME | {"by": "me"}, "by", "There is no such field."),
        ("placements", HOME | {"tenant": 1}, "tenant", "There is no such field."),
        ("placements", HOME | {"is_active": True}, "is_active", "There is no such field."),
        ("placements", HOME | {"active": "yes"}, "active", "Must be true or false."),
        ("placements", HOME | {"count": 0}, "count", "Must be from 1 to 100."),
        ("placements", HOME | {"count": True}, "count", "Must be a whole number."),
        ("placements", HOME | {"diversity": 1.5}, "diversity", "Must be from 0 to 1."),
        ("placements", HOME | {"weights": {"magic": 1}}, "weights", "There is no part magic."),
        ("placements", HOME | {"filter": "price <"}, "filter", "Column 8"),
        ("placements", {"name": "x"}, "code", "Must not be empty."),
        ("placements", HOME | {"code": "new"}, "code", "is kept for a page"),
        ("rules", PIN | {"products": ["none"]}, "products", "There is no product none."),
        ("rules", PIN | {"placements": ["none"]}, "placements", "There is no placement none."),
        ("rules", PIN | {"action": "boost", "factor": 1}, "factor", "more than 1"),
        ("rules", PIN | {"action": "bury", "factor": 0}, "factor", "more than 0 and less than 1"),
        ("rules", {"name": "x", "products": ["tea-1"]}, "action", "Must be one of"),
        ("rules", PIN | {"starts_at": "2030-01-01"}, "starts_at", "Must be a time"),
        ("rules", PIN | {"owner": "gil@example.com"}, "owner", "Must be somebody of this shop's team."),
        ("rules", PIN | {"segment": "price < 3"}, "segment", "Column 1"),
    ],
)
def test_it_says_what_is_wrong(shop, api, path, body, field, says):
    if path == "rules":
        api.post("/api/v1/placements", HOME)
    answer = api.post(f"/api/v1/{path}", body)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert says in error["message"]
    assert not shop.rules.exists()


def test_a_code_stays(shop, api):
    api.post("/api/v1/placements", HOME)
    answer = api("patch", "/api/v1/placements/home", {"code": "other"})
    assert answer.status_code == 400
    assert "The code stays" in answer.json()["errors"][0]["message"]


def test_it_is_its_shops_own(shop, api, globex):
    api.post("/api/v1/placements", HOME)
    rule = api.post("/api/v1/rules", PIN).json()["id"]
    stranger = make.Api(make.key(globex))
    for path in ("placements/home", f"rules/{rule}", "rules/99999999999999999999", "placements/%00"):
        for method in ("get", "delete"):
            assert stranger(method, f"/api/v1/{path}").status_code == 404, path
        assert stranger("patch", f"/api/v1/{path}", {"name": "x"}).status_code == 404, path
    assert shop.rules.exists() and shop.placements.exists()
    assert stranger.get("/api/v1/rules").json()["rules"] == []


def test_what_the_api_removed_the_panel_puts_back(shop, api, ana, signed_in):
    api.post("/api/v1/placements", HOME)
    rule = api.post("/api/v1/rules", PIN).json()["id"]
    assert api("delete", f"/api/v1/rules/{rule}").status_code == 204
    entry = shop.audit_entries.get(action="rules.remove")
    assert entry.actor_label.startswith("key ")
    signed_in(ana).post(f"/t/acme/rules/removed/{rule}")
    assert api.get(f"/api/v1/rules/{rule}").json()["name"] == "Tea first"


def test_which_word_stands(shop, api):
    """docs/control.md: exclude before pin, pin before boost and bury, the older pin first, filters of both hold."""
    api.post("/api/v1/placements", HOME | {"count": 6, "type": "personalised"})
    ask = {"customer_id": "t-1"}
    for product in ("toy-1", "toy-2"):
        api.post("/api/v1/rules", {"name": product, "action": "pin", "products": [product]})
    assert items(api, **ask)[:2] == ["toy-1", "toy-2"]
    bury = {"name": "down", "action": "bury", "products": ["toy-1", "tea-1"], "factor": 0.01}
    api.post("/api/v1/rules", bury)
    assert items(api, **ask)[0] == "toy-1"
    assert "tea-1" not in items(api, **ask)
    api.post("/api/v1/rules", {"name": "out", "action": "exclude", "filter": 'title contains "toy-1"'})
    assert items(api, **ask)[0] == "toy-2"
    assert items(api, **ask, filter='title contains "tea"')[0].startswith("tea-")
    api("patch", "/api/v1/placements/home", {"filter": 'id != "tea-3"'})
    found = items(api, **ask, filter='title contains "tea"', limit=16)
    assert "tea-3" not in found and all(name.startswith("tea-") for name in found)
    api("patch", "/api/v1/products/toy-2", {"stock": 0})
    assert "toy-2" not in items(api, **ask)
