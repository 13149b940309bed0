"""Pages to look at versions: measures, comparison, what was live."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from modelregistry import measures, versions
from modelregistry.statistics import shares

QUALITY = {"ndcg@10": 0.2, "ndcg@10_low": 0.19, "ndcg@10_high": 0.21, "recall@10": 0.1, "tested": 400}
BETTER = {"ndcg@10": 0.3, "ndcg@10_low": 0.29, "ndcg@10_high": 0.31, "recall@10": 0.1, "tested": 400}


def text(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content[:500]
    return " ".join(response.content.decode().split())


def day(of: Any, version: int, *, shown: int, clicked: int, bought: int = 0, placement: str = "home") -> None:
    of.daily_performance.create(
        day=timezone.now().astimezone(of.zone).date() - timedelta(days=1), version=version, placement=placement,
        currency=of.currency, impressions=shown, clicks=clicked, bought=bought, orders=bought, revenue=10 * bought,
    )  # fmt: skip


@pytest.fixture
def two(acme: Any, register: Any) -> Any:
    for quality in (QUALITY, BETTER):
        versions.activate(register(acme, metrics=quality), by=None)
    return acme


def test_it_shows_offline_beside_online_with_intervals(two: Any, ana: Any, signed_in: Any) -> None:
    """R39: what the training measured and what shoppers did, each with what it is based on."""
    day(two, 2, shown=1000, clicked=100, bought=25)
    day(two, 2, shown=200, clicked=10, placement="cart")
    page = text(signed_in(ana).get("/t/acme/models/2"))
    for words in ("0.300", "0.290 to 0.310", "400 lists tested", "9.17%", "110 of 1,200 lists shown", "22.7%",
                  "25 of 110 lists clicked", "cart", "€250"):  # fmt: skip
        assert words in page
    few = text(signed_in(ana).get("/t/acme/models/1"))
    assert "no list shown in 28 days" in few


def test_it_says_how_little_there_is(two: Any, ana: Any, signed_in: Any) -> None:
    day(two, 2, shown=99, clicked=5)
    assert "99 of 100 lists shown" in text(signed_in(ana).get("/t/acme/models/2?days=7"))


def test_it_compares_any_two_versions(two: Any, ana: Any, signed_in: Any) -> None:
    """The difference has its interval, and says what it is worth."""
    day(two, 1, shown=1000, clicked=50)
    day(two, 2, shown=1000, clicked=54)
    browser = signed_in(ana)
    page = text(browser.get("/t/acme/models/compare"))
    assert "v2 is ahead" in page and "Could be chance" in page and "Too little data" in page
    assert "v2 is ahead" in text(browser.get("/t/acme/models/compare?a=2&b=1"))
    for wrong in ("a=1&b=9", "a=x&b=1", "a=1&b=99999999999999999999"):
        assert browser.get(f"/t/acme/models/compare?{wrong}").status_code == 404


def test_it_has_nothing_to_compare_yet(acme: Any, ana: Any, signed_in: Any) -> None:
    assert "There are no two versions yet" in text(signed_in(ana).get("/t/acme/models/compare"))
    page = text(signed_in(ana).get("/t/acme/models/metrics"))
    assert page.count("No data yet") == 7


def test_it_draws_every_measure_with_its_table(two: Any, ana: Any, signed_in: Any) -> None:
    """R39: values readable as a table."""
    day(two, 1, shown=400, clicked=20, bought=5)
    day(two, 2, shown=500, clicked=50, bought=10)
    page = text(signed_in(ana).get("/t/acme/models/metrics?days=7"))
    for words in ("Click-through by version", "Conversion by version", "10% (", "Show as table", "v2 activated"):
        assert words in page


def test_it_says_what_was_live(two: Any, ana: Any, gil: Any, signed_in: Any) -> None:
    """What was live at any time is one page."""
    first = two.alias_moves.order_by("id").first()
    two.alias_moves.filter(pk=first.pk).update(moved_at=timezone.now() - timedelta(days=10))
    two.alias_moves.exclude(pk=first.pk).update(moved_at=timezone.now() - timedelta(minutes=1))
    browser = signed_in(ana)

    def asked(moment: Any, status: int = 200) -> str:
        at = moment if isinstance(moment, str) else moment.astimezone(two.zone).strftime("%Y-%m-%dT%H:%M:%S")
        return text(browser.get("/t/acme/models/live", {"at": at}), status)

    assert "<strong>v1</strong></a> served" in asked(timezone.now() - timedelta(days=5))
    assert "<strong>v2</strong></a> served" in asked(timezone.now())
    assert "no model was in service yet" in asked(timezone.now() - timedelta(days=11))
    assert "still to come" in asked(timezone.now() + timedelta(days=1), 422)
    for wrong in ("yesterday", "2026-13-40T99:00", "0001-01-01T00:00", "\x00", "9" * 400):
        assert browser.get("/t/acme/models/live", {"at": wrong}).status_code in (200, 422)
    assert "Stretches of service" in text(browser.get("/t/acme/models/live"))
    stranger = signed_in(gil)
    for path in ("live", "compare", "metrics"):
        assert stranger.get(f"/t/acme/models/{path}").status_code == 404


def test_it_takes_the_interval_of_a_difference_from_both_intervals() -> None:
    """Newcombe 1998, table II, case (a): 56/70 against 48/80 gives 0.0524 to 0.3339 (method 10)."""
    a, b = (48, 80), (56, 70)
    low, high = measures.difference(
        *((shares.wilson(*pair)[0], pair[0] / pair[1], shares.wilson(*pair)[1]) for pair in (a, b))
    )
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_it_lets_an_analyst_look(two: Any, ben: Any, signed_in: Any) -> None:
    for path in ("live", "compare", "metrics", "1"):
        assert signed_in(ben).get(f"/t/acme/models/{path}").status_code == 200


def test_it_leads_the_staff_from_all_shops_to_one_version(two: Any, pat: Any, sam: Any, signed_in: Any) -> None:
    """R40, R116: three clicks, the choice in the address; what changes is said before it is done (R41)."""
    day(two, 2, shown=1000, clicked=100, bought=25)
    staff = signed_in(pat)
    assert "/models?shop=acme" in text(staff.get("/models"))
    page = text(staff.get("/models?model=recommendation&shop=acme"))
    for words in ("v2 in service", "v2 against v1", "Quality over versions", "/models/acme/1", "All shops"):
        assert words in page
    assert "Roll back to this…" not in page
    page = text(signed_in(sam).get("/models?shop=acme"))
    assert "Roll back to this…" in page and "One shop changes" in page and "instead of v2" in page
    for words in ("0.290 to 0.310", "100 of 1,000 lists shown", "Drift"):
        assert words in text(staff.get("/models/acme/2"))
    assert "v2 is ahead" in text(staff.get("/models/acme/compare"))
    assert "Stretches of service" in text(staff.get("/models/acme/live"))


def test_it_shows_the_staff_every_shops_figures(two: Any, globex: Any, pat: Any, signed_in: Any) -> None:
    """R116: with the drill-down into a shop."""
    day(two, 2, shown=1000, clicked=100, bought=25)
    staff = signed_in(pat)
    page = text(staff.get("/models/metrics"))
    for words in ("Acme", "Globex", "1,000", "10%", "25%", "0.300", "/models/metrics?shop=acme&amp;days=28"):
        assert words in page
    for sort in ("name", "-shown", "ctr", "-conversion", "orders", "-ndcg"):
        assert "Globex" in text(staff.get(f"/models/metrics?sort={sort}"))
    assert "Click-through by version" in text(staff.get("/models/metrics?shop=acme&days=7"))


def test_it_knows_no_shop_model_or_version_that_is_not_there(two: Any, pat: Any, ana: Any, signed_in: Any) -> None:
    staff = signed_in(pat)
    for path in ("/models?shop=none", "/models?shop=acme&model=none", "/models?model=none", "/models/acme/9",
                 "/models/none/1", "/models/none/compare", "/models/acme/compare?a=1&b=7", "/models/none/live",
                 "/models/metrics?shop=none"):  # fmt: skip
        assert staff.get(path).status_code == 404, path
    for path in ("/models/metrics", "/models/acme/1", "/models/acme/compare"):
        assert signed_in(ana).get(path).status_code == 403


def test_it_tells_on_both_overviews_how_the_model_does(two: Any, ana: Any, pat: Any, signed_in: Any) -> None:
    """R138, R116: version, scope, click-through, conversion, quality, trained when; over 7 and 28 days."""
    day(two, 2, shown=1000, clicked=100, bought=25)
    page = text(signed_in(ana).get("/t/acme/overview"))
    for words in ("Model in service", "Scope", "Shared", "7 days", "28 days", "10%", "25%", "0.300", "What is scope?"):
        assert words in page
    page = text(signed_in(pat).get("/dashboard"))
    for words in ("How models do", "/models/metrics?shop=acme", "10%", "25%", "v2"):
        assert words in page


def test_it_explains_every_term(acme: Any, ana: Any, pat: Any, signed_in: Any) -> None:
    """R43: version, split, lift, rollback, cold start, isolation and every metric."""
    for page in (text(signed_in(ana).get("/t/acme/models/terms")), text(signed_in(pat).get("/models/terms"))):
        for words in ("Version", "Split", "Lift", "Roll back", "Cold start", "Isolation", "NDCG@10", "Shift of scores"):
            assert words in page


def test_it_says_which_share_of_the_shoppers_gets_the_version(two: Any, ana: Any, signed_in: Any) -> None:
    """R119: whether it is in an experiment, and its share."""
    browser = signed_in(ana)
    assert "none: all shoppers get it" in text(browser.get("/t/acme/models"))
    two.experiments.create(
        number=1, key="k", name="Second against first", unit="version", a={"version": 2}, b={"version": 1},
        share_b=30, state="running", started_at=timezone.now(),
    )  # fmt: skip
    assert "70% of the shoppers in “Second against first”" in text(browser.get("/t/acme/models"))
