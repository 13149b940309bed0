"""Files of versions are kept as long as the plan says, and never let go while something needs them."""

from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from luxebrain.lib.problems import Conflict, Problem
from modelregistry import experiments, releases, results, retention, versions
from tenants import work
from tenants.models import AuditEntry, Plan
from tests import make
from tests.s3server import Bucket


@contextmanager
def keeping(newest: int, days: int, *, plan: str = "growth") -> Any:
    rows = Plan.objects.using("owner").filter(pk=plan)
    before = rows.values("kept_versions", "kept_version_days").get()
    rows.update(kept_versions=newest, kept_version_days=days)
    try:
        yield
    finally:
        rows.update(**before)


def aged(of: Any, version: Any, days: int) -> Any:
    then = timezone.now() - timedelta(days=days)
    of.model_versions.filter(pk=version.pk).update(created_at=then)
    return version


def let_go() -> None:
    """What the beat does every night."""
    work.tick(retention.TASK, int(timezone.now().timestamp() * 1000))
    work.run_due(tasks={retention.TASK})


def lying(of: Any) -> list[int]:
    home = Path(settings.MODELS_DIR) / f"tenant_models/recommendation/{of.pk}"
    return sorted(int(path.name) for path in home.glob("[0-9]*"))


def text(response: Any) -> str:
    assert response.status_code == 200, response.content[:500]
    return " ".join(response.content.decode().split())


def test_it_keeps_the_newest_and_others_for_days(
    acme: Any, globex: Any, ana: Any, register: Any, signed_in: Any
) -> None:
    """R28: the facts of a version stay when its files go, and the page says when that will be."""
    rows = [aged(acme, register(acme), 40 - number) for number in range(6)]
    aged(globex, register(globex), 400)
    versions.activate(rows[5], by=ana)
    with keeping(2, 36):
        browser = signed_in(ana)
        goes = (timezone.now() + timedelta(days=-37 + 36)).date()
        assert "kept: it is one of the newest 2, which the plan keeps" in text(browser.get("/t/acme/models/5"))
        assert f"go on {goes.day} {goes:%b %Y}" in text(browser.get("/t/acme/models/4"))
        assert "kept: it is in service" in text(browser.get("/t/acme/models/6"))
        assert "files of the newest 2, and of others 36 days" in text(browser.get("/t/acme/models"))
        let_go()
        assert lying(acme) == [5, 6]
        assert lying(globex) == [1]
        page = text(browser.get("/t/acme/models/1"))
        assert "Files removed" in page
        assert "its files are gone. Train again" in page
        assert "Activate…" not in page
        assert browser.get("/t/acme/models/1/activate").status_code == 200
        said = text(browser.post("/t/acme/models/1/activate", follow=True))
        assert "v1 cannot be put into service: its files were removed on" in said
        assert "Train again for a version that can serve." in said
    gone = acme.model_versions.get(number=1)
    assert (gone.state, gone.artifact_path, gone.metrics) == ("archived", "", {"ndcg@10": 0.1})
    trail = AuditEntry.objects.using("ops").filter(tenant_id=acme.pk, action="version.files_removed")
    entry = trail.get(target="v1")
    assert (entry.actor_label, entry.details["digest"]) == ("retention", gone.digest)
    let_go()
    assert trail.count() == 4


def test_the_days_count_from_the_last_service(acme: Any, register: Any) -> None:
    rows = [aged(acme, register(acme), 100) for _ in range(5)]
    for row in rows:
        versions.activate(row, by=None)
    with keeping(1, 30):
        let_go()
        assert lying(acme) == [1, 2, 3, 4, 5]
        acme.alias_moves.update(moved_at=timezone.now() - timedelta(days=31))
        let_go()
    assert lying(acme) == [3, 4, 5]  # what two rollbacks bring


def test_it_keeps_what_something_needs(acme: Any, ana: Any, register: Any) -> None:
    """What serves, is undone to, compared, released or used by a batch job stays, however old."""
    rows = [aged(acme, register(acme), 400 - number) for number in range(12)]
    one, two, three, four, five, six, seven, *_ = rows
    versions.activate(one, by=ana)
    versions.activate(two, by=ana)
    arms = {"a": {"version": three.number}, "b": {"version": four.number}}
    experiments.set_up(acme, by=ana, name="Draft", unit="version", **arms)
    releases.begin(five, by=ana)
    acme.batch_jobs.create(state="partial", version=six.number, name="Newsletter")
    acme.batch_jobs.create(state="completed", version=seven.number)
    with keeping(1, 1):
        with make.inside(acme) as tenant:
            told = retention.fates(tenant, rows)
        let_go()
        assert lying(acme) == [1, 2, 3, 4, 5, 6, 12]
        versions.rollback(acme, by=ana)
        acme.alias_moves.update(moved_at=timezone.now() - timedelta(days=31))
        let_go()
        assert 2 in lying(acme)  # the rollback can be undone
        assert versions.undo(acme, by=ana).version == two
    until = timezone.localtime(acme.experiments.get().created_at + timedelta(days=30), acme.zone)
    starts = f"the experiment Draft can be started with it until {until:%-d %b %Y}"
    why = [told[number].why for number in (1, 2, 3, 4, 5, 6, 12)]
    assert why == [
        "a rollback would bring it back", "it is in service", starts, starts, "it is tried as a shadow",
        "the batch job Newsletter keeps it",
        "it is one of the newest 1, which the plan keeps",
    ]  # fmt: skip
    assert told[7].goes_at is not None


