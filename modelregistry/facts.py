"""What pages say about versions: the place in history, the algorithm and the metrics, in words."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from luxebrain.lib import charts, markup
from modelregistry import labels, versions
from modelregistry.models import AliasMove, ModelVersion
from tenants.models import Plan, Tenant

CHARTED = 24
# Daily training runs hourly checks; a model this old has missed one.
STALE_DAILY = timedelta(hours=36)
STALE_OTHERWISE = timedelta(days=30)


@dataclass(frozen=True)
class Fact:
    """One version as a row or a card shows it."""

    version: ModelVersion
    state: str
    tone: str
    is_champion: bool
    can_serve: bool

    @property
    def algorithm(self) -> str:
        return labels.algorithm(self.version.algorithm)

    @property
    def metrics(self) -> dict[str, Any]:
        return {key.partition("@")[0]: self.version.metrics.get(key) for key, _, _ in labels.METRICS}

    @property
    def author(self) -> str:
        return str(self.version.created_by or "Automatic")


@dataclass(frozen=True)
class Places:
    """Which of a shop's versions serves, served last, and ever served."""

    champion: ModelVersion | None
    previous: ModelVersion | None
    served: frozenset[int]

    def fact(self, version: ModelVersion) -> Fact:
        is_champion = version == self.champion
        ready = version.state == ModelVersion.State.READY
        if is_champion:
            state, tone = "In service", "accent"
        elif not ready:
            state, tone = version.get_state_display(), "bad" if version.state == "failed" else "neutral"
        elif version == self.previous:
            state, tone = "Previous", "neutral"
        elif version.pk in self.served:
            state, tone = "Earlier", "neutral"
        else:
            state, tone = "Kept aside", "warning"
        return Fact(version, state, tone, is_champion, ready and not is_champion)


def places(tenant: Tenant) -> Places:
    moves = tenant.alias_moves.filter(model=settings.MODEL_NAME)
    return Places(
        champion=versions.champion(tenant),
        previous=versions.previous(tenant),
        served=frozenset(moves.values_list("version_id", flat=True)),
    )


def tiles(version: ModelVersion, before: ModelVersion | None) -> list[dict[str, Any]]:
    """The three metrics with their change against the version before."""
    found = []
    for key, label, text in labels.METRICS:
        value = version.metrics.get(key)
        earlier = before.metrics.get(key) if before else None
        share = key.startswith("coverage")
        change = markup.change(value, earlier, points=share)
        found.append(
            {
                "label": label,
                "value": markup.percent(value) if share else markup.number(value, 3),
                "help": text,
                "change": change,
                "note": f"vs {before}" if change else "",
                "missing": "" if value is not None else "too few returning customers to test on",
            }
        )
    return found


def chart(tenant: Tenant) -> charts.Chart | None:
    """NDCG@10 of the latest versions; None until two can be compared."""
    rows = list(tenant.model_versions.filter(model=settings.MODEL_NAME).order_by("-number")[:CHARTED])[::-1]
    values = [row.metrics.get("ndcg@10") for row in rows]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    return charts.line(
        [charts.Series("NDCG@10", values)],
        [str(row) for row in rows],
        sentence=f"NDCG@10 over versions: from {known[0]:.3f} to {known[-1]:.3f}.",
        text=lambda value: f"{value:.3f}",
        x_name="Version",
        height=180,
    )


def by_whom(move: AliasMove) -> str:
    """Who changed what serves, and when, for the message after it."""
    return f"By {move.moved_by or 'a program'}, {markup.exact(move.moved_at)}."


def is_stale(version: ModelVersion, plan: Plan) -> bool:
    """Older than the plan's rhythm of training lets expect."""
    age = timezone.now() - version.created_at
    return age > (STALE_DAILY if plan.trains_daily else STALE_OTHERWISE)
