"""The demo's isolated model: from the request to its service, by the use cases that people have."""

from typing import Any

from demo import isolating
from tenants import work
from tests import make
from tests.recommendations import isolated


def test_it_asks_once_where_plan_and_orders_allow_it(acme: Any, ana: Any, sam: Any, signed_in: Any) -> None:
    with isolated.threshold(300):
        shop = isolated.shop()
        owner = make.member(shop, "zoe", role="owner")
        row = isolating.ask(shop, owner=owner)
        assert row is not None
        assert (row.state, row.requested_by) == ("requested", owner)
        assert isolating.ask(shop, owner=owner) is None
        queue = signed_in(sam).get("/isolation-requests").content.decode()
    assert "1 to decide" in queue
    assert isolating.ask(acme, owner=ana) is None  # the plan does not include it


def test_it_goes_from_the_request_to_its_service(db: None, sam: Any, signed_in: Any) -> None:
    """The queue and the shop's page show every step with who took it."""
    with isolated.threshold(300):
        shop = isolated.shop()
        owner = make.member(shop, "zoe", role="owner")
        isolating.ask(shop, owner=owner)
        isolating.approve(shop, operator=sam)
        assert isolating.is_promised(shop)
        work.run_due(tasks=isolated.TRAIN)
        assert not isolating.is_promised(shop)
        assert isolating.told(shop) == "serving"
        isolating.approve(shop, operator=sam)  # a second run of the demo changes nothing
        row = shop.isolation_requests.get()
        steps = [(step.state, step.by) for step in row.steps.order_by("id")]
        page = signed_in(owner).get(f"/t/{shop.slug}/models/isolated").content.decode()
        queue = signed_in(sam).get("/isolation-requests").content.decode()
    assert steps == [("requested", owner), ("approved", sam), ("training", None), ("serving", None)]
    for label in ("Asked for", "Approved", "Training began", "In service"):
        assert label in page
    assert "Serving" in queue
