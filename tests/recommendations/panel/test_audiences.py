"""The pages of saved audiences: counted, searched, renamed, changed, removed, put back, and who uses them."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from recommendations import audience_looks, audiences, batch_schedules, retention, saved_audiences
from recommendations.batch import BatchInferenceQueue
from recommendations.panel import audiences as pages
from tests import make
from tests.recommendations.panel.test_batches import page, shop, work_off  # noqa: F401  (fixtures)
from tests.trained import register  # noqa: F401  (fixture)

BASE = "/t/acme/batch-jobs/audiences"


@pytest.fixture
def lately(shop: Any, ana: Any) -> Any:  # noqa: F811
    with make.inside(shop) as tenant:
        return saved_audiences.save(tenant, "Lately", {"kind": "ordered_within", "days": 100}, by=ana)


@pytest.fixture
def vip(shop: Any, ana: Any) -> Any:  # noqa: F811
    with make.inside(shop) as tenant:
        return saved_audiences.keep_ids(tenant, ["c1", "c2", "nobody"], filename="vip.csv", name="Our best", by=ana)


def posted(page: Any, path: str, **values: Any) -> Any:  # noqa: F811
    return page.post(f"{BASE}/{path}", {"go": "save", **values}, follow=True)


def test_it_says_what_to_do_while_there_is_none(page: Any) -> None:  # noqa: F811
    """R11, R17: reached from the batch jobs; the empty state leads on."""
    assert f'href="{BASE}"' in page.get("/t/acme/batch-jobs").text
    text = page.get(BASE).text
    assert "No saved audience yet" in text and f'href="{BASE}/new"' in text


def test_it_lists_them_with_their_customers_searched_and_sorted(page: Any, lately: Any, vip: Any) -> None:  # noqa: F811
    text = page.get(BASE).text
    assert text.index("Lately") < text.index("Our best")
    assert 'data-label="Customers now">3<' in text and "Ordered in the last 100 days" in text
    assert "Ids of vip.csv" in text and "nothing yet" in text
    text = page.get(f"{BASE}?sort=-name").text
    assert text.index("Our best") < text.index("Lately")
    assert "Lately" not in page.get(f"{BASE}?q=vip").text
    assert "Our best" not in page.get(f"{BASE}?q=late").text


def test_a_page_of_many_does_not_count_for_ever(page: Any, lately: Any, monkeypatch: Any) -> None:  # noqa: F811
    monkeypatch.setattr(audience_looks, "MOST", 2)
    assert "more than 2" in page.get(BASE).text
    monkeypatch.setattr(pages, "COUNTING_SECONDS", 0.0)
    assert f'href="{BASE}/{lately.pk}">count</a>' in page.get(BASE).text


def test_one_is_made_renamed_and_its_rule_changed(page: Any, shop: Any, ben: Any) -> None:  # noqa: F811
    """R11: what is planned or asked for later follows the change."""
    assert "is saved" in posted(page, "new", name="Spenders", kind="spent", least="25").text
    row = shop.audiences.get()
    assert (row.name, row.asked, row.created_by) == ("Spenders", {"kind": "spent", "least": "25.00"}, ben)
    text = page.get(f"{BASE}/{row.pk}").text
    assert 'value="25.00"' in text and "8 customers" in text
    assert "is saved" in posted(page, str(row.pk), name="New ones", kind="ordered_within", days="100").text
    row.refresh_from_db()
    assert (row.name, row.asked) == ("New ones", {"kind": "ordered_within", "days": 100})
    with make.inside(shop) as tenant:
        assert audiences.count(tenant, {"kind": "saved", "id": row.pk}) == 3
    assert shop.audit_entries.filter(action="audience.changed").exists()


def test_a_file_keeps_its_ids_until_another_is_sent(page: Any, shop: Any, vip: Any) -> None:  # noqa: F811
    text = page.get(f"{BASE}/{vip.pk}").text
    assert "Keep the 3 ids of vip.csv" in text
    posted(page, str(vip.pk), name="The best", kind="keep")
    assert shop.audience_pieces.get().ids == ["c1", "c2", "nobody"]
    file = SimpleUploadedFile("new.csv", b"customer_id\nc3\nc4\n")
    posted(page, str(vip.pk), name="The best", kind="upload", file=file)
    row = shop.audiences.get()
    assert (row.name, row.size, row.filename) == ("The best", 2, "new.csv")
    assert shop.audience_pieces.get().ids == ["c3", "c4"]
    posted(page, str(vip.pk), name="The best", kind="all")
    assert not shop.audience_pieces.exists() and shop.audiences.get().size is None


def test_it_says_what_is_not_right_beside_the_field(page: Any, lately: Any, vip: Any) -> None:  # noqa: F811
    taken = posted(page, str(lately.pk), name="Our best", kind="all")
    assert taken.status_code == 422 and "already" in taken.text
    assert posted(page, str(lately.pk), name=" ", kind="all").status_code == 422
    assert posted(page, str(lately.pk), name="Late", kind="ordered_within", days="").status_code == 422
    assert posted(page, "new", name="Same", kind="saved", saved=str(vip.pk)).status_code == 422
    assert posted(page, str(lately.pk), name="Late", kind="keep").status_code == 422  # it has no file


def test_it_counts_while_it_is_chosen(page: Any, lately: Any, vip: Any) -> None:  # noqa: F811
    """With scripts beside the form, without them by a button."""
    assert "8 customers" in page.post(f"{BASE}/new/count", {"kind": "all"}).text
    assert "3 customers" in page.post(f"{BASE}/{vip.pk}/count", {"kind": "keep"}).text
    text = page.post(f"{BASE}/{lately.pk}", {"go": "look", "name": "Lately", "kind": "all"}).text
    assert "8 customers" in text and "Count them" in text


def test_it_says_what_uses_it(page: Any, shop: Any, lately: Any, ana: Any) -> None:  # noqa: F811
    wanted = {"audience": {"kind": "saved", "id": lately.pk}, "name": "Weekly mail"}
    with make.inside(shop) as tenant:
        batch_schedules.plan(tenant, wanted, every="week", at=timezone.now() + timedelta(days=1), by=ana)
        BatchInferenceQueue(tenant).enqueue({**wanted, "name": "First mail"}, by=ana)
    assert "1 planned job, 1 job" in page.get(BASE).text
    text = page.get(f"{BASE}/{lately.pk}").text
    assert "Weekly mail" in text and "First mail" in text
    assert "fail and say so: Weekly mail" in page.get(f"{BASE}/{lately.pk}/remove").text
    assert f'value="{lately.pk}" selected' in page.get(f"/t/acme/batch-jobs/new?audience={lately.pk}").text


def test_it_is_not_changed_or_removed_while_a_job_reads_it(page: Any, shop: Any, lately: Any) -> None:  # noqa: F811
    """Half of one audience and half of another would be nobody's wish."""
    with make.inside(shop) as tenant:
        BatchInferenceQueue(tenant).enqueue({"audience": {"kind": "saved", "id": lately.pk}}, by="test")
    assert "is reading this audience" in posted(page, str(lately.pk), name="Lately", kind="all").text
    assert "is reading this audience" in page.post(f"{BASE}/{lately.pk}/remove", follow=True).text
    assert "is saved" in posted(page, str(lately.pk), name="Renamed", kind="ordered_within", days="100").text
    work_off()
    assert "is removed" in page.post(f"{BASE}/{lately.pk}/remove", follow=True).text
    assert shop.batch_jobs.get().state == "completed"


