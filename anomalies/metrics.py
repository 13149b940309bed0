"""Metrics: what is watched, by which engine, how it is named and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from luxebrain.lib import figures

BUCKET_SECONDS = 300

Text = Callable[[Any], str]


@dataclass(frozen=True)
class Metric:
    """One thing that can go wrong.

    kind     limit (fixed), count, real or rare (learned, by that engine), occurrence (somebody below recorded it)
    sides    directions in which it is an anomaly
    titles   side → what happened, in plain words
    advice   what to do, in a sentence or two; `falls`: where something else is to be done when it falls
    per      what a value is counted over ("5 min")
    starts   "once": a stream begins with the first thing that happens; "now": nothing is a fact from the start
    link     where its likely cause is looked at: a route of the tenant's panel
    """

    name: str
    label: str
    kind: str
    titles: dict[str, str]
    advice: str
    unit: str = ""
    per: str = ""
    link: str = ""
    text: Text = field(default=figures.number)
    security: bool = False
    starts: str = "once"
    falls: str = ""
    lasting: bool = False  # one event, not a level: it is not over because the next minutes are quiet
    still_days: int = 1  # so long without another sign, and what lasts is over

    @property
    def sides(self) -> tuple[str, ...]:
        return tuple(self.titles)

    def advice_of(self, side: str) -> str:
        return self.falls if side == "down" and self.falls else self.advice

    @property
    def is_stream(self) -> bool:
        return self.kind in ("count", "real", "rare")


def _seconds(value: Any) -> str:
    return "—" if value is None else f"{float(value) * 1000:,.0f} ms"


def _hours(value: Any) -> str:
    return "—" if value is None else f"{float(value):,.1f} h"


def _share(value: Any) -> str:
    return figures.percent(value, 2)


def _three(value: Any) -> str:
    return figures.number(value, 3)


def _limit(name: str, label: str, title: str, advice: str, **more: Any) -> Metric:
    return Metric(name, label, "limit", {"up": title}, advice, **more)


def _occurrence(name: str, label: str, title: str, advice: str, **more: Any) -> Metric:
    """One that goes on until another occurrence ends it has more `still_days` than that can take."""
    return Metric(name, label, "occurrence", {"up": title}, advice, lasting=True, **more)


_LOOK_KEYS = (
    "Look at the key behind it. If it is not yours, revoke it. If it is, throttle it, or say that it is expected."
)
ALL: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        # --- The five fixed rules of the specification (activity at night only raises the severity) ---------------
        _limit("api_rate", "API rate", "API rate above the limit", _LOOK_KEYS, unit="calls", per="minute",
               link="api-keys"),
        _limit("failed_auth", "Failed sign-ins", "Failed sign-ins", "Check whether the person or the key is yours. "
               "Revoke a key that leaked, and ask the person to change the password.", unit="refusals", per="5 min",
               link="api-keys", security=True, lasting=True),
        _limit("large_order", "Order value", "Unusually large order", "Check the order in the shop before it is "
               "shipped. If it is real, resolve this as expected.", link="orders", lasting=True),
        _limit("rapid_orders", "Orders in quick succession", "Many orders within minutes", "Look for one customer or "
               "one address behind them: a test run, a stuck till, or card testing.", unit="orders", per="5 min",
               link="orders"),
        # --- Learned baselines ------------------------------------------------------------------------------------
        Metric("requests", "API calls", "count",
               {"up": "API rate above baseline", "down": "API calls dropped"},
               "See which key and endpoint it is. If the key is not yours, revoke it; if it is, throttle it, or say "
               "that it is expected.", unit="calls", per="5 min", link="usage",
               falls="The shop's site asks for less than usual: see whether its pages still load our lists, and "
               "whether the key still works."),
        Metric("errors", "Error rate", "count", {"up": "More errors than usual"},
               "Open the errors of this hour; if a deployment or a model came before, roll it back.",
               unit="errors", per="5 min"),
        Metric("latency", "Response time (p95)", "real", {"up": "Answers are slow"},
               "See what changed: a new model, larger lists, or load on the machine.", text=_seconds),
        Metric("orders", "Orders", "count", {"up": "More orders than usual", "down": "Orders dropped"},
               "See whether a sale or a newsletter brings them: then say that it is expected. If not, look for one "
               "customer behind them, or an import that sent old orders again.",
               unit="orders", per="5 min", link="orders",
               falls="Check whether the shop still sells and still sends: its checkout, and the log of deliveries."),
        Metric("order_value", "Order value (median)", "real", {"up": "Orders are larger than usual",
               "down": "Orders are smaller than usual"}, "Check prices and currency in the newest import.",
               link="orders"),
        Metric("events", "Events", "count", {"up": "More events than usual", "down": "Events dropped"},
               "See whether the shop has so many visitors. If not, the tag may send each event more than once.",
               unit="events", per="5 min", link="readiness",
               falls="Check the tag on the shop's pages: without events recommendations grow stale."),
        Metric("refusals", "Failed authentications", "count", {"up": "More failed authentications than usual"},
               "See which key or address is refused.", unit="refusals", per="5 min", link="api-keys", security=True),
        Metric("webhook_rejections", "Rejected webhooks", "count", {"up": "Webhook deliveries are rejected"},
               "Open the log of deliveries: each says why it was refused.", unit="rejected", per="5 min",
               link="deliveries"),
        Metric("webhook_forgeries", "Forged webhooks", "count", {"up": "Webhooks with a wrong signature"},
               "If the secret was changed in the shop's system, enter the new one here. If it was not, somebody else "
               "sends to this address: make a new address and close this one.", unit="refused", per="5 min",
               link="endpoints", security=True, starts="now"),
        Metric("clicks", "Click-through rate", "count",
               {"up": "More clicks than usual", "down": "Fewer clicks on recommendations"},
               "See what drew them: a campaign, a new place of the list. Clicks without orders may be a robot.",
               unit="clicks", per="5 min", link="models",
               falls="Compare the model versions; if the drop follows an activation, roll it back."),
        Metric("quality_online", "Model quality in the shop", "rare", {"down": "The model's lists are clicked less"},
               "Compare the version with the one before; roll back if it follows an activation. If not, see what "
               "changed on the pages and in the catalogue.", unit="of lists, a day", link="models", text=_share),
        Metric("quality_offline", "Model quality in the test", "rare", {"down": "A training reached less than usual"},
               "See whether events and orders still come complete: a model is as good as what it learns from.",
               unit="NDCG@10", link="readiness", text=_three),
        Metric("fallbacks", "Fallback share", "count", {"up": "More lists without the model"},
               "See whether the model's file is damaged or the catalogue changed under it.", unit="lists", per="5 min",
               link="models"),
        Metric("catalogue", "Products on sale", "real", {"down": "Products vanished from the catalogue"},
               "Open the newest import or feed, and undo it if it was cut short.", unit="products", link="catalogue"),
        Metric("freshness", "Age of the catalogue", "real", {"up": "The catalogue is not being updated"},
               "Check the feed or the connection to the shop.", text=_hours, link="catalogue"),
        Metric("batch_failures", "Failed batches", "count", {"up": "Batch jobs fail"},
               "Open the failed jobs: each says why.", unit="failed", per="5 min"),
        # --- What somebody below recorded -------------------------------------------------------------------------
        _occurrence("artefact_damaged", "Model file", "A model's file is damaged",
                    "The last good version serves. Train again, and look at the disk.", link="models"),
        _occurrence("guard_breached", "Guard of an experiment or activation", "A guard was breached",
                    "The change was taken back. Read its figures before you try again.", link="models"),
        _occurrence("model_stale", "Model age", "The model is stale",
                    "Start a training, and see why the nightly one failed.", link="models"),
        _occurrence("model_quality", "Model quality", "A model got worse",
                    "Compare it with the version before; roll back if nothing explains it.", link="models"),
        _occurrence("batch_failed", "Batch job", "A batch job failed, or part of it",
                    "Open the job: it says which part and why."),
        _occurrence("webhook_off", "Outgoing webhook", "An outgoing webhook was switched off",
                    "Its address failed for long. Mend it and switch it on again."),
        _occurrence("import_failed", "Import", "An import failed", "Open the import: it names the rows and reasons.",
                    link="imports"),
        _occurrence("shared_flood", "Flood of orders", "A flood of orders is not yet in the shared model",
                    "What the shop says there stays as it was before; its own lists are not held back. If the orders "
                    "are real (a sale, an import of old ones), nothing is to be done: they come to count within "
                    "weeks, as they become usual. If not, see which key sends them and cancel them.", link="orders",
                    still_days=15),
    )
}  # fmt: skip

STREAMS = tuple(metric for metric in ALL.values() if metric.is_stream)
# Occurrence kind → the metric that its incident is filed under, and how severe it is.
INCIDENTS_OF_OCCURRENCES = {
    "artefact.damaged": ("artefact_damaged", "high"),
    "guard.breached": ("guard_breached", "high"),
    "model.stale": ("model_stale", "medium"),
    "model.worse": ("model_quality", "medium"),
    "batch.failed": ("batch_failed", "medium"),
    "batch.partial": ("batch_failed", "low"),
    "outgoing.switched_off": ("webhook_off", "medium"),
    "import.failed": ("import_failed", "low"),
    "shared.flooded": ("shared_flood", "medium"),
}
# Occurrence kind → the metric whose incident is over with it, and why.
ENDS_OF_OCCURRENCES = {"shared.flood_over": ("shared_flood", "The shop's word in the shared model is made anew.")}
# Occurrence kind → the words on a chart.
MARKS = {
    "version.activated": "model activated",
    "version.rolled_back": "model rolled back",
    "import.finished": "import",
    "deployment.finished": "deployment",
    "guard.breached": "guard breached",
    "experiment.started": "experiment started",
    "experiment.stopped": "experiment stopped",
}


# Where a threshold needs a unit that the sentences of incidents have not.
_UNITS = {"large_order": "in the shop's currency"}


def get(name: str) -> Metric:
    """The metric; a name that is no longer watched stands for itself, so that old incidents can be read."""
    return ALL.get(name) or Metric(name, name.replace("_", " ").capitalize(), "limit", {"up": name}, "")


def threshold(name: str, kind: str, value: Any) -> str:
    """From when on a rule speaks, with its unit: "100 calls", "strangeness 3.8"."""
    if kind == "baseline":
        return f"strangeness {figures.number(value, 1)}"
    metric = get(name)
    return f"{metric.text(value)} {metric.unit or _UNITS.get(name, '')}".strip()


def choices() -> list[tuple[str, str]]:
    return [(metric.name, metric.label) for metric in ALL.values()]
