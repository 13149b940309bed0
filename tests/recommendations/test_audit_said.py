"""What acts on batch jobs were done to, as the audit trail says it: by what a person knows, also of old jobs."""

import re
import uuid

import pytest
from django.utils import timezone

from luxebrain.lib import markup
from recommendations import audiences, saved_audiences
from recommendations.batch import BatchInferenceQueue
from recommendations.models import BatchJob
from tenants import audit
from tests import make
from tests.recommendations import shops

ALL = {"kind": "all"}


@pytest.fixture(autouse=True)
def _stocked(acme, globex):
    for shop in (acme, globex):
        shops.stock(shop)
        shops.sell(shop, customers=3)


def asked_for(shop, by, **wanted):
    with make.inside(shop) as tenant:
        return BatchInferenceQueue(tenant).enqueue({"audience": ALL, **wanted}, by=by, source="panel")


def changes(client):
    return client.get("/t/acme/changes?area=batch.").text


def on(text):
    """What stands in the column On, without its marks."""
    found = re.findall(r'data-label="On">(.*?)</td>', text, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", one.replace('<span class="sub">', " · ")).strip() for one in found]


def test_a_job_is_said_by_kind_audience_and_time_and_leads_to_its_page(acme, ana, signed_in):
    job = asked_for(acme, ana, name="Weekly picks", type="trending")
    with make.inside(acme) as tenant:
        BatchInferenceQueue(tenant).pause(job, by=ana)
    with timezone.override(acme.zone):
        when = markup.exact(job.created_at)
    said = f"Weekly picks · Trending · All customers · asked for {when}"
    text = changes(signed_in(ana))
    assert on(text) == [said, said]
    assert text.count(f'<a href="/t/acme/batch-jobs/{job.public_id}">Weekly picks</a>') == 2
    assert text.count(f"&quot;on&quot;: &quot;{job.public_id}&quot;") == 2, "its id stands in the raw record"
    assert "Customers" in text and "For whom" not in text, "what stands beside it is not said again"
    BatchJob.objects.across_tenants().filter(pk=job.pk).update(started_at=job.created_at)
    assert all("All customers · begun" in one for one in on(changes(signed_in(ana))))


def test_a_job_without_a_name_is_said_by_the_rest(acme, ana, signed_in):
    with make.inside(acme) as tenant:
        saved = saved_audiences.save(tenant, "Regulars", ALL, by=ana)
    asked_for(acme, ana, audience={"kind": "saved", "id": saved.pk}, placement="letter")
    asked_for(acme, ana, audience=None, customer_ids=["t-0", "t-1"])
    newest, oldest = on(changes(signed_in(ana)))
    assert "Placement letter · Regulars · asked for" in oldest
    assert "Chosen for the shopper · 2 customers · asked for" in newest and "t-1" not in newest


def test_a_job_that_is_gone_is_said_as_it_was_asked_for(acme, ana, signed_in):
    job = asked_for(acme, ana, name="Weekly picks", type="trending")
    with make.inside(acme) as tenant:
        BatchInferenceQueue(tenant).pause(job, by=ana)
        audit.record(tenant, "batch.cancelled", by=ana, target=str(uuid.uuid4()))
        audit.record(tenant, "batch.unplanned", by=ana, target="Letters")
        tenant.batch_chunks.all().delete()
        tenant.batch_jobs.all().delete()
    letters, unknown, paused, requested = on(changes(signed_in(ana)))
    assert paused == requested and paused.startswith("Weekly picks · Trending · All customers · asked for ")
    assert (letters, unknown) == ("Letters", "A batch job that is gone")
    acme.audit_entries.model.objects.using("owner").filter(action="batch.requested").update(details={"total": 30})
    assert on(changes(signed_in(ana)))[2].startswith("30 customers · asked for "), "as lines of old have it"


def test_no_other_shops_job_is_said(acme, globex, ana, gil, sam, signed_in):
    theirs = asked_for(globex, gil, name="Secret picks")
    asked_for(acme, ana, name="Our picks")
    with make.inside(acme) as tenant:
        audit.record(tenant, "batch.paused", by=ana, target=str(theirs.public_id))
    text = changes(signed_in(ana))
    assert "Secret picks" not in text and on(text)[0] == "A batch job that is gone"
    staff = signed_in(sam)
    assert [one.partition(" · ")[0] for one in on(staff.get("/audit?area=batch.").text)] == [
        "A batch job that is gone", "Our picks", "Secret picks",
    ]  # fmt: skip
    assert on(staff.get("/tenants/acme").text)[0] == "A batch job that is gone"
    assert "/t/acme/batch-jobs" not in staff.get("/audit?area=batch.").text, "whose pages the staff cannot open"
    assert "Our picks · " in b"".join(staff.get("/audit/export?area=batch.").streaming_content).decode()
    assert "Our picks · " in staff.get("/dashboard/audit", headers={"HX-Request": "true"}).text


def test_an_audience_of_ids_names_nobody(acme, ana, signed_in):
    asked_for(acme, ana, audience={"kind": "ids", "ids": ["t-0", "y-1"]})
    entry = acme.audit_entries.get(action="batch.requested")
    assert entry.details["audience"] == "2 chosen customers" and "t-0" not in str(entry.details)
    assert audiences.describe(acme, ALL) == "All customers"
