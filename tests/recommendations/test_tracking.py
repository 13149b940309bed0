"""Roll-up and attribution against rows counted by hand."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connections

from modelregistry import performance
from recommendations import identity, tracking
from tenants import work
from tests import make

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=3)
DAY = NOON.date()


def event(of, kind, *, at=NOON, **fields):
    names = {"customer": "customer_external_id", "product": "product_external_id", "order": "order_external_id"}
    of.events.create(id=uuid.uuid4(), kind=kind, occurred_at=at, **{names.get(k, k): v for k, v in fields.items()})


def order(of, name, products, *, at=NOON, customer=None, session="", price="10.00", quantity=1, **fields):
    fields.setdefault("currency", of.currency)
    row = of.orders.create(
        external_id=name, customer=customer, session_id=session, total=Decimal(0), ordered_at=at, **fields
    )
    for position, product in enumerate(products):
        of.order_lines.create(
            order=row, position=position, product_external_id=product, quantity=quantity, unit_price=Decimal(price)
        )
    return row


def touch(order, **fields):
    """An order as the ingest changes it: with a new time of change."""
    with connections["ops"].cursor() as cursor:
        for name, value in fields.items():
            assert name in {"state", "ordered_at"}
            cursor.execute(
                f"update recommendations_order set {name} = %s, updated_at = now() where id = %s", [value, order.pk]
            )


def figures(of):
    fields = ("day", "version", "placement", "currency", "impressions", "clicks", "orders", "revenue")
    return sorted(of.daily_performance.values_list(*fields))


@pytest.fixture
def zoe(acme):
    return make.customer(acme, "zoe")


def test_it_counts_lists_not_events_by_day_version_and_placement(acme):
    """R122: three products of one list are one list shown; two clicks in it are one list clicked."""
    first, second, popular = identity.make(3), identity.make(3), identity.make(0)
    for product in ("a", "b", "c"):
        event(acme, "impression", recommendation_id=first, placement="home", product=product)
    event(acme, "impression", recommendation_id=second, placement="cart", product="a")
    event(acme, "impression", recommendation_id=popular, placement="home", product="a")
    event(acme, "click", recommendation_id=first, placement="home", product="a", session_id="s")
    event(acme, "click", recommendation_id=first, placement="home", product="b", session_id="s")
    tracking.roll_up(acme)
    zero = Decimal("0.00")
    assert figures(acme) == [
        (DAY, 0, "home", "EUR", 1, 0, 0, zero),
        (DAY, 3, "cart", "EUR", 1, 0, 0, zero),
        (DAY, 3, "home", "EUR", 1, 1, 0, zero),
    ]


@pytest.mark.parametrize("version", [0, 1, 7, 31, 32, 1_023, 4_096, 2_147_483_647])
def test_it_reads_the_version_from_the_id_as_the_engine_wrote_it(acme, version):
    event(acme, "impression", recommendation_id=identity.make(version), product="a")
    tracking.roll_up(acme)
    assert acme.daily_performance.get().version == version


def test_it_ignores_ids_that_are_not_ours(acme):
    for name in ("mine-1", "rec_short", "rec_" + "g" * 32, identity.make(4_294_967_295)):
        event(acme, "impression", recommendation_id=name, product="a")
        event(acme, "click", recommendation_id=name, product="a", session_id="s")
    event(acme, "purchase", product="a", session_id="s", value=5, order="o-1", at=NOON + timedelta(hours=1))
    tracking.roll_up(acme)
    assert figures(acme) == []
    assert acme.attributions.count() == 0


def test_it_attributes_to_the_last_click_within_the_window(acme, zoe):
    """R122: the same customer, the same product, at most 24 hours before; the last click wins."""
    old, early, late, other = (identity.make(n) for n in (1, 2, 3, 4))
    event(acme, "click", recommendation_id=old, product="a", customer="zoe", at=NOON - timedelta(hours=25))
    event(acme, "click", recommendation_id=early, product="a", customer="zoe", at=NOON - timedelta(hours=5))
    event(acme, "click", recommendation_id=late, product="a", customer="zoe", at=NOON - timedelta(hours=1))
    event(acme, "click", recommendation_id=other, product="a", customer="yan", at=NOON - timedelta(minutes=1))
    event(acme, "click", recommendation_id=other, product="a", customer="zoe", at=NOON + timedelta(minutes=1))
    order(acme, "o-1", ["a", "b"], customer=zoe, quantity=3)
    tracking.roll_up(acme)
    row = acme.attributions.get()
    assert (row.recommendation_id, row.version, row.amount, row.currency) == (late, 3, Decimal("30.00"), "EUR")


def test_it_leaves_out_a_click_older_than_the_window(acme, zoe):
    event(
        acme,
        "click",
        recommendation_id=identity.make(1),
        product="a",
        customer="zoe",
        at=NOON - timedelta(hours=24, seconds=1),
    )
    order(acme, "o-1", ["a"], customer=zoe)
    tracking.roll_up(acme)
    assert acme.attributions.count() == 0


def test_it_follows_a_session_when_the_customer_is_unknown(acme):
    event(
        acme, "click", recommendation_id=identity.make(2), product="a", session_id="s-1", at=NOON - timedelta(hours=1)
    )
    order(acme, "o-1", ["a"], session="s-1")
    order(acme, "o-2", ["a"], session="s-2")
    tracking.roll_up(acme)
    assert acme.attributions.get().order_external_id == "o-1"


def test_it_counts_an_order_sent_as_event_and_as_order_once(acme, zoe):
    """The order row is the record: its price counts, and a refund takes both back."""
    event(acme, "click", recommendation_id=identity.make(1), product="a", customer="zoe", at=NOON - timedelta(hours=1))
    event(acme, "purchase", product="a", customer="zoe", order="o-1", value=Decimal("99.00"))
    tracking.roll_up(acme)
    assert acme.attributions.get().amount == Decimal("99.00")
    row = order(acme, "o-1", ["a"], customer=zoe, at=NOON + timedelta(minutes=2))
    tracking.roll_up(acme)
    assert acme.attributions.get().amount == Decimal("10.00")
    assert figures(acme)[0][6:] == (1, Decimal("10.00"))
    touch(row, state="refunded")
    tracking.roll_up(acme)
    assert acme.attributions.count() == 0
    assert figures(acme)[0][6:] == (0, Decimal("0.00"))


@pytest.mark.parametrize("state", ["cancelled", "refunded", "failed", "test"])
def test_it_earns_nothing_from_orders_that_do_not_count(acme, zoe, state):
    event(acme, "click", recommendation_id=identity.make(1), product="a", customer="zoe", at=NOON - timedelta(hours=1))
    order(acme, "o-1", ["a"], customer=zoe, state=state)
    event(acme, "purchase", product="a", customer="zoe", order="o-1", value=10)
    tracking.roll_up(acme)
    assert acme.attributions.count() == 0


def test_it_keeps_currencies_apart(acme, zoe):
    click = identity.make(1)
    event(acme, "impression", recommendation_id=click, product="a", at=NOON - timedelta(hours=1))
    event(acme, "click", recommendation_id=click, product="a", customer="zoe", at=NOON - timedelta(hours=1))
    order(acme, "o-1", ["a"], customer=zoe)
    order(acme, "o-2", ["a"], customer=zoe, currency="USD", price="7.50")
    tracking.roll_up(acme)
    assert figures(acme) == [
        (DAY, 1, "", "EUR", 1, 1, 1, Decimal("10.00")),
        (DAY, 1, "", "USD", 0, 0, 1, Decimal("7.50")),
    ]
    found = tracking.summary(acme, days=7)
    assert found.revenue.value == Decimal("10.00")
    assert found.other_revenue == [("USD", Decimal("7.50"))]
    assert found.orders == 2


def test_it_groups_purchases_without_order_id_by_shopper_and_moment(acme):
    for product in ("a", "b"):
        event(
            acme,
            "click",
            recommendation_id=identity.make(1),
            product=product,
            session_id="s",
            at=NOON - timedelta(hours=1),
        )
        event(acme, "purchase", product=product, session_id="s", value=4, quantity=2)
    event(acme, "purchase", product="a", session_id="s", value=4, at=NOON + timedelta(minutes=5))
    tracking.roll_up(acme)
    assert figures(acme)[0][6:] == (2, Decimal("20.00"))


def test_it_does_the_same_twice(acme, zoe):
    click = identity.make(1)
    event(acme, "impression", recommendation_id=click, product="a")
    event(acme, "click", recommendation_id=click, product="a", customer="zoe", at=NOON - timedelta(hours=1))
    order(acme, "o-1", ["a"], customer=zoe)
    tracking.roll_up(acme)
    before = figures(acme), list(acme.attributions.values_list("order_external_id", "amount"))
    tracking.roll_up(acme)
    tracking.roll_up(acme, since=NOON - timedelta(days=30))
    assert (figures(acme), list(acme.attributions.values_list("order_external_id", "amount"))) == before


def test_it_repairs_days_when_events_come_late(acme, zoe):
    """A click that arrives after the order was rolled up still earns, on the order's day."""
    order(acme, "o-1", ["a"], customer=zoe, at=NOON + timedelta(hours=20))
    event(acme, "impression", recommendation_id=identity.make(1), product="a")
    tracking.roll_up(acme)
    with connections["ops"].cursor() as cursor:  # as if all that had arrived an hour ago
        cursor.execute("update recommendations_order set updated_at = now() - interval '1 hour'")
        cursor.execute("update recommendations_event set received_at = now() - interval '1 hour'")
    event(acme, "click", recommendation_id=identity.make(1), product="a", customer="zoe", at=NOON)
    done = tracking.roll_up(acme)
    assert set(done.days) == {DAY, DAY + timedelta(days=1)}
    assert [row[0] for row in figures(acme) if row[6]] == [DAY + timedelta(days=1)]


