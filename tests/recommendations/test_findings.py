"""What is wrong with a shop's data is found, and found to be gone again."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from luxebrain.lib.problems import Conflict, NotFound, Problem
from recommendations import finding_kinds, findings
from tenants import work
from tests import make

GOOD = {"image_url": "https://shop.example/a.png", "categories": ["Home"]}


def product(shop, external_id="", **fields):
    return make.product(shop, external_id, **{**GOOD, **fields})


def event(shop, kind="view", *, hours_ago=0.0, **fields):
    at = timezone.now() - timedelta(hours=hours_ago)
    return shop.events.create(id=uuid.uuid4(), kind=kind, occurred_at=at, **fields)


def found(shop):
    """kind → (state, count) after a look as the application does it."""
    with make.inside(shop) as tenant:
        findings.look(tenant)
        return {row.kind: (row.state, row.count) for row in tenant.data_findings.all()}


# kind → (makes the fault, how many are counted, mends it)
def no_lines(shop):
    make.order(shop, [], external_id="bare")


def unknown_ordered(shop):
    make.order(shop, ["ghost", "ghost", "known"], external_id="o-1")


def no_price(shop):
    product(shop, "free", price=Decimal(0))
    product(shop, "blank", price=None)
    product(shop, "hidden", price=None, is_published=False)


def same_title(shop):
    product(shop, "s", title="Cup")
    product(shop, "m", title="cup")


def mostly_off(shop):
    for number in range(9):
        product(shop, f"off-{number}", stock=0)


def lost(shop):
    today = timezone.now()
    shop.catalogue_days.create(
        day=today.date() - timedelta(days=1), products=20, for_sale=20, looked_at=today - timedelta(days=1)
    )


def strangers(shop):
    for number in range(20):
        event(shop, customer_external_id=f"stranger-{number}")


def currencies(shop):
    for _ in range(2):
        make.order(shop, ["known"])
    row = make.order(shop, ["known"], external_id="foreign")
    shop.orders.filter(pk=row.pk).update(currency="CHF")


def dates(shop):
    for name, at in (("old", datetime(1999, 1, 1, tzinfo=UTC)), ("new", timezone.now() + timedelta(days=3))):
        row = make.order(shop, ["known"], external_id=name)
        shop.orders.filter(pk=row.pk).update(ordered_at=at)


def stopped(shop):
    for number in range(30):  # one in 5.6 hours, and then none for 60
        event(shop, hours_ago=60 + number, product_external_id="known")


def purchases(shop):
    for number in range(5):
        event(shop, "purchase", product_external_id="known", order_external_id=f"e-{number}")


def refunds(shop):
    for number in range(20):
        make.order(shop, ["known"], days_ago=2, state="refunded" if number < 8 else "completed")
        make.order(shop, ["known"], days_ago=20)


CASES = {
    "orders-without-products": (no_lines, 1, lambda shop: shop.orders.all().delete()),
    "ordered-unknown": (unknown_ordered, 2, lambda shop: product(shop, "ghost")),
    "no-price": (no_price, 2, lambda shop: shop.products.update(price=5)),
    "no-image": (
        lambda s: product(s, "x", image_url=""),
        1,
        lambda s: s.products.update(image_url="https://a.example"),
    ),
    "no-category": (lambda s: product(s, "x", categories=[]), 1, lambda s: s.products.update(categories=["Home"])),
    "same-title": (same_title, 2, lambda shop: shop.products.filter(external_id="m").update(title="Mug")),
    "mostly-off-sale": (mostly_off, 9, lambda shop: shop.products.update(stock=5)),
    "catalogue-loss": (lost, 19, lambda shop: [product(shop) for _ in range(18)]),
    "seen-unknown": (lambda s: event(s, product_external_id="ghost"), 1, lambda s: product(s, "ghost")),
    "seen-strangers": (
        strangers,
        20,
        lambda shop: [make.customer(shop, f"stranger-{number}") for number in range(20)],
    ),
    "mixed-currencies": (currencies, 1, lambda shop: shop.orders.update(currency=shop.currency)),
    "odd-dates": (dates, 2, lambda shop: shop.orders.update(ordered_at=timezone.now())),
    "events-stopped": (stopped, 60, lambda shop: event(shop, product_external_id="known")),
    "purchases-without-orders": (purchases, 5, lambda shop: make.order(shop, ["known"])),
    "refunds-jumped": (refunds, 8, lambda shop: shop.orders.update(state="completed")),
}


@pytest.mark.parametrize("kind", finding_kinds.BY_CODE)
def test_it_is_found_and_gone_again(acme, globex, kind):
    """R98: counted from the rows; and what another shop has counts for nobody else (R9)."""
    make_it, count, mend = CASES[kind]
    for shop in (acme, globex):
        product(shop, "known")
    assert found(acme) == {}
    make_it(acme)
    assert found(acme)[kind] == ("open", count)
    assert found(globex) == {}
    mend(acme)
    state, was = found(acme)[kind]
    assert (state, was) == ("resolved", count)


def test_it_names_the_rows_that_are_wrong(acme):
    product(acme, "known")
    unknown_ordered(acme)
    for number in range(7):
        product(acme, f"x-{number}", price=None)
    found(acme)
    assert acme.data_findings.get(kind="ordered-unknown").examples == [["ghost", "o-1"]]
    assert len(acme.data_findings.get(kind="no-price").examples) == 5


def test_a_product_that_was_deleted_is_not_unknown(acme):
    """What a shop sold once and took out of its catalogue is no fault of its data."""
    acme.tombstones.create(kind="product", external_id="gone", deleted_at=timezone.now())
    make.order(acme, ["gone"])
    event(acme, product_external_id="gone")
    assert found(acme) == {}


def test_a_loss_within_one_day_is_seen(acme):
    """The day's highest is remembered, not its last."""
    for number in range(20):
        product(acme, f"p-{number}")
    assert found(acme) == {}
    acme.products.exclude(external_id__in=["p-1", "p-2"]).delete()
    assert found(acme) == {"catalogue-loss": ("open", 18)}
    assert acme.catalogue_days.get().for_sale == 20


