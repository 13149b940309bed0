"""Experiments over the APIs: the shop reads, the staff sets up, and every process follows."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from modelregistry import experiments, versions
from recommendations import candidates
from tests import make
from tests.recommendations import shops
from tests.recommendations.api.test_freshness import OtherProcess

BASE = "/api/admin/models/ab-test"
SECONDS = 10.0  # each answer below is the first one after a change; on a busy machine it may take long


@pytest.fixture
def operator(sam: Any, signed_in: Any) -> Client:
    return signed_in(sam)


@pytest.fixture
def two(acme: Any, register: Any) -> Any:
    versions.activate(register(acme), by=None)
    register(acme)
    return acme


def post(client: Client, path: str = "", **body: Any) -> Any:
    return client.post(f"{BASE}{path}", {"tenant": "acme", **body}, content_type="application/json")


def order(**changes: Any) -> dict[str, Any]:
    return {"a": 1, "b": 2, "split": 30, **changes}


def test_the_staff_sets_up_and_concludes(operator: Client, two: Any, api: Any) -> None:
    """R29, R30."""
    made = post(operator, **order(name="Newer"))
    assert made.status_code == 201, made.content
    assert (made.json()["state"], made.json()["share_b"], made.json()["a"]) == ("running", 30, {"version": 1})
    assert post(operator, "/share", experiment=1, split=60).json()["phase"] == 2
    concluded = post(operator, "/conclude", experiment=1, winner="B", reason="more orders").json()
    assert (concluded["winner"], concluded["result"]["subjects"]) == ("B", [0, 0])  # kept as by the button
    assert versions.champion(two).number == 2  # type: ignore[union-attr]
    listed = operator.get(f"{BASE}/list/acme").json()["experiments"]
    assert [(one["number"], one["state"]) for one in listed] == [(1, "concluded")]
    assert two.audit_entries.filter(action="experiment.concluded", actor__email="sam@example.com").exists()
    assert post(operator, "/stop", experiment=1).status_code == 409
    post(operator, **order(b=2, a=1, name="Again"))
    stopped = post(operator, "/stop", experiment=2).json()
    kept = two.experiments.get(number=2).result
    assert (stopped["state"], stopped["result"], bool(kept)) == ("stopped", kept, True)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"b": 9}, 404, None),
        ({"b": 1}, 400, "b"),
        ({"split": 0}, 400, "split"),
        ({"split": 100}, 400, "split"),
        ({"split": 12.5}, 400, "split"),
        ({"split": "30"}, 400, "split"),
        ({"a": "1"}, 400, "a"),
        ({"planned_end": "soon"}, 400, "planned_end"),
        ({"planned_end": "2020-01-01"}, 400, "planned_end"),
        ({"minimum_subjects": -1}, 400, "minimum_subjects"),
        ({"model": "other"}, 404, None),
        ({"tenant": "none-such"}, 404, None),
        ({"colour": 1}, 400, "colour"),
    ],
)
def test_it_says_what_is_wrong(operator: Client, two: Any, body: Any, status: int, field: str | None) -> None:
    """R30, R38: unknown version 404, bad split 400; nothing is left behind."""
    answer = post(operator, **order(**body))
    assert answer.status_code == status, answer.content
    if field:
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not two.experiments.exists()


def test_a_second_test_is_a_conflict_and_leaves_no_draft(operator: Client, two: Any) -> None:
    """R30, R38."""
    assert post(operator, **order()).status_code == 201
    assert post(operator, **order(name="Again")).status_code == 409
    assert two.experiments.count() == 1


def test_the_shop_reads_its_experiments_and_their_days(two: Any, globex: Any, api: Any) -> None:
    for number in range(3):
        with make.inside(two) as tenant:
            facts = {"a": {"version": 1}, "b": {"version": 2}}
            experiments.set_up(tenant, by=None, name=f"Trial {number}", unit="version", **facts)
    first = api.get("/api/v1/experiments?limit=2").json()
    assert ([one["number"] for one in first["experiments"]], first["next_before"]) == ([3, 2], 2)
    rest = api.get("/api/v1/experiments?limit=2&before=2").json()
    assert ([one["number"] for one in rest["experiments"]], rest["next_before"]) == ([1], None)
    assert api.get("/api/v1/experiments?state=running").json()["experiments"] == []
    one = two.experiments.get(number=2)
    today = timezone.now().date()
    for arm, day in (("A", today), ("B", today), ("A", today - timedelta(days=1))):
        one.days.create(tenant=two, phase=1, arm=arm, day=day, subjects=5, revenue="12.50")
    one.days.create(tenant=two, phase=1, arm="A", day=today, segment="shopper:guest")
    found = api.get("/api/v1/experiments/2/days").json()
    assert [(row["day"], row["arm"]) for row in found["days"]][-2:] == [(str(today), "A"), (str(today), "B")]
    assert (len(found["days"]), found["segments"]) == (3, ["", "shopper:guest"])
    assert (found["days"][0]["subjects"], found["days"][0]["revenue"]) == (5, "12.50")
    assert len(api.get("/api/v1/experiments/2/days?segment=shopper:guest").json()["days"]) == 1
    assert api.get("/api/v1/experiments/2").json()["name"] == "Trial 1"
    stranger = make.Api(make.key(globex))
    for path in ("/api/v1/experiments/2", "/api/v1/experiments/2/days", "/api/v1/experiments/99"):
        assert stranger.get(path).status_code == 404
    for query in ("state=x", "limit=0", "before=x", "colour=1", "limit=1&limit=2"):
        assert api.get(f"/api/v1/experiments?{query}").status_code == 400, query
    assert api.get("/api/v1/experiments/2/days?phase=x").status_code == 400


@pytest.fixture
def other(acme: Any, api: Any) -> Iterator[OtherProcess]:
    process = OtherProcess(api.secret)
    yield process
    process.stop()


def test_two_processes_follow_a_start_and_an_end_at_once(acme: Any, api: Any, other: OtherProcess) -> None:
    """R34, R35: a start, a move of the share and an end reach every process within two seconds, and both agree."""
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    shops.fit(acme)
    candidates.forget()
    paths = [f"/api/v1/recommendations?session_id=s-{n}&limit=2" for n in range(12)]
    asks = [lambda path: api.get(path).json(), other.get]

    def arms() -> list[list[Any]]:
        return [[(found := ask(path))["arm"], found["model_version"]] for ask in asks for path in paths]

    assert {tuple(one) for one in arms()} == {(None, "v2")}
    with make.inside(acme) as tenant:
        one = experiments.set_up(tenant, by=None, name="Trial", unit="version", a={"version": 2}, b={"version": 1})
        experiments.start(one, by=None)
    began = time.monotonic()
    found = arms()
    assert time.monotonic() - began < SECONDS
    assert found[:12] == found[12:]
    assert {tuple(one) for one in found} == {("A", "v2"), ("B", "v1")}
    with make.inside(acme) as tenant:
        experiments.change_share(experiments.find(tenant, 1), share_b=90, by=None)
    moved = arms()
    assert moved[:12] == moved[12:]
    assert all(after == before or before[0] == "A" for before, after in zip(found, moved, strict=True))
    with make.inside(acme) as tenant:
        experiments.conclude(experiments.find(tenant, 1), winner="B", by=None)
    assert {tuple(one) for one in arms()} == {(None, "v1")}