def test_an_experiment_or_release_cannot_take_a_version_without_files(acme: Any, ana: Any, register: Any) -> None:
    old, *_, last = [aged(acme, register(acme), 90) for _ in range(3)]
    versions.activate(last, by=ana)
    with keeping(1, 30):
        let_go()
    old.refresh_from_db()
    with pytest.raises(Problem) as refused:
        experiments.set_up(acme, by=ana, name="No", unit="version", a={"version": old.number}, b={"version": 3})
    assert refused.value.errors[0]["message"] == "The files of v1 were removed."
    with pytest.raises(Conflict, match="its files were removed"):
        releases.begin(old, by=ana)


def test_a_failed_version_goes_when_its_days_are_over(acme: Any, register: Any) -> None:
    """It takes no place among the newest, and keeps its state."""
    good, bad = aged(acme, register(acme), 90), aged(acme, register(acme), 90)
    acme.model_versions.filter(pk=bad.pk).update(state="failed")
    with keeping(1, 30):
        let_go()
    assert lying(acme) == [good.number]
    bad.refresh_from_db()
    assert (bad.state, bad.artifact_path) == ("failed", "")


def test_plans_say_what_they_keep(ana: Any, signed_in: Any) -> None:
    page = text(signed_in(ana).get("/t/acme/usage"))
    assert 'newest 10<span class="sub">others 60 days</span>' in page
    assert "Files of versions beyond the newest 10" in text(signed_in(ana).get("/t/acme/privacy"))


def test_the_staff_s_api_says_that_the_files_are_gone(acme: Any, sam: Any, register: Any, signed_in: Any) -> None:
    for _ in range(2):
        aged(acme, register(acme), 90)
    with keeping(1, 30):
        let_go()
    rows = signed_in(sam).get("/api/admin/models/list/recommendation?tenant=acme").json()["versions"]
    assert [(row["version"], row["state"], row["files_removed_at"] is None) for row in rows] == [
        (2, "ready", True), (1, "archived", False),
    ]  # fmt: skip
    with make.inside(acme) as tenant:
        assert versions.previous(tenant) is None


def test_files_in_a_bucket_go_as_well(acme: Any, ana: Any, register: Any, bucket: Bucket) -> None:
    """From the store and from this host; what the plan keeps stays in both."""
    rows = [aged(acme, register(acme), 40 - number) for number in range(4)]
    versions.activate(rows[3], by=ana)
    kept = [key for row in rows[2:] for key in bucket.keys(f"models/{row.artifact_path}/")]
    with keeping(2, 30):
        let_go()
    assert bucket.keys() == sorted(kept)
    assert len(list((bucket.tmp_path / "one").glob("tenant_models/*/*/*"))) == 2


def test_a_stopped_experiment_is_concluded_without_a_decision(
    acme: Any, ana: Any, register: Any, signed_in: Any
) -> None:
    """Its versions' files do not stay for ever: the page says until when, and who ended it is in the trail."""
    rows = [aged(acme, register(acme), 400 - number) for number in range(4)]
    versions.activate(rows[3], by=ana)
    arms = {"a": {"version": 1}, "b": {"version": 2}}
    for name, ago in (("Decided late", 29), ("Forgotten", 31)):
        one = experiments.set_up(acme, by=ana, name=name, unit="version", **arms)
        results.stop(experiments.start(one, by=ana), by=ana, reason="Enough seen.")
        acme.experiments.filter(pk=one.pk).update(ended_at=timezone.now() - timedelta(days=ago))
    browser = signed_in(ana)
    last = timezone.localtime(acme.experiments.get(number=1).ended_at + timedelta(days=30), acme.zone)
    page = text(browser.get("/t/acme/experiments/1"))
    assert f"Decide by {last:%-d %b %Y}: give B everything, or keep A." in page
    with keeping(1, 1):
        let_go()
        assert lying(acme) == [1, 2, 4]
        kept = text(browser.get("/t/acme/models/1"))
        assert f"kept: the experiment Decided late waits for a decision until {last:%-d %b %Y}" in kept
        acme.experiments.filter(number=1).update(ended_at=timezone.now() - timedelta(days=31))
        let_go()
        assert lying(acme) == [4]
    ended = acme.experiments.get(number=2)
    assert (ended.state, ended.winner) == ("concluded", "")
    assert ended.conclusion == "No decision within 30 days of its end. Enough seen."
    assert acme.audit_entries.filter(action="experiment.concluded", actor_label="retention").count() == 2
    page = text(browser.get("/t/acme/experiments/2"))
    assert "concluded without a decision" in page
    assert "Give B everything" not in page
    assert "ended without a decision" in text(browser.get("/t/acme/experiments"))


def test_an_old_draft_and_a_holdout_hold_nothing(acme: Any, ana: Any, register: Any) -> None:
    """A draft whose versions' files went says so when it is started; a stopped holdout has nothing to decide."""
    rows = [aged(acme, register(acme), 400 - number) for number in range(4)]
    versions.activate(rows[3], by=ana)
    draft = experiments.set_up(acme, by=ana, name="Old", unit="version", a={"version": 1}, b={"version": 2})
    acme.experiments.filter(pk=draft.pk).update(created_at=timezone.now() - timedelta(days=31))
    holdout = experiments.start(experiments.set_up(acme, by=ana, name="Nobody", unit="holdout"), by=ana)
    results.stop(holdout, by=ana)
    acme.experiments.filter(pk=holdout.pk).update(ended_at=timezone.now() - timedelta(days=400))
    with keeping(1, 1):
        let_go()
    assert lying(acme) == [4]
    assert acme.experiments.get(pk=holdout.pk).state == "stopped"
    with pytest.raises(Problem) as refused:
        experiments.start(draft, by=ana)
    assert {error["message"] for error in refused.value.errors} == {
        "The files of v1 were removed.", "The files of v2 were removed.",
    }  # fmt: skip
