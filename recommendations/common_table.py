"""The shared model's table: summed by the operators' role from the words of shops, used by each shop's training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import F

from luxebrain.lib import logs
from modelregistry import artefact_places, artifacts, store
from modelregistry.isolation import TenantModelIsolation
from modelregistry.models import IsolationRequest
from recommendations import common_votes
from recommendations.algorithms.common import Common, Together
from recommendations.algorithms.voices import Agreed, Voice
from recommendations.datasets import Dataset
from recommendations.evaluation.selection import TrainingResult
from recommendations.models import CommonTable, ShopVotes
from tenants.models import Tenant

MODEL = "common"
KEPT = 3  # tables whose files stay: a training may be reading one
SOMEBODY = 0  # no shop has this id: stands for every other one
Parts = Sequence[dict[str, Any]]

log = logs.get(__name__)


def combine(renew: Callable[[], None] = lambda: None) -> CommonTable:
    """Publishes what the shops that give say now; the newest table holds from then on.

    Reads nothing but their words. Each is marked first with what of it is counted and in which table, so that its
    own training can take it out again.
    """
    newest = CommonTable.objects.using("ops").first()
    number = newest.number + 1 if newest is not None else 1
    isolated = IsolationRequest.objects.across_tenants().filter(state__in=IsolationRequest.HELD).values("tenant_id")
    rows = ShopVotes.objects.across_tenants().filter(
        tenant__takes_part=True, tenant__is_demo=False, tenant__state=Tenant.State.ACTIVE
    )
    rows.exclude(tenant_id__in=isolated).update(counted=F("content"), counted_in=number)
    counted = ShopVotes.objects.across_tenants().filter(counted_in=number).order_by("pk")

    def voices() -> Iterator[Voice]:
        for content in counted.values_list("counted", flat=True).iterator(chunk_size=20):
            renew()
            yield common_votes.unpacked(content)

    table = Agreed.of(voices)
    saved = _saved(table, number)
    made = CommonTable.objects.using("ops").create(
        number=saved.version, place=saved.place, digest=saved.digest, size_bytes=saved.size_bytes,
        shops=table.shops, pairs=len(table.kinds.first) + len(table.titles.first),
    )
    _let_go()
    return made


def _saved(table: Agreed, number: int) -> artifacts.Saved:
    content: dict[str, Any] = {"arrays": table.arrays(), "manifest": {"shops": table.shops}}
    try:
        return store.save(tenant=None, model=MODEL, version=number, **content)
    except artifacts.ArtifactExists:  # of a combining that stopped before its row: no row names it
        home = artefact_places.home_of(tenant=None, model=MODEL)
        for place in store.places(home):
            if artefact_places.number_in(place) == number:
                store.discard(place)
        return store.save(tenant=None, model=MODEL, version=number, **content)


def _let_go() -> None:
    for old in CommonTable.objects.using("ops").all()[KEPT:]:
        store.discard(old.place)
        old.delete()


def beside(tenant: Tenant, dataset: Dataset) -> Dataset:
    """The dataset with what the other shops say, where there is any; the shop's own word is taken out of it."""
    common = _common(tenant, dataset) if dataset.tokens is not None else None
    return dataset if common is None else replace(dataset, features=replace(dataset.features, common=common))


def _common(tenant: Tenant, dataset: Dataset) -> Common | None:
    newest = CommonTable.objects.using(tenant.alias).first()
    row: ShopVotes | None = tenant.shop_votes.first()
    if newest is None or (row is not None and row.counted_in > newest.number):  # the next one is being made
        return None
    try:
        table = Agreed.from_arrays(store.load(newest.place, tenant=None, digest=newest.digest).arrays)
    except (artifacts.ArtifactError, KeyError) as error:
        log.warning("common.not_loaded", place=newest.place, reason=str(error))
        return None
    if row is not None and row.counted_in == newest.number:
        table = table.without(common_votes.unpacked(row.counted))
    own, others = TenantModelIsolation(tenant).filter_training_data([tenant.pk, SOMEBODY]).tolist()
    assert dataset.tokens is not None
    common = Common(table.kinds, dataset.tokens, own=own, others=others, titles=table.titles)
    return common if common.is_enough() else None


def fitting(recipe: Parts | None, dataset: Dataset) -> Parts | None:
    """The recipe without what others say, where this training must not use it."""
    if recipe is None or dataset.features.common is not None:
        return recipe
    return [part for part in recipe if part["name"] != Together.name] or None


def counts(dataset: Dataset, result: TrainingResult) -> dict[str, int]:
    """The dataset's counts, with "shops" where the version learnt from so many others."""
    common = dataset.features.common
    if common is None:
        return dataset.counts
    parts = result.bundle.parts[result.chosen].params.get("parts", ())
    used = any(part["name"] == Together.name for part in parts)
    return dataset.counts | ({"shops": common.table.shops} if used else {})
