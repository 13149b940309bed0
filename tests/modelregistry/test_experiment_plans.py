"""Plans without experiments: the pages say why and where to go, forms and the API refuse, what runs goes on."""

from typing import Any

from modelregistry import experiments
from tests import make
from tests.modelregistry.test_experiment_pages import FORM, text
from tests.modelregistry.test_experiments_api import BASE, order

REASON = "The Starter plan has no experiments. Growth or Enterprise includes them."
HOLDOUT = {"unit": "holdout", "version_a": "", "version_b": ""}
NEW = "/t/globex/experiments/new"


def test_it_says_why_a_shop_cannot_set_one_up(globex: Any, gil: Any, signed_in: Any) -> None:
    """R38: the page has the reason and the way up, and no button that leads to a refusal."""
    client = signed_in(gil)
    page = text(client.get("/t/globex/experiments"))
    assert REASON in page
    assert "/t/globex/usage" in page
    assert NEW not in page
    assert REASON in text(client.get(NEW))
    assert 'name="share_b"' not in text(client.get(NEW))
    refused = text(client.post(NEW, FORM | {"unit": "holdout"}), 402)
    assert REASON in refused
    assert not globex.experiments.exists()


def test_the_staff_is_refused_alike(acme: Any, globex: Any, sam: Any, register: Any, signed_in: Any) -> None:
    client = signed_in(sam)
    choice = text(client.get("/models/experiments/new"))
    assert 'value="acme"' in choice
    assert 'value="globex"' not in choice
    form = text(client.get("/models/experiments/globex/new"))
    assert REASON in form
    assert "/tenants/globex" in form
    register(globex)
    register(globex)
    refused = client.post(BASE, order(tenant="globex"), content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (402, "plan_limit")
    assert refused.json()["detail"] == REASON
    assert not globex.experiments.exists()


def test_what_runs_when_the_plan_changes_runs_to_its_end(acme: Any, ana: Any, sam: Any, signed_in: Any) -> None:
    """A draft of the better plan is not started; a running one is stopped by a person, not by the plan."""
    client = signed_in(ana)
    for name in ("Runs", "Waits"):
        client.post("/t/acme/experiments/new", FORM | HOLDOUT | {"name": name})
    client.post("/t/acme/experiments/1/start")
    signed_in(sam).post("/tenants/acme/plan", {"plan": "starter", "reason": "asked for"})
    page = text(client.get("/t/acme/experiments"))
    assert REASON in page
    assert "Runs" in page
    draft = text(client.get("/t/acme/experiments/2"))
    assert "This draft cannot be started." in draft
    assert REASON in draft
    assert "Start…" not in draft
    assert REASON in text(client.post("/t/acme/experiments/2/start", follow=True))
    assert acme.experiments.get(number=2).state == "draft"
    with make.inside(acme) as tenant:
        assert experiments.find(tenant, 1).is_running
    assert "Stop without a winner" in text(client.get("/t/acme/experiments/1"))
    client.post("/t/acme/experiments/1/stop", {"reason": "seen enough"})
    assert acme.experiments.get(number=1).state == "stopped"
    client.post("/t/acme/experiments/2/discard")
    assert acme.experiments.count() == 1
