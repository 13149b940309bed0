"""A look at an audience costs a bounded price, and says plainly where it is no exact count."""

from typing import Any

import pytest
from django.db import connections

from recommendations import audience_looks, audiences
from tests import make
from tests.recommendations.panel.test_batches import BASE, page, second, shop, third  # noqa: F401  (fixtures)
from tests.recommendations.panel.test_batches import first as choose
from tests.trained import register  # noqa: F401  (fixture)


@pytest.fixture
def seven(monkeypatch: Any) -> None:
    monkeypatch.setattr(audience_looks, "MOST", 7)


def test_it_says_more_than(page: Any, seven: None) -> None:  # noqa: F811
    """R11: eight customers where seven are counted; five are still said as five."""
    for kind in ({"kind": "all"}, {"kind": "spent", "least": "1"}):
        text = page.post(f"{BASE}/new/count", kind).text
        assert "More than 7 customers" in text and "The job counts all of them" in text
    text = page.post(f"{BASE}/new/count", {"kind": "not_ordered_within", "days": "100"}).text
    assert "5 customers" in text and "More than" not in text


def test_the_job_counts_all_of_them(page: Any, shop: Any, seven: None) -> None:  # noqa: F811
    answer = second(page, choose(page, kind="all"))
    assert "more than 7 customers" in answer.text and "More than 7 customers" in answer.text
    assert third(page, answer).status_code == 302
    assert shop.batch_jobs.get().total == 8


def test_what_is_slow_is_given_up_and_said(page: Any, shop: Any, monkeypatch: Any) -> None:  # noqa: F811
    """The database gives up; the page goes on, the transaction too, with its own limit again."""
    real = audiences.count

    def slow(tenant: Any, asked: Any, **options: Any) -> int:
        with connections[tenant.alias].cursor() as cursor:
            cursor.execute("select pg_sleep(20)")
        return real(tenant, asked, **options)

    monkeypatch.setattr(audiences, "count", slow)
    monkeypatch.setattr(audience_looks, "SECONDS", 0.2)
    text = page.post(f"{BASE}/new/count", {"kind": "all"}).text
    assert "Not counted" in text and "takes longer than 0.2 seconds" in text
    assert 'class="mono">c0' in text  # some of them are shown all the same
    assert "not counted" in second(page, choose(page, kind="all")).text
    with make.inside(shop) as tenant:
        assert audience_looks.look(tenant, {"kind": "all"}, sample=3).n is None
        with connections[tenant.alias].cursor() as cursor:
            cursor.execute("show statement_timeout")
            assert cursor.fetchone()[0] == "0"
        assert tenant.customers.count() == 8


def test_a_job_is_counted_up_to_what_the_plan_takes(page: Any, shop: Any) -> None:  # noqa: F811
    shop.plan.batch_customers = 5
    shop.plan.save(update_fields=["batch_customers"])
    answer = third(page, second(page, choose(page, kind="all")))
    assert "more than 5 customers, which is what your plan takes a job" in answer.text
