"""Experiments in answers: the arm decides version, weights, rules or whether a list is personal, and sticks."""

import time
from collections import Counter
from typing import Any

import pytest

from luxebrain.lib import redis
from modelregistry import bucketing, experiments
from recommendations import answer_log, arms, candidates, identity, inbox
from recommendations.batch_scoring import Order, Scorer
from recommendations.models import ServedList
from recommendations.queries import Query
from tests import make
from tests.modelregistry.test_versions import damage
from tests.recommendations import shops
from tests.recommendations.test_serving import ask, counted, names


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    candidates.forget()


@pytest.fixture
def shop(acme: Any) -> Any:
    """Two versions, the second in service."""
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    shops.fit(acme)
    return acme


def begin(tenant: Any, **facts: Any) -> Any:
    values: dict[str, Any] = {"name": "Trial", "unit": "version", "a": {"version": 2}, "b": {"version": 1}}
    with make.inside(tenant) as inside:
        return experiments.start(experiments.set_up(inside, by=None, **values | facts), by=None)


def who(key: str, arm: str, *, share_b: int = 50, like: str = "guest") -> str:
    """The first name whose bucket lies in this arm."""
    shares = (100 - share_b, share_b)
    return next(f"{like}-{n}" for n in range(1000) if "AB"[bucketing.arm(key, f"{like}-{n}", shares)] == arm)


def test_it_serves_the_version_of_the_arm_and_says_so(shop: Any, api: Any) -> None:
    """R35: variant in the answer, in the id, and in the log; the same every time."""
    assert (ask(api, customer_id="t-1")["experiment"], ask(api, customer_id="t-1")["arm"]) == (None, None)
    begin(shop)
    seen: Counter[str] = Counter()
    for number in range(60):
        answer = ask(api, session_id=f"s-{number}", limit=2)
        arm = "AB"[bucketing.arm("trial", f"s-{number}", (50, 50))]
        assert (answer["experiment"], answer["arm"]) == ("trial", arm)
        assert answer["model_version"] == ("v2" if arm == "A" else "v1")
        assert identity.arm_of(answer["recommendation_id"])[:2] == (1, arm)  # type: ignore[index]
        seen[arm] += 1
    assert min(seen.values()) > 15
    assert ask(api, limit=2)["experiment"] is None
    answer_log.flush()
    row = ServedList.unscoped.using("ops").get(tenant=shop, session_id="s-0")
    assert row.facts["experiment"]["key"] == "trial"
    assert row.version == (2 if row.facts["experiment"]["arm"] == "A" else 1)


def test_a_warm_call_in_an_experiment_is_one_round_trip_and_no_sql(shop: Any, api: Any, monkeypatch: Any) -> None:
    """R22 holds for both arms, for guests, customers and customers with a session, beside a holdout."""
    begin(shop)
    begin(shop, name="Held out", unit="holdout", a={}, b={}, share_b=50)
    people = [{"customer_id": f"t-{n}", "session_id": f"s-{n}"} for n in range(8)]
    people += [{"session_id": f"g-{n}"} for n in range(8)]
    for _ in range(2):
        for person in people:
            ask(api, **person)
    for person in people:
        with counted(monkeypatch) as counts:
            ask(api, **person)
        assert counts == {"sql": 0, "trips": 1}, person


def test_it_goes_back_to_the_champion_when_it_ends(shop: Any, api: Any) -> None:
    one = begin(shop)
    guest = who("trial", "B")
    assert ask(api, session_id=guest)["model_version"] == "v1"
    with make.inside(shop) as tenant:
        experiments.stop(experiments.find(tenant, one.number), by=None)
    answer = ask(api, session_id=guest)
    assert (answer["model_version"], answer["experiment"]) == ("v2", None)


def test_it_gives_b_everything_when_it_is_concluded(shop: Any, api: Any) -> None:
    """R38: everybody gets B's version with the next call."""
    one = begin(shop)
    with make.inside(shop) as tenant:
        experiments.conclude(experiments.find(tenant, one.number), winner="B", by=None)
    for arm in "AB":
        answer = ask(api, session_id=who("trial", arm))
        assert (answer["model_version"], answer["experiment"]) == ("v1", None)


def test_it_gives_who_is_held_out_nothing_personal(shop: Any, api: Any) -> None:
    """Best sellers in the place of personal lists; lists about a product stay; versions earn nothing by them."""
    begin(shop, name="Held out", unit="holdout", a={}, b={}, share_b=20)
    out = who("held-out", "B", share_b=20, like="t")
    personal = who("held-out", "A", share_b=20, like="t")
    answer = ask(api, customer_id=out, limit=5)
    assert (answer["strategy"], answer["strategy_reason"], answer["model_version"]) == ("popular", "holdout", None)
    assert (answer["type"], answer["experiment"], answer["arm"]) == ("popular", "held-out", "B")
    assert not answer["fallback_used"]
    assert identity.version_of(answer["recommendation_id"]) == 0
    assert names(answer) == names(ask(api, customer_id=who("held-out", "B", share_b=20, like="nobody"), limit=5))
    assert ask(api, customer_id=out, type="similar", product_id="tea-1")["model_version"] == "v2"
    other = ask(api, customer_id=personal, limit=5)
    assert (other["strategy"], other["arm"], other["model_version"]) == ("model", "A", "v2")
    reminder = ask(api, customer_id=out, type="buy-again")
    assert (reminder["type"], reminder["strategy_reason"]) == ("popular", "holdout")