def test_a_removal_is_undone_with_the_ids_for_a_week(page: Any, shop: Any, vip: Any) -> None:  # noqa: F811
    text = page.post(f"{BASE}/{vip.pk}/remove", follow=True).text
    assert "Removed lately" in text and "Our best" in text and "No saved audience yet" in text
    assert page.get(f"{BASE}/{vip.pk}").status_code == 404
    assert "Our best" not in page.get("/t/acme/batch-jobs/new").text
    back = f"{BASE}/{vip.pk}/put-back"
    assert "is back as it was" in page.post(back, follow=True).text
    assert "nothing to put back" in page.post(back, follow=True).text
    with make.inside(shop) as tenant:
        assert list(audiences.members(tenant, {"kind": "saved", "id": vip.pk})) == ["c1", "c2", "nobody"]
    page.post(f"{BASE}/{vip.pk}/remove")
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        retention.let_go(shop.pk, renew=lambda: None)
    assert not shop.audiences.exists() and not shop.audience_pieces.exists()


def test_its_name_is_free_after_the_removal(page: Any, shop: Any, vip: Any) -> None:  # noqa: F811
    page.post(f"{BASE}/{vip.pk}/remove")
    assert "is saved" in posted(page, "new", name="Our best", kind="all").text
    assert "already" in page.post(f"{BASE}/{vip.pk}/put-back", follow=True).text
    assert shop.audiences.filter(removed_at=None).count() == 1


def test_a_strangers_audience_is_not_there(shop: Any, vip: Any, globex: Any, gil: Any, signed_in: Any) -> None:  # noqa: F811
    stranger = signed_in(gil)
    for path in (f"{vip.pk}", f"{vip.pk}/remove"):
        assert stranger.get(f"/t/globex/batch-jobs/audiences/{path}").status_code == 404
    answer = stranger.post(f"/t/globex/batch-jobs/audiences/{vip.pk}/put-back", follow=True)
    assert "nothing to put back" in answer.text


def test_the_trail_names_no_customer(shop: Any, ana: Any) -> None:  # noqa: F811
    with make.inside(shop) as tenant:
        saved_audiences.save(tenant, "Two", {"kind": "ids", "ids": ["c1", "c2"]}, by=ana)
    assert shop.audit_entries.get(action="audience.saved").details["ids"] == 2
