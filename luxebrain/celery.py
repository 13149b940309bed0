"""The Celery application and the whole timetable on one page.

Celery is a hint channel: the record of work is the row (see tenants/work.py). A lost or doubled
message costs time, never work.
"""

import os
from importlib import import_module

from celery import Celery, bootsteps

from luxebrain.lib import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luxebrain.settings")

broker.mend()
app = Celery("luxebrain")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_default_queue = "short"
HEAVY_QUEUE = "heavy"  # training and other minutes of a core: workers of its own
app.steps["worker"].add("tenants.workers:Beats")  # an idle worker is seen alive
app.steps["worker"].add("luxebrain.celery:Loaded")
app.autodiscover_tasks(["tenants"], related_name="tasks")


class Loaded(bootsteps.Step):
    """Loads the compiled loops, and the routes that links in notices are made of, before a worker's processes are
    forked: they share them, and none waits for them."""

    def __init__(self, worker: object, **options: object) -> None:
        super().__init__(worker, **options)
        import_module("recommendations.algorithms.folding")  # with the other kernels
        import_module("django.urls").get_resolver().reverse_dict  # noqa: B018  (made when it is first asked for)


def every(seconds: int, name: str) -> dict[str, object]:
    """A beat entry that makes the work `name` due once per slot of `seconds`, however many beats run."""
    return {
        "task": "tenants.tick",
        "schedule": float(seconds),
        "args": (name, seconds),
        "options": {"expires": seconds * 2},
    }


app.conf.beat_schedule = {
    "drain-events": every(2, "recommendations.drain_events"),
    "take-up-batches": every(5, "recommendations.batch_due"),
    "ask-for-planned-batches": every(30, "recommendations.batch_schedules"),
    "worker-heartbeat": every(10, "tenants.heartbeat"),
    "trainer-heartbeat": every(10, "tenants.heartbeat_heavy"),
    "fold-usage": every(30, "tenants.fold_usage"),
    "watch-quotas": every(300, "tenants.watch_quotas"),
    "look-for-anomalies": every(10, "anomalies.look"),
    "tell-of-incidents": every(10, "anomalies.tell"),
    "sweep-alert-deliveries": every(86400, "anomalies.sweep_deliveries"),
    "settle-incidents": every(60, "anomalies.settle"),
    "close-buckets": every(60, "anomalies.close_buckets"),
    "close-measures": every(3600, "anomalies.close_measures"),
    "sweep-points": every(86400, "anomalies.sweep_points"),
    "roll-up-performance": every(60, "recommendations.roll_up"),
    "count-experiments": every(300, "recommendations.count_experiments"),
    "watch-releases": every(60, "recommendations.watch_releases"),
    "settle-deliveries": every(60, "recommendations.settle_deliveries"),
    "pull-stores": every(300, "recommendations.pull_due"),
    "sweep-work": every(300, "tenants.sweep_work"),
    "sweep-idempotency": every(600, "tenants.sweep_idempotency"),
    "sweep-outgoing": every(600, "tenants.sweep_outgoing"),
    "sweep-occurrences": every(86400, "tenants.sweep_occurrences"),
    "event-partitions": every(3600, "recommendations.ensure_partitions"),
    "fetch-feeds": every(900, "recommendations.fetch_due_feeds"),
    "let-go": every(86400, "recommendations.let_go"),
    "look-for-findings": every(3600, "recommendations.look_for_findings"),
    "sweep-files": every(3600, "recommendations.sweep_files"),
    "let-versions-go": every(86400, "modelregistry.let_go"),
    "sweep-artefacts": every(3600, "modelregistry.sweep"),
    "measure-models": every(86400, "recommendations.measure_models"),
    "watch-isolated": every(3600, "recommendations.watch_isolated"),
    "gather-votes": every(86400, "recommendations.gather_votes"),
    "nightly-training": every(3600, "recommendations.train_stale"),
}
