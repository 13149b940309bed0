"""seed_demo on a small cut: makes the shops once, says so the second time, goes on where it stopped."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from demo import keys, people, replay
from recommendations import tracking
from tenants import tenancy
from tenants.models import AuditEntry, User

LINDENHOF, YOUNG = "lindenhof", "petit-marche"


def seed(server: Any, *shops: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("seed_demo", only=list(shops), quick=True, work_here=True, base_url=server.url, stdout=out, **options)
    return out.getvalue()


def standing() -> dict[str, Any]:
    """What there is, in numbers: equal before and after a second run."""
    found: dict[str, Any] = {"people": User.objects.count(), "audit": AuditEntry.objects.using("ops").count()}
    for shop in tenancy.across():
        found[shop.slug] = {
            "products": shop.products.count(),
            "customers": shop.customers.count(),
            "orders": shop.orders.count(),
            "lines": shop.order_lines.count(),
            "events": dict(shop.events.values_list("kind").annotate(count=Count("*"))),
            "keys": shop.api_keys.count(),
            "members": shop.memberships.count(),
            "trainings": shop.training_runs.count(),
            "placements": shop.placements.count(),
            "rules": shop.rules.count(),
            "batch jobs": shop.batch_jobs.count(),
        }
    return found


@pytest.mark.timeout(400)
def test_it_makes_a_shop_with_history_model_and_traffic_and_only_once(server: Any, keys_file: None) -> None:
    """R109: nothing is invented: what was clicked is in the order."""
    told = seed(server, LINDENHOF, YOUNG)
    before = standing()
    shop = people.shops()[LINDENHOF]
    assert (shop.is_demo, shop.plan_id, shop.currency, shop.time_zone) == (True, "growth", "GBP", "Europe/Berlin")
    assert before[LINDENHOF]["trainings"] == 2
    assert before[YOUNG]["trainings"] == 0
    assert people.shops()[YOUNG].orders.countable().count() == 9
    events = before[LINDENHOF]["events"]
    assert 0 < events["click"]
    assert 0 < events["impression"] <= 15
    bought = set(shop.order_lines.values_list("product_external_id", flat=True))
    clicked = set(shop.events.filter(kind="click").values_list("product_external_id", flat=True))
    assert clicked <= bought
    assert not shop.orders.filter(is_demo=False).exists()
    assert {"home", "product-similar", "cart", "thanks"} <= set(shop.placements.values_list("code", flat=True))
    assert [rule.owner.email for rule in shop.rules.all()] == [f"owner@{LINDENHOF}.example"] * 2
    holdout, test = shop.experiments.get(unit="holdout"), shop.experiments.get(unit="version")
    assert (holdout.state, test.state) == ("running", "concluded")
    exposed = holdout.days.filter(tenant=shop, segment="").order_by("-day").values_list("arm", "subjects")[:2]
    assert 0 < sum(dict(exposed).values()) <= 15
    assert test.conclusion
    figures = tracking.summary(shop, days=29)
    assert figures.revenue.value > 0
    assert figures.clicked <= figures.served.value <= 15

    jobs = {job.name: job for job in shop.batch_jobs.all()}
    done, failing, held = (jobs[name] for name in ("Newsletter", "Birthday cards, from a list", "Printed catalogue"))
    assert (done.state, done.processed) == ("completed", done.total) and done.version
    assert (failing.state, failing.failed, failing.processed) == ("partial", 3, 20)
    assert (held.state, held.is_paused) == ("pending", True)
    weekly = shop.batch_schedules.get()
    assert (weekly.every, weekly.next_at.astimezone(shop.zone).strftime("%A %H:%M")) == ("week", "Monday 08:00")
    assert not people.shops()[YOUNG].batch_jobs.exists()  # no model yet

    again = seed(server, LINDENHOF, YOUNG)
    assert standing() == before
    assert "already" in again
    passwords = [line.split() for line in told.splitlines() if ".example " in line]
    assert len(passwords) == 7  # two on the platform, three in the shop, two in the young one
    assert all(words[1] not in again for words in passwords)
    email, password = passwords[0][:2]
    assert User.objects.get(email=email).check_password(password)


@pytest.mark.timeout(300)
def test_it_goes_on_where_it_stopped(server: Any, keys_file: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(*args: Any, **options: Any) -> None:
        raise replay.Refused("the line was cut.")

    with monkeypatch.context() as broken:
        broken.setattr(replay, "run", cut_off)
        with pytest.raises(CommandError, match="goes on where it stopped"):
            seed(server, YOUNG)
    shop = people.shops()[YOUNG]
    assert (shop.products.count(), shop.orders.count()) == (777, 0)
    issued = keys.read()[YOUNG]
    told = seed(server, YOUNG)
    assert "printed this once" in told
    assert people.shops()[YOUNG].orders.countable().count() == 9
    assert keys.read()[YOUNG] == issued


@pytest.mark.timeout(300)
def test_it_gives_new_passwords_when_asked(server: Any, keys_file: None) -> None:
    first = seed(server, YOUNG)
    second = seed(server, YOUNG, new_passwords=True)
    old = {line.split()[1] for line in first.splitlines() if ".example " in line}
    new = {line.split()[1] for line in second.splitlines() if ".example " in line}
    assert len(new) == len(old) == 4
    assert not old & new