def test_it_moves_an_order_to_another_day(acme, zoe):
    event(acme, "click", recommendation_id=identity.make(1), product="a", customer="zoe", at=NOON)
    row = order(acme, "o-1", ["a"], customer=zoe, at=NOON + timedelta(minutes=1))
    tracking.roll_up(acme)
    touch(row, ordered_at=NOON + timedelta(hours=20))
    tracking.roll_up(acme)
    assert [row[0] for row in figures(acme) if row[6]] == [DAY + timedelta(days=1)]
    assert acme.attributions.count() == 1


def test_it_cuts_days_in_the_shop_s_time_zone(db):
    kyoto = make.tenant("kyoto", time_zone="Asia/Tokyo")
    event(kyoto, "impression", recommendation_id=identity.make(1), product="a", at=NOON.replace(hour=14, minute=59))
    event(kyoto, "impression", recommendation_id=identity.make(1), product="a", at=NOON.replace(hour=15, minute=1))
    tracking.roll_up(kyoto)
    assert [row[0] for row in figures(kyoto)] == [DAY, DAY + timedelta(days=1)]


def test_it_stays_within_the_tenant(acme, globex):
    """The same shopper, product and ids in two shops are strangers to each other."""
    shown = identity.make(1)
    for shop in (acme, globex):
        event(shop, "impression", recommendation_id=shown, product="a", at=NOON)
    event(globex, "click", recommendation_id=shown, product="a", session_id="s", at=NOON)
    order(acme, "o-1", ["a"], session="s", at=NOON + timedelta(minutes=1))
    work.tick("recommendations.roll_up", 1)
    work.run_due()
    assert acme.attributions.count() == globex.attributions.count() == 0
    assert [row[4:6] for row in figures(acme)] == [(1, 0)]
    assert [row[4:6] for row in figures(globex)] == [(1, 1)]


