"""Makes the demo: shops, people, keys, history, models and replayed traffic; each step once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from django.conf import settings
from django.utils import timezone

from demo import cast, dataset, experimenting, finishing, isolating, keys, opening, people, replay
from demo.finishing import Failed
from recommendations import importing, training
from recommendations.models import TrainingRun
from tenants import audit
from tenants.models import Tenant

REPLAY_DAYS = 28
_WAIT_SECONDS = 600
Say = Callable[[str], None]


@dataclass(slots=True)
class Size:
    """How much is loaded and replayed."""

    most_customers: int | None = None  # of a shop that is not young; None = all, and the guests
    most_baskets: int = 1500  # replayed in one shop; above it a fixed sample, the rest comes in by import


FULL = Size()
QUICK = Size(most_customers=40, most_baskets=15)


@dataclass(slots=True)
class Seeding:
    """One run over all shops. `drive` does waiting background work when no worker is there to do it."""

    base_url: str
    say: Say
    size: Size = field(default_factory=Size)
    drive: Callable[[], Any] | None = None
    shops: tuple[cast.Shop, ...] = cast.SHOPS
    tenants: dict[str, Tenant] = field(default_factory=dict)
    data: dict[str, dataset.Shop] = field(default_factory=dict)
    moved: timedelta = timedelta()
    began: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """All steps, in order; what stands already is left as it is."""
        self.open()
        missing = [shop for shop in self.shops if not self.done(shop, "demo.ready")]
        if not missing:
            self.note("All shops are loaded, trained and replayed already.")
            return
        self.read(missing)
        for shop in missing:
            self.load(shop)
            self.isolate(shop)
        self.train(missing, mark="demo.trained")
        for shop in missing:
            experimenting.begin_holdout(self.tenants[shop.slug], at=self.replay_from)
            self.replay(shop, until=self.turn, mark="demo.replayed_first")
        self.train(missing, mark="demo.trained_again")
        for shop in missing:
            experimenting.begin_test(self.tenants[shop.slug], at=self.turn)
            self.replay(shop, since=self.turn, mark="demo.replayed")
        young = [shop for shop in missing if not self.tenants[shop.slug].model_versions.exists()]
        self.train(young, mark="demo.trained_young")
        for shop in missing:
            finishing.decide(self, shop)
            finishing.batch(self, shop)
        finishing.settle(self, missing)
        finishing.trouble(self, missing[0])
        for shop in missing:
            self.mark(shop, "demo.ready")

    # --- Shops, people, keys -------------------------------------------------------------------
    def open(self) -> None:
        self.tenants, new = opening.open_shops(self.shops)
        self.moved = self.shift()
        for shop in self.shops:
            opening.furnish(self.tenants[shop.slug], shop, base_url=self.base_url)
        self.note(f"{len(self.shops)} shops are open ({new} of them new), with people and keys")

    def shift(self) -> timedelta:
        """The days by which the data are moved: what the first run chose, so that all runs agree."""
        for shop in self.shops:
            entry = self.entry(shop, "demo.dated")
            if entry:
                return timedelta(days=entry.details["moved_days"])
        moved = dataset.shift(timezone.now())
        self.mark(self.shops[0], "demo.dated", moved_days=moved.days)
        return moved

    # --- History -------------------------------------------------------------------------------
    def read(self, shops: list[cast.Shop]) -> None:
        for shop in shops:
            self.data[shop.slug] = dataset.shop(
                shop.country,
                moved=self.moved,
                keep_last=shop.keep_last,
                most_customers=None if shop.keep_last else self.size.most_customers,
            )
        self.note("Read the lines of Online Retail")

    @property
    def replay_from(self) -> datetime:
        end = dataset.last_order_at() + self.moved
        return end.replace(tzinfo=dataset.CLOCK).astimezone(UTC) - timedelta(days=REPLAY_DAYS)

    @property
    def turn(self) -> datetime:
        """In the middle of the replay a second version takes over, so that two of them have figures."""
        return self.replay_from + timedelta(days=REPLAY_DAYS / 2)

    def load(self, shop: cast.Shop) -> None:
        """Catalogue, customers, and the orders that were placed before the replay begins."""
        if self.done(shop, "demo.loaded"):
            return
        tenant, rows = self.tenants[shop.slug], self.data[shop.slug]
        address = f"{self.base_url}/shop/{shop.slug}/products/"
        self.take(shop, "products", rows.products.assign(url=[address + name for name in rows.products["id"]]))
        self.take(shop, "customers", rows.customers)
        old = rows.orders(until=self.replay_from)
        if len(old):
            self.take(shop, "orders", old)
        self.mark(shop, "demo.loaded")
        self.note(f"{tenant.name}: {len(rows.products):,} products, {old['id'].nunique():,} orders of {shop.country}")

    def take(self, shop: cast.Shop, kind: str, frame: pd.DataFrame) -> None:
        found = importing.load(self.tenants[shop.slug], kind, frame)
        if found.refused:
            raise Failed(f"{shop.name}: {found.refused} {kind} were refused, first: {found.problems[:1]}")

    # --- Models --------------------------------------------------------------------------------
    def train(self, shops: list[cast.Shop], *, mark: str) -> None:
        """Trains every shop that has enough orders, side by side, and waits for all."""
        runs: dict[str, int] = {}
        for shop in shops:
            tenant = self.tenants[shop.slug]
            if self.done(shop, mark) or tenant.orders.countable().count() < settings.COLD_START_ORDERS:
                continue
            runs[shop.slug] = self.begin(shop).pk
        for shop in shops:
            if shop.slug in runs:
                run = self.wait(shop, runs[shop.slug])
                self.mark(shop, mark, run=run.pk)
                self.note(f"{shop.name}: {run.outcome}")
                if said := isolating.told(self.tenants[shop.slug]):
                    self.note(f"{shop.name}: its isolated model: {said}")

    def begin(self, shop: cast.Shop) -> TrainingRun:
        """Asks for a training; where an isolated model was approved, a worker asks for it."""
        tenant, promised = self.tenants[shop.slug], isolating.is_promised(self.tenants[shop.slug])
        deadline = time.monotonic() + _WAIT_SECONDS
        while isolating.is_promised(tenant):
            if self.drive:
                self.drive()
            if time.monotonic() > deadline:
                raise Failed(f"{shop.name}: the training of its own model did not begin. Is a worker running?")
            time.sleep(0.25)
        run = tenant.training_runs.first() if promised else training.under_way(tenant)
        return run or training.request(tenant, reason="demo", by=None)

    def wait(self, shop: cast.Shop, run_id: int) -> TrainingRun:
        deadline, said = time.monotonic() + _WAIT_SECONDS, ""
        while True:
            if self.drive:
                self.drive()
            run = self.tenants[shop.slug].training_runs.get(pk=run_id)
            if run.state == TrainingRun.State.SUCCEEDED:
                return run
            if run.state == TrainingRun.State.FAILED:
                raise Failed(f"{shop.name}: the training failed: {run.error}")
            if time.monotonic() > deadline:
                raise Failed(f"{shop.name}: the training did not end. Is a worker running?")
            if run.step and run.step != said:
                said = run.step
                self.note(f"{shop.name}: {run.progress:4.0%} {run.step}")
            time.sleep(0.25)

    # --- Traffic -------------------------------------------------------------------------------
    def replay(
        self, shop: cast.Shop, *, mark: str, since: datetime | None = None, until: datetime | None = None
    ) -> None:
        """The last days again, as shoppers: lists asked for, shown, clicked where bought, ordered."""
        if self.done(shop, mark):
            return
        chosen = self.sample(self.data[shop.slug].orders(since=self.replay_from))
        lines = self.data[shop.slug].orders(since=since or self.replay_from, until=until)
        found = replay.run(
            replay.baskets(lines[lines["id"].isin(chosen)]),
            base_url=self.base_url,
            secret=keys.read()[shop.slug].secret,
        )
        rest = lines[~lines["id"].isin(chosen)]
        if len(rest):
            self.take(shop, "orders", rest)
        self.mark(shop, mark, baskets=found.baskets, clicks=found.clicks, clicked=found.clicked)
        told = f"{shop.name}: replayed {found.baskets:,} baskets through the API, {found.clicked:,} of them with clicks"
        self.note(told + (f", imported {rest['id'].nunique():,} more" if len(rest) else ""))

    def sample(self, lines: pd.DataFrame) -> set[str]:
        """Orders to replay: all, or as many as asked, always the same ones. None larger than the API takes."""
        sizes = lines.groupby("id", sort=True).size()
        ids = sizes[sizes <= replay.MOST_LINES].index.to_series()
        if len(ids) > self.size.most_baskets:
            ids = ids.sample(self.size.most_baskets, random_state=28)
        return set(ids)

    def isolate(self, shop: cast.Shop) -> None:
        """Where plan and orders allow an isolated model: asked for and approved. The first training makes it, so that
        it has nothing to be held against and serves; the second one must not be worse."""
        if self.done(shop, "demo.isolation"):
            return
        tenant = self.tenants[shop.slug]
        row = isolating.ask(tenant, owner=people.owner(shop))
        if row is not None:
            isolating.approve(tenant, operator=people.operator())
            self.note(f"{shop.name}: asked for an isolated model, and the operator approved it")
        self.mark(shop, "demo.isolation", asked=row is not None)

    # --- Marks ---------------------------------------------------------------------------------
    def entry(self, shop: cast.Shop, action: str) -> Any:
        return self.tenants[shop.slug].audit_entries.filter(action=action).first()

    def done(self, shop: cast.Shop, action: str) -> bool:
        return self.entry(shop, action) is not None

    def mark(self, shop: cast.Shop, action: str, **details: Any) -> None:
        audit.record(self.tenants[shop.slug], action, by="demo", details=details)

    def note(self, text: str) -> None:
        self.say(f"  {time.monotonic() - self.began:6.1f} s  {text}")
