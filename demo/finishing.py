"""What a demo shop is given once its history is replayed: placements and rules, batch jobs, figures, trouble."""

import time
from typing import TYPE_CHECKING

from demo import batching, cast, deciding, experimenting, keys, people, troubling
from tenants import work

if TYPE_CHECKING:
    from demo.seeding import Seeding


class Failed(RuntimeError):
    """A step of the seeding did not end as it should."""


def decide(seeding: "Seeding", shop: cast.Shop) -> None:
    """Placements and rules; after the replay, whose lists are the model's alone."""
    if seeding.done(shop, "demo.decided"):
        return
    owner = cast.owner_of(shop).email
    made = deciding.decide(base_url=seeding.base_url, secret=keys.read()[shop.slug].secret, owner=owner)
    seeding.mark(shop, "demo.decided", made=made)
    seeding.note(f"{shop.name}: made {made} placements and rules")


def batch(seeding: "Seeding", shop: cast.Shop) -> None:
    """Batch jobs in several states; the workers do them while the rest goes on."""
    tenant = seeding.tenants[shop.slug]
    if seeding.done(shop, "demo.batched") or not tenant.model_versions.exists():
        return
    made = batching.ask(tenant, owner=people.owner(shop))
    seeding.mark(shop, "demo.batched", made=made)
    if made:
        seeding.note(f"{shop.name}: asked for or planned {made} batch jobs")


def settle(seeding: "Seeding", shops: list[cast.Shop]) -> None:
    """Waits until what was sent stands in the tables, then has the daily figures made."""
    deadline = time.monotonic() + 60
    work.enqueue(None, "recommendations.drain_events", key="demo")
    while any(seeding.tenants[shop.slug].event_batches.exists() for shop in shops):
        if seeding.drive:
            seeding.drive()
        if time.monotonic() > deadline:
            raise Failed("The events sent did not reach the tables. Are relay, worker and beat running?")
        time.sleep(0.25)
    for shop in shops:
        work.enqueue(seeding.tenants[shop.slug], "recommendations.roll_up", key="roll_up")
        experimenting.count_holdout(seeding.tenants[shop.slug])
        experimenting.end_test(seeding.tenants[shop.slug])
        # After the roll-up, whose figures it reads; with the beat it would come in the night.
        work.enqueue(seeding.tenants[shop.slug], "recommendations.measure_models", key="measure", delay_seconds=20)
    if seeding.drive:
        seeding.drive()
    seeding.note("All events are in the tables; the daily figures are being made")


def trouble(seeding: "Seeding", shop: cast.Shop) -> None:
    """Something for the inbox of anomalies, beside what the replay's own pace raises."""
    if seeding.done(shop, "demo.troubled"):
        return
    known = keys.read()[shop.slug]
    refused = troubling.trouble(base_url=seeding.base_url, publishable=known.publishable, origin=known.origins[0])
    seeding.mark(shop, "demo.troubled", refused=refused)
    seeding.note(f"{shop.name}: {refused} calls with the wrong key were refused")