def test_it_is_due_only_where_something_arrived(acme, globex):
    event(acme, "impression", recommendation_id=identity.make(1), product="a")
    assert tracking.fan_out() == 1
    work.run_due()
    assert acme.roll_ups.get().arrived_until is not None
    assert not globex.roll_ups.exists()


def test_it_waits_for_events_in_the_inbox(acme):
    """An accepted batch keeps its time of arrival; the mark must not pass it."""
    event(acme, "impression", recommendation_id=identity.make(1), product="a")
    batch = acme.event_batches.create(events=[], received_at=datetime.now(UTC) - timedelta(hours=1))
    tracking.roll_up(acme)
    assert acme.roll_ups.get().arrived_until == batch.received_at


def test_it_compares_with_the_period_before(acme):
    """R122: 200 lists with 20 clicked against 100 with 5."""
    today = datetime.now(UTC).date()
    for day, shown, clicked in ((today, 200, 20), (today - timedelta(days=7), 100, 5)):
        acme.daily_performance.create(day=day, version=1, currency="EUR", impressions=shown, clicks=clicked)
    found = tracking.summary(acme, days=7)
    assert (found.served.value, found.served.change) == (200, 1.0)
    assert found.ctr.value == 0.1
    assert found.ctr.change == pytest.approx(0.05)
    assert found.conversion.value == 0.0


