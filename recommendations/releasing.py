"""Watching releases: what a shadow would list, what both versions did, and the word of the guardrails."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from modelregistry import damages, releases
from modelregistry.artifacts import ArtifactError
from modelregistry.guardrails import Sample
from modelregistry.models import Release, ShadowList
from recommendations import answers, canary_faults, candidates, explaining, queries, releasing_sql
from recommendations.algorithms.bundle import BundleDamaged
from recommendations.candidates import Shop
from recommendations.models import ServedList
from tenants import work
from tenants.models import Tenant

TASK = "recommendations.watch_releases"
A_LOOK = 40  # lists that a shadow is asked for in one look, a minute apart
SECONDS = 15.0  # of one look at most
BEFORE = timedelta(days=7)  # of the old version, once the new one serves everybody


def fan_out() -> int:
    """Makes a look due for every shop with a release under way; how many there are."""
    rows = Release.objects.across_tenants().filter(state__in=Release.OPEN).select_related("tenant")
    for release in rows:
        work.enqueue(release.tenant, TASK, key="release")
    return len(rows)


def watch(tenant: Tenant) -> list[dict[str, Any]]:
    """One look at the shop's release: shadow lists, figures, judgement. → what was broken"""
    release = releases.of(tenant)
    if release is None:
        return []
    damage = ""
    if release.state == Release.State.SHADOW:
        damage = shadow(tenant, release)
    new, old = samples(tenant, release, damage or _damage(tenant, release))
    before = (release.state, release.step)
    found = releases.judge(release, new, old)
    if found or (release.state, release.step) != before:
        canary_faults.forget(tenant.pk)
    return found


def shadow(tenant: Tenant, release: Release) -> str:
    """Asks the shadow for the newest answered lists, as of their moment. → why it cannot be loaded, if so"""
    try:
        other = candidates.with_version(tenant, release.version.number, None)
    except (ArtifactError, BundleDamaged, OSError) as error:
        damages.note(tenant, release.version, error, in_service=False)
        return str(error)[:200]
    done = release.shadow_lists.values("recommendation_id")
    rows = tenant.served_lists.filter(at__gte=release.stage_at, is_test=False).exclude(recommendation_id__in=done)
    until, made = time.monotonic() + SECONDS, []
    for row in rows.order_by("-at")[:A_LOOK]:
        made.append(_asked(tenant, release, row, other))
        if time.monotonic() > until:
            break
    ShadowList.unscoped.using(tenant.alias).bulk_create(made, ignore_conflicts=True)
    return ""


def _asked(tenant: Tenant, release: Release, row: ServedList, other: Shop) -> ShadowList:
    """One answered list again, by the version in service and by the shadow, both timed here."""
    made = ShadowList(tenant=tenant, release=release, recommendation_id=row.recommendation_id, at=row.at)
    try:
        made.usual_seconds, _ = _timed(tenant, row, None)
        made.seconds, answer = _timed(tenant, row, other)
    except Exception as error:  # noqa: BLE001  (whatever a shadow does is a figure, and disturbs nobody)
        made.error = f"{type(error).__name__}: {error}"[:200]
        return made
    made.products = [item["product_id"] for item in answer["items"]]
    made.scores = [float(item["score"] or 0.0) for item in answer["items"]]
    made.fell_back = answer["fallback_used"]
    made.overlap = len(set(made.products) & set(row.products)) / len(row.products) if row.products else None
    return made


def _timed(tenant: Tenant, row: ServedList, shop: Shop | None) -> tuple[float, dict[str, Any]]:
    query = queries.parse(row.facts["query"])
    acts = [(product, kind, moment) for product, kind, moment in row.facts["history"]]
    started = time.perf_counter()
    served = explaining.serve(tenant, query, acts=acts, moment=row.facts["moment"], shop=shop)
    return time.perf_counter() - started, answers.one(served, "")


def samples(tenant: Tenant, release: Release, damage: str = "") -> tuple[Sample, Sample]:
    """The figures of the new version and of the old one in this stage."""
    new, old = release.version.number, release.baseline.number
    now = timezone.now()
    if release.state == Release.State.SHADOW:
        return _shadows(tenant, release, damage)
    since, until = release.stage_at, now
    if release.state == Release.State.FULL:
        since, until = release.stage_at - BEFORE, release.stage_at
    many = min(_lists(tenant, new, release.stage_at, now), _lists(tenant, old, since, until), 2_000)
    faults = canary_faults.count(tenant.pk, new) if release.state == Release.State.CANARY else 0
    return (
        _sample(tenant, new, release.stage_at, now, many, errors=faults, damage=damage),
        _sample(tenant, old, since, until, many),
    )


def _lists(tenant: Tenant, version: int, since: datetime, until: datetime) -> int:
    rows = tenant.served_lists.filter(version=version, at__gte=since, at__lt=until, is_test=False)
    return rows.count()


def _sample(
    tenant: Tenant, version: int, since: datetime, until: datetime, many: int, *, errors: int = 0, damage: str = ""
) -> Sample:
    values = {"tenant": tenant.pk, "version": version, "since": since, "until": until, "many": many}
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(releasing_sql.LISTS, values)
        lists, fallbacks, p95, listed = cursor.fetchone()
        cursor.execute(releasing_sql.TOUCHES, values)
        shown, clicked, converted = cursor.fetchone()
    return Sample(lists, errors, fallbacks, p95, shown, min(clicked, shown), min(converted, clicked), listed, many,
                  damage)  # fmt: skip


def _shadows(tenant: Tenant, release: Release, damage: str) -> tuple[Sample, Sample]:
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(releasing_sql.SHADOWS, {"tenant": tenant.pk, "release": release.pk, "since": release.stage_at})
        lists, errors, fallbacks, p95, listed, usual_p95, usual_fallbacks, usual_listed = cursor.fetchone()
    return (
        Sample(lists, errors, fallbacks, p95, listed=listed, of_lists=lists, damage=damage),
        Sample(lists, 0, usual_fallbacks, usual_p95, listed=usual_listed, of_lists=lists),
    )


def _damage(tenant: Tenant, release: Release) -> str:
    """What serving noted of the version's files since the stage began."""
    subject = f"version {release.version.number}"
    found = tenant.occurrences.filter(kind=damages.KIND, subject=subject, happened_at__gte=release.stage_at).first()
    return str(found.facts.get("reason", "it was found damaged"))[:200] if found else ""
