"""Metrics of versions as a time series: recorded once per window, read back by version."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from modelregistry.models import ModelMetrics, ModelVersion
from tenants.models import Tenant

OFFLINE, ONLINE = ModelMetrics.Source.OFFLINE, ModelMetrics.Source.ONLINE
_KEY = ["tenant", "version", "source", "metric", "window_from", "window_until"]
_VALUES = ["value", "low", "high", "sample_size", "facts", "measured_at"]


def record(
    version: ModelVersion,
    metric: str,
    *,
    value: float,
    sample_size: int,
    window: tuple[datetime, datetime],
    source: str,
    interval: tuple[float | None, float | None] = (None, None),
    facts: dict[str, Any] | None = None,
) -> None:
    """Keeps one value; the same metric of the same window is replaced."""
    row = ModelMetrics(
        tenant_id=version.tenant_id, version=version, metric=metric, source=source, value=value, low=interval[0],
        high=interval[1], sample_size=sample_size, window_from=window[0], window_until=window[1],
        facts=facts or {}, measured_at=timezone.now(),
    )  # fmt: skip
    ModelMetrics.unscoped.using(version.tenant.alias).bulk_create(
        [row], update_conflicts=True, unique_fields=_KEY, update_fields=_VALUES
    )


def keep_offline(tenant: Tenant) -> int:
    """Puts the offline metrics of versions that have no rows yet into the series; how many versions that were."""
    known = tenant.model_metrics.filter(source=OFFLINE).values("version_id")
    missing = list(tenant.model_versions.exclude(pk__in=known).exclude(metrics={}))
    for version in missing:
        window = (version.data_from or version.created_at, version.data_until or version.created_at)
        tested = version.metrics.get("tested")
        for name, value in version.metrics.items():
            if "@" not in name or name.endswith(("_low", "_high")) or not isinstance(value, int | float):
                continue
            interval = (version.metrics.get(f"{name}_low"), version.metrics.get(f"{name}_high"))
            record(
                version, name, value=value, sample_size=tested if isinstance(tested, int) else 0, window=window,
                source=OFFLINE, interval=interval,
            )  # fmt: skip
    return len(missing)


def series(tenant: Tenant, metric: str, *, since: datetime) -> list[ModelMetrics]:
    """Online values of one metric, in the order of their windows."""
    rows = tenant.model_metrics.filter(source=ONLINE, metric=metric, window_until__gt=since)
    return list(rows.select_related("version"))


def latest(version: ModelVersion, metric: str) -> ModelMetrics | None:
    """The newest online value of one metric of a version."""
    return version.measured.filter(source=ONLINE, metric=metric).order_by("-window_until").first()