def test_it_says_when_there_is_not_enough_data(acme):
    """R122: a share of 99 lists is no figure; on a fresh shop everything is zero and nothing is sound."""
    fresh = tracking.summary(acme, days=28)
    assert (fresh.served.value, fresh.revenue.value, fresh.orders) == (0, 0, 0)
    assert not any(f.enough for f in (fresh.served, fresh.ctr, fresh.conversion, fresh.revenue))
    acme.daily_performance.create(day=date.today(), version=1, currency="EUR", impressions=99, clicks=50)
    assert not tracking.summary(acme, days=28).ctr.enough


def test_conversion_counts_lists_and_never_passes_one(acme):
    """Two orders after one click on one list: one list of one converted."""
    today = datetime.now(UTC).date()
    acme.daily_performance.create(day=today, version=1, currency="EUR", impressions=100, clicks=1)
    clicked = datetime.now(UTC)
    for name in ("o-1", "o-2"):
        acme.attributions.create(
            order_external_id=name,
            product_external_id="a",
            recommendation_id=identity.make(1),
            version=1,
            amount=10,
            currency="EUR",
            clicked_at=clicked,
            ordered_at=clicked,
        )
    acme.attributions.update(recommendation_id=identity.make(1))
    found = tracking.summary(acme, days=7)
    assert (found.orders, found.conversion.value) == (2, 1.0)


def carts(of):
    return dict(of.daily_performance.filter(carts__gt=0).values_list("version", "carts"))


def test_it_counts_a_cart_for_the_last_list_that_led_to_it(acme):
    """R122: a cart event that names a list is that list's; another one is the last click's on the product."""
    first, second, direct = identity.make(3), identity.make(4), identity.make(5)
    event(acme, "click", recommendation_id=first, product="a", session_id="s", at=NOON - timedelta(hours=3))
    event(acme, "click", recommendation_id=second, product="a", session_id="s", at=NOON - timedelta(hours=2))
    event(acme, "cart", product="a", session_id="s")
    event(acme, "cart", product="a", session_id="s", at=NOON + timedelta(minutes=5))
    event(acme, "cart", product="b", session_id="s")
    event(acme, "cart", product="c", session_id="t", recommendation_id=direct, placement="cart")
    tracking.roll_up(acme)
    assert carts(acme) == {4: 1, 5: 1}


def test_it_attributes_an_order_to_the_list_that_filled_the_cart(acme):
    direct = identity.make(5)
    event(acme, "cart", product="c", session_id="t", recommendation_id=direct, at=NOON - timedelta(hours=1))
    order(acme, "o-1", ["c"], session="t")
    tracking.roll_up(acme)
    assert list(acme.attributions.values_list("recommendation_id", "version")) == [(direct, 5)]


def test_it_counts_all_days_again_when_the_shop_changes_its_window(acme):
    """The window is the shop's own; its figures are never of two windows."""
    event(acme, "click", recommendation_id=identity.make(3), product="a", session_id="s", at=NOON - timedelta(hours=30))
    order(acme, "o-1", ["a"], session="s")
    tracking.roll_up(acme)
    assert acme.attributions.count() == 0
    acme.attribution_hours = 48
    acme.save(update_fields=["attribution_hours"])
    assert tracking.fan_out() == 1
    work.run_due(tasks={tracking.TASK})
    assert acme.attributions.count() == 1
    acme.attribution_hours = 2
    acme.save(update_fields=["attribution_hours"])
    tracking.roll_up(acme)
    assert acme.attributions.count() == 0
    assert acme.daily_performance.filter(orders__gt=0).count() == 0


def test_it_sums_lists_from_shown_to_bought_by_version_and_placement(acme):
    """R33: what the pages of versions read."""
    shown = [identity.make(3) for _ in range(3)]
    for name in shown:
        event(acme, "impression", recommendation_id=name, product="a", placement="home")
    event(acme, "click", recommendation_id=shown[0], product="a", session_id="s", placement="home")
    event(acme, "cart", product="a", session_id="s")
    order(acme, "o-1", ["a"], session="s", at=NOON + timedelta(hours=1))
    order(acme, "o-2", ["a"], session="s", at=NOON + timedelta(hours=2), currency="USD")
    tracking.roll_up(acme)
    found = performance.by_version(acme, first=DAY, last=DAY)[3]
    assert (found.shown, found.clicked, found.carted, found.orders, found.revenue) == (3, 1, 1, 2, Decimal("10.00"))
    assert found.hits("ctr") == (1, 3) and found.hits("conversion") == (1, 1)
    assert performance.by_version_and_placement(acme, first=DAY, last=DAY) == [(3, "home", found)]
