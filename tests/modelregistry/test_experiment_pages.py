"""The pages of experiments in both panels: list, set-up with its forecast, live page, decisions."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from modelregistry import experiments, versions
from tests import make
from tests.modelregistry.test_results import count, running

FORM = {
    "name": "Newer model", "unit": "version", "version_a": "1", "version_b": "2", "share_b": "50", "goal": "conversion",
    "lift": "10", "minimum_subjects": "1000", "automatic": "nothing", "save": "1",
}  # fmt: skip


@pytest.fixture
def two(acme: Any, register: Any) -> Any:
    first, second = register(acme), register(acme)
    versions.activate(first, by=None)
    return first, second


def text(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content[:600]
    return " ".join(response.content.decode().split())


def test_it_sets_up_starts_watches_and_gives_b_everything(acme: Any, ana: Any, signed_in: Any, two: Any) -> None:
    """R38: form, live view with counts, lift and interval, "give B everything"."""
    client = signed_in(ana)
    empty = text(client.get("/t/acme/experiments"))
    assert "No experiment yet" in empty
    assert "/t/acme/experiments/new" in empty
    assert client.post("/t/acme/experiments/new", FORM).headers["Location"] == "/t/acme/experiments/1"
    page = text(client.get("/t/acme/experiments/1"))
    assert "This is a draft" in page
    assert "Start…" in page
    client.post("/t/acme/experiments/1/start")
    with make.inside(acme) as tenant:
        one = experiments.find(tenant, 1)
        assert one.is_running
        count(one, a=(10_000, 500), b=(10_000, 800))
    page = text(client.get("/t/acme/experiments/1"))
    assert "B is better than A in conversion" in page
    assert "500 of 10,000" in page
    assert "Lift of B" in page
    assert "Give B everything" in text(client.get("/t/acme/experiments/1/give-b"))
    assert client.get("/t/acme/overview").content.decode().count("1 running") == 1
    client.post("/t/acme/experiments/1/give-b", {"reason": "more orders"})
    page = text(client.get("/t/acme/experiments/1"))
    assert "B for everybody" in page
    assert "more orders" in page
    assert "800 of 10,000" in page, "the result is kept after the end"
    assert "Give B everything" not in page
    with make.inside(acme) as tenant:
        assert versions.champion(tenant) == two[1]
    assert "B for everybody" in text(client.get("/t/acme/experiments"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version_b": "1"}, "there is nothing to compare"),
        ({"version_b": "9"}, "Select a valid choice"),
        ({"version_b": ""}, "Name one version by its number"),
        ({"share_b": "0"}, "greater than or equal to 1"),
        ({"share_b": "100"}, "less than or equal to 99"),
        ({"minimum_subjects": "1"}, "greater than or equal to 10"),
        ({"planned_end": "2020-01-01"}, "A day after today"),
        ({"name": ""}, "required"),
        ({"unit": "colour"}, "Select a valid choice"),
    ],
)
def test_it_refuses_beside_the_field(
    acme: Any, ana: Any, sam: Any, signed_in: Any, two: Any, changes: Any, words: str
) -> None:
    """R38: A = B, unknown versions, a share outside 1 to 99; of a shop and of the staff alike."""
    for who, path in ((ana, "/t/acme/experiments/new"), (sam, "/models/experiments/acme/new")):
        page = text(signed_in(who).post(path, FORM | changes), 422)
        assert words in page
    assert not acme.experiments.exists()


def test_it_refuses_a_second_test_on_the_same_lists(acme: Any, ana: Any, signed_in: Any, two: Any) -> None:
    """R38"""
    client = signed_in(ana)
    for number in (1, 2):
        client.post("/t/acme/experiments/new", FORM | {"name": f"Test {number}"})
        client.post(f"/t/acme/experiments/{number}/start")
    assert "Test 1 runs on the same lists" in text(client.get("/t/acme/experiments/2"))
    assert acme.experiments.get(number=2).state == "draft"


def test_it_forecasts_from_what_was_seen(acme: Any, ana: Any, signed_in: Any, two: Any) -> None:
    client = signed_in(ana)
    assert "No forecast" in text(client.get("/t/acme/experiments/new"))
    now = timezone.now()
    with make.inside(acme) as tenant:
        for n in range(200):
            at = now - timedelta(days=n % 20, hours=1)
            tenant.events.create(occurred_at=at, id=f"00000000-0000-4000-8000-{n:012}", kind="impression",
                                 session_id=f"s{n}", recommendation_id=f"r{n}")  # fmt: skip
    for n in range(10):
        make.order(acme, ["a"], session_id=f"s{n}", days_ago=0)
    page = text(client.post("/t/acme/experiments/new/forecast", FORM, headers={"HX-Request": "true"}))
    assert "11 subjects" in page or "10 subjects" in page  # around midnight
    assert "<dd>5%</dd>" in page
    assert "subjects in the smaller arm" in page
    assert "That is long" in page
    assert "None" not in page
    without_scripts = text(client.post("/t/acme/experiments/new", FORM | {"forecast": "1", "name": ""}))
    assert "subjects in the smaller arm" in without_scripts
    for n in range(10, 200):
        make.order(acme, ["a"], session_id=f"s{n}", days_ago=0)
    all_did = text(client.post("/t/acme/experiments/new/forecast", FORM, headers={"HX-Request": "true"}))
    assert "100% do this already" in all_did
    assert not acme.experiments.exists()


def test_a_lift_without_room_says_so(acme: Any, ana: Any, signed_in: Any, two: Any) -> None:
    """Where all ordered already no sample shows a lift: the page says what to choose instead."""
    now = timezone.now()
    with make.inside(acme) as tenant:
        for n in range(20):
            tenant.events.create(occurred_at=now - timedelta(days=n, hours=1), id=f"00000000-0000-4000-8000-{n:012}",
                                 kind="impression", session_id=f"s{n}", recommendation_id=f"r{n}")  # fmt: skip
    for n in range(20):
        make.order(acme, ["a"], session_id=f"s{n}", days_ago=0)
    page = text(signed_in(ana).post("/t/acme/experiments/new/forecast", FORM, headers={"HX-Request": "true"}))
    assert "there is no room for a lift" in page
    assert "Choose a smaller lift or another goal" in page


def test_it_moves_the_share_and_says_why_not(acme: Any, ana: Any, signed_in: Any, two: Any) -> None:
    client = signed_in(ana)
    client.post("/t/acme/experiments/new", FORM)
    client.post("/t/acme/experiments/1/start")
    client.post("/t/acme/experiments/1/share", {"share_b": "70"})
    assert acme.experiments.get().share_b == 70
    page = text(client.get("/t/acme/experiments/1"))
    assert "Figures count from now on" in page
    assert "Phase" in page
    for wrong in ("0", "100", "-3", "1e2", "²", ""):
        client.post("/t/acme/experiments/1/share", {"share_b": wrong})
        assert "from 1 to 99" in text(client.get("/t/acme/experiments/1"))
    assert acme.experiments.get().share_b == 70


def test_it_does_what_the_buttons_say(acme: Any, ana: Any, signed_in: Any, two: Any) -> None:
    client = signed_in(ana)
    for number, verb in ((1, "stop"), (2, "keep-a"), (3, "discard")):
        client.post("/t/acme/experiments/new", FORM | {"name": f"Test {number}"})
        if verb != "discard":
            client.post(f"/t/acme/experiments/{number}/start")
        assert client.get(f"/t/acme/experiments/{number}/{verb}").status_code == 200
        client.post(f"/t/acme/experiments/{number}/{verb}", {"reason": "enough"})
    states = dict(acme.experiments.values_list("number", "state"))
    assert states == {1: "stopped", 2: "concluded"}
    assert "cannot be done" in text(client.post("/t/acme/experiments/1/start", follow=True))
    assert client.post("/t/acme/experiments/1/explode").status_code == 404
    assert client.get("/t/acme/experiments/99").status_code == 404


def test_it_shows_developers_and_lets_owners_decide(acme: Any, ana: Any, dev: Any, signed_in: Any, two: Any) -> None:
    signed_in(ana).post("/t/acme/experiments/new", FORM)
    client = signed_in(dev)
    page = text(client.get("/t/acme/experiments/1"))
    assert "Start…" not in page
    assert client.post("/t/acme/experiments/1/start").status_code == 403
    assert client.get("/t/acme/experiments/new").status_code == 403


def test_it_hides_figures_when_shares_are_not_kept(acme: Any, ana: Any, signed_in: Any) -> None:
    with make.inside(acme) as tenant:
        count(running(tenant), a=(10_000, 500), b=(9_000, 700))
    page = text(signed_in(ana).get("/t/acme/experiments/1"))
    assert "something loses subjects" in page
    assert "hidden: shares not kept" in page
    assert "B is better" not in page.replace("Chance that B is better", "")


def test_it_shows_the_platform_all_shops(acme: Any, globex: Any, ana: Any, sam: Any, signed_in: Any, two: Any) -> None:
    staff = signed_in(sam)
    assert "No shop has set up an experiment" in text(staff.get("/models/experiments"))
    signed_in(ana).post("/t/acme/experiments/new", FORM)
    with make.inside(globex) as tenant:
        count(running(tenant, name="Elsewhere"), a=(10_000, 500), b=(10_000, 800))
    page = text(staff.get("/models/experiments"))
    assert "Newer model" in page
    assert "Elsewhere" in page
    assert "B is better" in text(staff.get("/models/experiments?q=else"))
    detail = text(staff.get("/models/experiments/globex/1"))
    assert "B is better than A in conversion" in detail
    assert '<a href="/tenants/globex">Globex</a>' in detail and "3 earlier days" in detail
    assert "B is better" in text(staff.get("/models/experiments?q=globex"))
    assert "/tenants/acme" not in text(signed_in(ana).get("/t/acme/experiments/1"))
    staff.post("/models/experiments/globex/1/stop", {"reason": "asked by the shop"})
    assert globex.experiments.get().state == "stopped"
    staff.post("/models/experiments/acme/1/start")
    staff.post("/models/experiments/acme/1/share", {"share_b": "20"})
    one = acme.experiments.get()
    assert (one.state, one.share_b) == ("running", 20)
    assert staff.get("/models/experiments/acme/9").status_code == 404
    assert staff.get("/models/experiments/nobody/1").status_code == 404
    assert staff.get("/models/experiments/acme/1/fly").status_code == 404


def test_the_staff_sets_one_up_for_a_shop(
    acme: Any, globex: Any, sam: Any, pat: Any, ana: Any, signed_in: Any, two: Any
) -> None:
    """R38: choose the shop, fill in its own form; the shop's trail says who did it."""
    staff = signed_in(sam)
    assert "/models/experiments/new" in text(staff.get("/models/experiments"))
    assert "Acme" in text(staff.get("/models/experiments/new"))
    assert "is called “nobody”." in text(staff.get("/models/experiments/new?shop=nobody"), 422)
    assert staff.get("/models/experiments/new?shop=acme").headers["Location"] == "/models/experiments/acme/new"
    form = text(staff.get("/models/experiments/acme/new"))
    assert "New experiment for Acme" in form
    assert '<option value="2" selected>v2</option>' in form
    ahead = staff.post("/models/experiments/acme/new/forecast", FORM, headers={"HX-Request": "true"})
    assert "No forecast" in text(ahead)
    made = staff.post("/models/experiments/acme/new", FORM)
    assert made.headers["Location"] == "/models/experiments/acme/1"
    one = acme.experiments.get()
    assert (one.state, one.created_by, one.b) == ("draft", sam, {"version": 2})
    assert acme.audit_entries.filter(action="experiment.set_up", actor=sam, target="Newer model").exists()
    staff.post("/models/experiments/acme/1/start")
    assert "Newer model" in text(signed_in(ana).get("/t/acme/experiments"))
    assert not globex.experiments.exists()
    assert '<option value="1"' not in text(staff.get("/models/experiments/globex/new"))
    assert staff.get("/models/experiments/nobody/new").status_code == 404
    analyst = signed_in(pat)
    assert analyst.get("/models/experiments/acme/new").status_code == 403
    assert "/models/experiments/new" not in text(analyst.get("/models/experiments"))
