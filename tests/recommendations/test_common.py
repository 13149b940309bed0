"""The shared model: what shops give, what comes of it in another's training, and what never does."""

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.utils import timezone

from modelregistry import versions
from recommendations import common_table, common_votes, isolated_data
from recommendations.algorithms import common
from recommendations.algorithms.bundle import Bundle
from recommendations.models import CommonTable
from tenants import work
from tests import make
from tests.recommendations import isolated
from tests.recommendations.test_training import request

GATHER = {"recommendations.cast_votes", "recommendations.combine_votes"}
CHANGED = {"recommendations.part_changed", "recommendations.combine_votes"}
TRAIN = {"recommendations.train"}
KINDS = ("lamp", "plate", "chair", "towel")
COLOURS = ("scarlet", "azure", "amber", "olive")


def shop(slug: str, *, seed: int, orders: int = 60, word: str = "", **fields: Any) -> Any:
    """16 products, a kind in each colour; a lamp is bought with a plate, a chair with a towel, of any colour.

    `word` stands in every title of this shop and in no other's.
    """
    tenant = make.tenant(slug, **fields)
    chance = np.random.default_rng(seed)
    for number in range(16):
        kind, colour = KINDS[number // 4], COLOURS[number % 4]
        make.product(tenant, f"{slug}-{number:02}", title=f"{word} {kind} {colour} {slug}", categories=[kind])
    buyers = [make.customer(tenant, f"{slug}-buyer-{number}") for number in range(orders // 2)]
    for number in range(orders):
        side, one, other = int(chance.integers(2)) * 8, *chance.integers(4, size=2)
        names = [f"{slug}-{side + one:02}", f"{slug}-{side + 4 + other:02}"]
        make.order(tenant, names, customer=buyers[number // 2], days_ago=60 - number * 59 / orders)
    return tenant


def gathered() -> CommonTable:
    """The nightly round, as the timetable has it."""
    work.enqueue(None, "recommendations.gather_votes")
    work.run_due(tasks={"recommendations.gather_votes", "recommendations.cast_votes"})
    from tenants.models import Work

    Work.objects.using("ops").filter(task="recommendations.combine_votes").update(due_at=timezone.now())
    work.run_due(tasks=GATHER)
    return CommonTable.objects.using("ops").latest("number")


def trained(tenant: Any) -> Any:
    request(tenant)
    work.run_due(tasks=TRAIN)
    run = tenant.training_runs.order_by("-id").first()
    assert run.state == "succeeded", run.error
    return run.version


@pytest.fixture(autouse=True)
def little_is_enough(monkeypatch: Any) -> None:
    """Sixteen products have few words; the bench measures from how many on others are of use."""
    monkeypatch.setattr(common, "LEAST_PARTNERS", 0)


@pytest.fixture
def others(db: None) -> list[Any]:
    return [shop(f"giver{number}", seed=number, word=f"zyx{'abcd'[number]}giver") for number in range(4)]


@pytest.fixture
def small(db: None) -> Any:
    return shop("small", seed=50, orders=24)


def read(tenant: Any) -> Any:
    with make.inside(tenant) as entered:
        return isolated_data.read(entered, "shared")


def test_it_learns_from_others_and_says_so(others: Any, small: Any) -> None:
    """R74, R79, R87: each gives a word, their sum is published whole, and a training uses it and says it."""
    table = gathered()
    assert (table.number, table.shops) == (1, 5)
    assert table.pairs > 0
    dataset = read(small)
    theirs = dataset.features.common
    assert (theirs.own, theirs.others) == pytest.approx((1.0, 0.1))
    assert theirs.table.shops == 4  # its own word is taken out again
    few = shop("few", seed=51, orders=14)
    assert read(few).features.common.table.shops == 5  # too small to give, and it takes
    version = trained(few)
    assert version.algorithm == "blend"
    assert (version.scope, version.learnt_from, version.counts["shops"]) == ("shared", "shared", 5)


def test_a_shop_that_stays_out_gives_nothing_and_takes_nothing(
    others: list[Any], small: Any, ana: Any, signed_in: Any
) -> None:
    """R79: the switch of the settings deletes its word at once; the next table is without it."""
    gathered()
    others[0].memberships.create(user=ana, role="owner")
    page = signed_in(ana)
    form = {"name": "Giver", "website": "", "currency": "EUR", "time_zone": "UTC", "attribution_hours": 24}
    assert "Take part in the shared model" in page.get("/t/giver0/settings").text
    assert page.post("/t/giver0/settings", form).status_code == 302
    others[0].refresh_from_db()
    assert not others[0].takes_part
    entry = others[0].audit_entries.filter(action="profile.update").first()
    assert entry.details["takes_part"] == {"from": True, "to": False}
    work.run_due(tasks=CHANGED)
    assert not others[0].shop_votes.exists()
    newest = CommonTable.objects.using("ops").latest("number")
    assert (newest.number, newest.shops) == (2, 4)
    assert read(others[0]).features.common is None
    assert trained(others[0]).learnt_from == "own"


def test_a_shop_with_an_isolated_model_neither_gives_nor_takes(others: list[Any], sam: Any) -> None:
    """R79: not even before the night in which its word is deleted."""
    with isolated.threshold(50):
        alone = shop("alone", seed=9, plan="enterprise")
        assert gathered().shops == 5
        isolated.of(alone).create_tenant_model(by=sam, reason="A test")
    assert common_table.combine().shops == 4
    with make.inside(alone) as tenant:
        assert not common_votes.gives(tenant)
        assert isolated_data.read(tenant, "tenant").features.common is None
        common_votes.cast(tenant)
    assert not alone.shop_votes.exists()


def test_nothing_of_another_shop_can_be_found_in_what_serves(others: list[Any], small: Any) -> None:
    """R74: ids, titles and customers of the givers, searched in every byte of tables, words and artefacts."""
    table = gathered()
    version = trained(small)
    files = list((settings.MODELS_DIR / version.artifact_path).rglob("*"))
    files += list((settings.MODELS_DIR / table.place).rglob("*"))
    held = [path.read_bytes() for path in files if path.is_file()]
    held += [bytes(row.content) for tenant in others for row in tenant.shop_votes.all()]
    assert len(held) >= 4 + len(others)  # two files of each artefact, and the votes of each shop
    foreign = [b"giver", b"zyx", b"buyer"]
    kinds = [name.encode() for name in (*KINDS, *COLOURS)]
    own = held[: sum(path.is_file() for path in (settings.MODELS_DIR / version.artifact_path).rglob("*"))]
    assert any(kind in one for one in own for kind in kinds)  # what is there is found
    assert not [text for text in foreign for one in own if text in one.replace(b"small-buyer", b"")]
    for one in held[len(own):]:
        assert not [text for text in (*foreign, *kinds) if text in one]
    answered = versions.load(version).manifest
    assert "giver" not in json.dumps(answered)


def test_a_word_that_fewer_than_three_others_use_is_nobodys_to_know(others: list[Any], small: Any) -> None:
    """A token is in the table from three shops on, and counts for a shop where three others say it."""
    gathered()
    tokens = read(others[0]).tokens
    theirs = read(small).features.common
    assert len(theirs.table.first) > 0
    assert theirs.table.yes.min() >= 3
    known = np.isin(tokens.names, theirs.table.names)
    assert 0 < known.sum() < len(known)  # what only giver0 says is not in it


def flood(tenant: Any, names: list[str], *, orders: int, over_days: float = 1) -> None:
    buyers = [make.customer(tenant, f"fake-{number}") for number in range(20)]
    for number in range(orders):
        make.order(tenant, names, customer=buyers[number % 20], days_ago=1 + over_days * number / orders)


def test_a_flood_of_fake_orders_is_held_back(others: list[Any], small: Any) -> None:
    """R79: twenty times the volume in a day leaves the word in force as it was."""
    gathered()
    before = read(small).features.common.table
    flood(others[0], ["giver0-00", "giver0-05", "giver0-10"], orders=20 * 60)
    gathered()
    row = others[0].shop_votes.get()
    assert row.held_since is not None
    assert row.orders == 60
    after = read(small).features.common.table
    assert np.array_equal(before.total, after.total) and np.array_equal(before.names, after.names)
    gathered()
    (told,) = others[0].occurrences.filter(kind__startswith="shared.")  # once, however many nights it is held
    assert (told.kind, told.facts) == ("shared.flooded", {"orders_counted": 60, "orders_now": 1_260})
    others[0].shop_votes.update(base_at=timezone.now() - common_votes.HELD)
    gathered()
    assert others[0].shop_votes.get().orders == 1_260


def lists(tenant: Any, version: Any) -> list[list[str]]:
    """The ten products for each customer of the shop, as this version would list them."""
    loaded = versions.load(version)
    bundle = Bundle.from_arrays(loaded.arrays, loaded.manifest)
    names = sorted(tenant.customers.values_list("external_id", flat=True))
    now = bundle.until
    return [[bundle.products.id(entry.product)
             for entry in bundle.recommend("personalised", limit=10, customer=name, now=now)] for name in names]


def test_a_flood_that_is_not_held_moves_no_list(others: list[Any], monkeypatch: Any) -> None:
    """R79: also once a flood is held back no longer, twenty times the volume moves less than 1 % of the places."""
    few = shop("few", seed=51, orders=14)
    gathered()
    first = trained(few)
    assert first.learnt_from == "shared"
    before = lists(few, first)
    monkeypatch.setattr(common_votes, "HELD", timedelta(0))
    flood(others[0], ["giver0-00", "giver0-09"], orders=20 * 60)
    assert gathered().number == 2
    assert others[0].shop_votes.get().orders > 1_000
    after = lists(few, trained(few))
    moved = sum(one != other for pair in zip(before, after, strict=True) for one, other in zip(*pair, strict=True))
    assert moved / (10 * len(before)) < 0.01


def test_a_flood_that_is_dated_back_is_one_busy_day(others: list[Any], small: Any, monkeypatch: Any) -> None:
    """R79: spread over two months and held no longer, it comes in on one day, and the word stays as it was."""
    others[0].orders.update(created_at=timezone.now() - timedelta(days=60))
    gathered()
    before = bytes(others[0].shop_votes.get().content)
    monkeypatch.setattr(common_votes, "HELD", timedelta(0))
    flood(others[0], ["giver0-00", "giver0-09", "giver0-05"], orders=20 * 60, over_days=57)
    gathered()
    row = others[0].shop_votes.get()
    assert row.orders > 1_000  # its volume was taken anew, and its word was made anew
    assert bytes(row.content) == before
    assert row.held_since is not None
    with make.inside(others[0]) as tenant:
        tenant.orders.filter(customer__external_id__startswith="fake").delete()
        tenant.orders.update(updated_at=timezone.now())
    gathered()
    kinds = others[0].occurrences.filter(kind__startswith="shared.").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["shared.flooded", "shared.flood_over"]


def test_after_isolation_the_shared_training_weighs_others(others: list[Any], sam: Any) -> None:
    """R87: the isolated model is removed; what serves then is of the shared scope, and weighs others' votes 0.1."""
    with isolated.threshold(10):
        alone = shop("alone", seed=51, orders=14, plan="enterprise")
        gathered()
        row = isolated.isolate(alone, by=sam)
        assert versions.champion(alone).learnt_from == "own"
        isolated.of(alone).disable(row, by=sam, reason="A test")
        work.run_due(tasks=isolated.TRAIN)
    served = versions.champion(alone)
    assert (served.scope, served.learnt_from, served.counts["shops"]) == ("shared", "shared", 4)
    assert (read(alone).features.common.own, read(alone).features.common.others) == pytest.approx((1.0, 0.1))


def test_a_damaged_or_lost_table_costs_no_training(others: list[Any], small: Any) -> None:
    table = gathered()
    for path in (settings.MODELS_DIR / table.place).glob("*.npy"):
        path.write_bytes(b"\0" * path.stat().st_size)
    assert read(small).features.common is None
    assert trained(small).learnt_from == "own"


def test_a_shop_cannot_publish_a_table(small: Any) -> None:
    from django.db import DatabaseError

    with pytest.raises(DatabaseError), make.inside(small):
        CommonTable.objects.create(number=9, place="shared/common/9", digest="x", shops=3, pairs=1)