def test_a_guest_who_signs_in_keeps_the_arm(shop: Any, api: Any) -> None:
    """The arm that the session was shown goes with the customer, to other devices too."""
    begin(shop)
    guest, customer = who("trial", "B"), who("trial", "A", like="person")
    assert ask(api, customer_id=customer)["arm"] == "A"
    shown = ask(api, session_id=guest)
    tell(api, shown, session_id=guest)
    both = ask(api, session_id=guest, customer_id=customer)
    assert (both["arm"], both["model_version"]) == ("B", "v1")
    tell(api, both, session_id=guest, customer_id=customer)
    assert ask(api, customer_id=customer)["arm"] == "B"
    assert ask(api, customer_id=customer, session_id="another-device")["arm"] == "B"
    with make.inside(shop) as tenant:
        experiments.change_share(experiments.find(tenant, 1), share_b=40, by=None)
    assert ask(api, customer_id=customer)["arm"] == "A"  # a new phase: figures and arms begin anew


def test_a_customer_who_saw_an_arm_keeps_it_in_a_guests_session(shop: Any, api: Any) -> None:
    """Kept arms do not wander: a second guest's session does not change what the customer has."""
    begin(shop)
    first, customer, second = who("trial", "B"), who("trial", "A", like="person"), who("trial", "A", like="other")
    tell(api, ask(api, session_id=first), session_id=first)
    tell(api, ask(api, session_id=first, customer_id=customer), session_id=first, customer_id=customer)
    tell(api, ask(api, session_id=second), session_id=second)
    both = ask(api, session_id=second, customer_id=customer)
    assert both["arm"] == "B"
    tell(api, both, session_id=second, customer_id=customer)
    assert ask(api, session_id=second, customer_id=customer)["arm"] == "B"


def test_a_guest_who_was_shown_nothing_keeps_nothing(shop: Any, api: Any) -> None:
    begin(shop)
    guest, customer = who("trial", "B"), who("trial", "A", like="person")
    ask(api, session_id=guest)
    assert ask(api, session_id=guest, customer_id=customer)["arm"] == "A"


def test_it_keeps_nothing_of_ids_that_are_not_ours(shop: Any, api: Any) -> None:
    for name in ("rec_x", "rec_" + "g" * 32, identity.make(3), ""):
        arms.tell(shop.pk, [{"kind": "impression", "session_id": "s", "recommendation_id": name}])
    assert not redis.client().exists(arms.key(shop.pk, "s:s"))
    ours = identity.make(3, experiment=5, arm="B")
    arms.tell(shop.pk, [{"kind": "impression", "session_id": "s", "recommendation_id": ours}])
    assert arms.kept([redis.client().lrange(arms.key(shop.pk, "s:s"), 0, 8)])[5][0][0] == "B"
    assert arms.forget(shop.pk, ["s:s"]) == 1


def test_it_answers_with_the_champion_where_an_arm_is_damaged(shop: Any, api: Any) -> None:
    """Nobody is without a model, and no half test counts."""
    begin(shop)
    damage(shop.model_versions.get(number=1))
    candidates.forget()
    for arm in "AB":
        answer = ask(api, session_id=who("trial", arm))
        assert (answer["model_version"], answer["experiment"]) == ("v2", None)


def test_it_tells_products_apart_across_the_lists_of_one_call(shop: Any, api: Any) -> None:
    """Lists of different versions in one call: no product twice, though the versions number them differently."""
    make.product(shop, "new-1")
    begin(shop, placements=["home"])
    guest = who("trial", "B")
    body = {"session_id": guest, "placements": [{"placement": "home", "limit": 6}, {"placement": "cart", "limit": 6}]}
    answer = api.post("/api/v1/recommendations", body).json()["placements"]
    assert (answer["home"]["model_version"], answer["cart"]["model_version"]) == ("v1", "v2")
    assert (answer["home"]["arm"], answer["cart"]["arm"]) == ("B", None)
    assert len({*names(answer["home"]), *names(answer["cart"])}) == 12


@pytest.mark.parametrize("one_by_one", [False, True])
def test_a_batch_holds_out_the_same_customers(shop: Any, one_by_one: bool) -> None:
    """Lists for mails too: best sellers for who is held out, personal ones for all others."""
    begin(shop, name="Held out", unit="holdout", a={}, b={}, share_b=30)
    ids = [f"t-{n}" for n in range(1, 30, 2)]
    order = Order(shop.pk, Query(limit=4), 2, time.time())
    made = Scorer(order, ids).lists(one_by_one=one_by_one)
    ends = made.counts.cumsum().tolist()
    origins = [
        {made.origins[code] for code in made.sources[end - count : end].tolist()}
        for end, count in zip(ends, made.counts.tolist(), strict=True)
    ]
    for name, found in zip(ids, origins, strict=True):
        is_out = bucketing.arm("held-out", name, (70, 30)) == 1
        assert (found == {"popularity"}) == is_out, (name, found)


def tell(api: Any, answer: Any, **who: str) -> None:
    event = {"type": "impression", "recommendation_id": answer["recommendation_id"], "items": names(answer), **who}
    response = api.post("/api/v1/events", event)
    assert response.status_code == 202, response.content
    inbox.drain()
