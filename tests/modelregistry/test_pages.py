"""The models pages of a shop and of the platform."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from modelregistry import versions
from recommendations import training
from tenants import work
from tests import make

HTMX = {"HX-Request": "true"}


def train_one(of: Any, *, orders: int = 40) -> None:
    """A real training on a small shop of two tastes."""
    for number in range(orders):
        customer = of.customers.filter(external_id=f"c{number % 10}").first() or make.customer(of, f"c{number % 10}")
        names = [f"p{number % 2}{number // 2 % 4}", f"p{number % 2}{number // 3 % 4}"]
        make.order(of, sorted(set(names)), customer=customer, days_ago=40 - number)
    with make.inside(of) as tenant:
        training.request(tenant, reason="manual", by=None)
    work.run_due(tasks={"recommendations.train"})


def text(response: Any) -> str:
    assert response.status_code == 200, response.content[:500]
    return " ".join(response.content.decode().split())


def test_it_says_how_many_orders_are_missing(acme: Any, ana: Any, signed_in: Any) -> None:
    """R131: the empty page says what comes next."""
    for _ in range(7):
        make.order(acme, ["a"], session_id="x")
    page = text(signed_in(ana).get("/t/acme/models"))
    assert "7 of 10 orders until personal recommendations" in page
    assert "Train now" not in page
    assert "No versions yet" in page


def test_it_shows_what_serves_and_what_was_compared(acme: Any, ana: Any, signed_in: Any) -> None:
    """R119."""
    train_one(acme)
    page = text(signed_in(ana).get("/t/acme/models"))
    version = versions.champion(acme)
    reached = f"{version.metrics['ndcg@10']:.3f}"
    for words in ("v1 in service", "40 orders", "Item-to-item", "Best sellers", "Chosen", reached):
        assert words in page
    assert 'role="tooltip"' in page
    detail = text(signed_in(ana).get("/t/acme/models/1"))
    assert version.digest[:16] in detail
    assert "Algorithms compared" in detail
    assert signed_in(ana).get("/t/acme/models/2").status_code == 404


def test_it_activates_and_rolls_back_after_asking(acme: Any, ana: Any, register: Any, signed_in: Any) -> None:
    """R41, R42."""
    register(acme), register(acme)
    browser = signed_in(ana)
    assert "Put v1 into service?" in text(browser.get("/t/acme/models/1/activate"))
    for number in (1, 2):
        page = text(browser.post(f"/t/acme/models/{number}/activate", follow=True))
        assert f"v{number} is in service. By Ana, " in page
    assert "Go back to v1?" in page
    assert "Go back to v1?" in text(browser.get("/t/acme/models/roll-back"))
    assert "v1 is in service again." in text(browser.post("/t/acme/models/roll-back", follow=True))
    assert versions.champion(acme).number == 1
    assert "no earlier version" in text(browser.post("/t/acme/models/roll-back", follow=True))
    assert "rollback from" in text(browser.get("/t/acme/models/1"))


def test_it_says_why_a_version_cannot_serve(acme: Any, ana: Any, register: Any, signed_in: Any) -> None:
    version = register(acme)
    for path in (versions.settings.MODELS_DIR / version.artifact_path).glob("*.npy"):
        path.unlink()
    page = text(signed_in(ana).post("/t/acme/models/1/activate", follow=True))
    assert "v1 cannot be put into service: its files are damaged" in page
    assert versions.champion(acme) is None


def test_it_shows_progress_while_training_and_stops_asking_afterwards(acme: Any, ana: Any, signed_in: Any) -> None:
    """R126: a running training is seen again by whoever comes back."""
    for number in range(12):
        make.order(acme, ["a", "b"], session_id=f"x{number}")
    browser = signed_in(ana)
    assert "was asked for" in text(browser.post("/t/acme/models/train", follow=True))
    acme.training_runs.update(
        state="running", step="Learning: ALS", progress=0.5, started_at=timezone.now() - timedelta(seconds=30)
    )
    fragment = text(browser.get("/t/acme/models/training", headers=HTMX))
    assert "<html" not in fragment
    for words in ('hx-trigger="every 2s"', "Learning: ALS", "50%", "left"):
        assert words in fragment
    assert "under way already" in text(browser.post("/t/acme/models/train", follow=True))
    assert browser.get("/t/acme/models/training").status_code == 302
    work.run_due(tasks={"recommendations.train"})
    ended = browser.get("/t/acme/models/training", headers=HTMX)
    assert ended["HX-Refresh"] == "true"
    page = text(browser.get("/t/acme/models"))
    assert "v1 is in service:" in page
    assert "every 2s" not in page


def test_it_lets_an_analyst_train_but_not_activate(
    acme: Any, ben: Any, gil: Any, register: Any, signed_in: Any
) -> None:
    register(acme)
    for number in range(10):
        make.order(acme, ["a"], session_id=f"x{number}")
    browser = signed_in(ben)
    page = text(browser.get("/t/acme/models"))
    assert "Train now" in page
    assert "Activate…" not in page
    assert browser.post("/t/acme/models/train").status_code == 302
    assert acme.training_runs.get().requested_by == ben
    for path in ("1/activate", "roll-back"):
        assert browser.post(f"/t/acme/models/{path}").status_code == 403
    stranger = signed_in(gil)
    for path in ("", "/1", "/training", "/1/activate", "/roll-back"):
        assert stranger.get(f"/t/acme/models{path}").status_code == 404
    assert stranger.post("/t/acme/models/train").status_code == 404


@pytest.mark.usefixtures("globex")
def test_it_lists_all_shops_to_the_staff(
    acme: Any, sam: Any, pat: Any, ana: Any, register: Any, signed_in: Any
) -> None:
    """R32, R111: /models for the platform."""
    version = register(acme, metrics={"ndcg@10": 0.321, "coverage@10": 0.5}, algorithm="als")
    versions.activate(version, by=None)
    acme.model_versions.update(created_at=timezone.now() - timedelta(hours=40))
    page = text(signed_in(pat).get("/models"))
    for words in ("Acme", "0.321", "50%", "ALS factorisation", "Stale", "Globex", "no model yet"):
        assert words in page
    assert "Train now" not in page
    assert "Train now" in text(signed_in(sam).get("/models"))
    assert "Globex" not in text(signed_in(sam).get("/models?serving=yes"))
    assert "Acme" not in text(signed_in(sam).get("/models?q=glob", headers=HTMX))
    for sort in ("name", "-ndcg", "age", "-size", "algorithm"):
        assert "0.321" in text(signed_in(sam).get(f"/models?sort={sort}"))
    assert signed_in(ana).get("/models").status_code == 403


def test_it_lets_operators_train_and_roll_back(acme: Any, sam: Any, pat: Any, register: Any, signed_in: Any) -> None:
    for version in (register(acme), register(acme)):
        versions.activate(version, by=None)
    operator = signed_in(sam)
    assert signed_in(pat).post("/models/acme/train").status_code == 403
    assert "was asked for" in text(operator.post("/models/acme/train", follow=True))
    assert "under way already" in text(operator.post("/models/acme/train", follow=True))
    assert "Take Acme back to v1?" in text(operator.get("/models/acme/roll-back"))
    page = text(operator.post("/models/acme/roll-back", {"reason": "clicks fell"}, follow=True))
    assert "v1 is in service again" in page
    assert acme.alias_moves.first().reason == "clicks fell"
    assert operator.post("/models/nobody/train").status_code == 404
    work.run_due(tasks={"recommendations.train"})
    assert acme.training_runs.get().outcome == "Not enough data: 0 of 10 orders"