def test_it_opens_again_with_a_new_beginning(acme):
    row = product(acme, "x", price=None)
    found(acme)
    first = acme.data_findings.get().first_seen_at
    acme.products.filter(pk=row.pk).update(price=1)
    found(acme)
    acme.products.filter(pk=row.pk).update(price=None)
    assert found(acme) == {"no-price": ("open", 1)}
    again = acme.data_findings.get()
    assert (again.resolved_at, again.first_seen_at > first) == (None, True)


def test_what_is_muted_stays_muted(acme, ana):
    """Also while it is gone, and when it is back; taken back it is what it is by then."""
    row = product(acme, "x", price=None)
    found(acme)
    for wrong in ("", " \x00 ", "x" * 501):
        with pytest.raises(Problem):
            findings.mute(acme, "no-price", reason=wrong, by=ana)
    findings.mute(acme, "no-price", reason="Samples are free", by=ana)
    with pytest.raises(Conflict):
        findings.mute(acme, "no-price", reason="Again", by=ana)
    product(acme, "y", price=None)
    assert found(acme) == {"no-price": ("muted", 2)}
    acme.products.update(price=1)
    assert found(acme) == {"no-price": ("muted", 2)}
    acme.products.filter(pk=row.pk).update(price=0)
    assert found(acme) == {"no-price": ("muted", 1)}
    findings.unmute(acme, "no-price", by=ana)
    assert found(acme) == {"no-price": ("open", 1)}
    findings.mute(acme, "no-price", reason="Samples", by=ana)
    acme.products.update(price=1)
    found(acme)
    findings.unmute(acme, "no-price", by=ana)
    assert acme.data_findings.get().state == "resolved"
    trail = acme.audit_entries.filter(action__startswith="finding.").values_list("action", "reason")
    assert ("finding.mute", "Samples are free") in trail
    assert ("finding.unmute", "") in trail


def test_nobody_mutes_what_was_never_found(acme, ana):
    for kind in ("no-price", "none-such"):
        with pytest.raises(NotFound):
            findings.mute(acme, kind, reason="Why not", by=ana)
        with pytest.raises(NotFound):
            findings.unmute(acme, kind, by=ana)


def test_every_hour_the_shops_with_news_are_looked_at(acme, globex):
    """R16: all at first, then only where something came; suspended shops wait."""
    late = make.tenant("late", state="suspended")

    def chore():
        work.enqueue(None, findings.TASK)
        work.run_due(tasks={findings.TASK})
        return [shop.catalogue_days.values_list("looked_at", flat=True).first() for shop in (acme, globex, late)]

    first = chore()
    assert first[0] and first[1] and first[2] is None
    product(acme, "x", price=None)
    second = chore()
    assert second[0] > first[0]
    assert second[1] == first[1]
    assert acme.data_findings.get().kind == "no-price"
    globex.catalogue_days.update(looked_at=timezone.now() - timedelta(hours=7))
    assert chore()[1] > first[1]


def test_days_that_nobody_compares_with_are_let_go(acme):
    now = timezone.now()
    acme.catalogue_days.create(day=now.date() - timedelta(days=40), products=1, for_sale=1, looked_at=now)
    found(acme)
    assert acme.catalogue_days.get().day == now.astimezone(UTC).date()
