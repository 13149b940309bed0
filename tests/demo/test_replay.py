"""The replay's order of things: who is asked before whose order."""

from datetime import timedelta

from demo import dataset, replay


def test_it_keeps_time_order_and_never_puts_a_customer_twice_into_one_chunk() -> None:
    shop = dataset.shop("Germany", moved=timedelta())
    found = replay.baskets(shop.lines)
    assert len(found) == shop.lines["id"].nunique()
    assert [basket.ordered_at for basket in found] == sorted(basket.ordered_at for basket in found)
    chunks = list(replay.chunks(found))
    assert [basket for chunk in chunks for basket in chunk] == found
    for chunk in chunks:
        known = [basket.customer for basket in chunk if basket.customer]
        assert len(known) == len(set(known))
        assert len(chunk) <= replay.CHUNK


def test_it_sends_every_line_of_an_order() -> None:
    shop = dataset.shop("Portugal", moved=timedelta(), keep_last=10)
    found = replay.baskets(shop.lines)
    assert sum(len(basket.order["lines"]) for basket in found) == len(shop.lines)
    assert {basket.order["status"] for basket in found} == {"completed", "cancelled"}


def test_it_knows_a_guest_by_a_session_of_that_order_only() -> None:
    shop = dataset.shop("France", moved=timedelta())
    guest = next(basket for basket in replay.baskets(shop.lines) if not basket.customer)
    assert guest.who == {"session_id": f"guest-{guest.order['id']}"}
    assert guest.order["session_id"] == f"guest-{guest.order['id']}"
