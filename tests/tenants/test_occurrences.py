"""What happened: kept with its tenant, read in order, and let go after its time."""

import io
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from tenants import occurrences, tenancy
from tenants.models import Occurrence


def test_it_keeps_what_happened_with_its_tenant(acme, globex):
    with tenancy.enter(acme.pk) as shop:
        occurrences.record(shop, "version.activated", subject="version 3", facts={"was": "2"})
    with tenancy.enter(globex.pk) as shop:
        assert not shop.occurrences.exists() and not Occurrence.objects.exists()
    with tenancy.enter(acme.pk) as shop:
        now = timezone.now()
        found = occurrences.between(shop, now - timedelta(minutes=1), now + timedelta(minutes=1))
        assert [(row.kind, row.subject, row.facts) for row in found] == [
            ("version.activated", "version 3", {"was": "2"})
        ]


def test_it_reads_on_from_the_last_row_and_tells_the_platform_from_a_shop(acme):
    first = occurrences.record(None, "deployment.finished")
    with tenancy.enter(acme.pk) as shop:
        occurrences.record(shop, "import.finished")
    assert [row.tenant_id for row in occurrences.after(first.pk)] == [acme.pk]
    assert [row.kind for row in occurrences.after(first.pk - 1)] == ["deployment.finished", "import.finished"]


def test_a_release_is_a_deployment_once(db, settings, tmp_path):
    def deploy(**given):
        call_command("setup", verbosity=0, stdout=io.StringIO(), **given)
        rows = Occurrence.objects.using("ops").filter(kind="deployment.finished", tenant=None)
        return [row.subject for row in rows]

    settings.BASE_DIR, settings.RELEASE = tmp_path, ""
    assert deploy() == []  # nobody knows what runs
    for release in ("1.1", "1.1", "1.2"):
        deploy(release=release)
    settings.RELEASE = "1.1"
    assert deploy() == ["1.1", "1.2", "1.1"]
    settings.RELEASE = ""
    (tmp_path / ".git" / "refs").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/main\n")
    (tmp_path / ".git" / "packed-refs").write_text("# pack-refs\nabcdef0123456 refs/main\n")
    assert deploy()[-1] == "abcdef012"
    (tmp_path / ".git" / "refs" / "main").write_text("123456789abcdef\n")
    assert deploy()[-1] == "123456789"
    (tmp_path / ".git" / "HEAD").write_text("fedcba9876543\n")
    assert deploy()[-1] == "fedcba987"


def test_it_lets_go_after_its_time(acme):
    row = occurrences.record(None, "deployment.finished")
    assert occurrences.sweep() == 0
    assert occurrences.sweep(timezone.now() + timedelta(days=occurrences.KEPT_DAYS + 1)) == 1
    assert not Occurrence.objects.using("ops").filter(pk=row.pk).exists()
