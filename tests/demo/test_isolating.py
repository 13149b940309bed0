"""The demo's request for an isolated model."""

from typing import Any

from demo import isolating
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
