"""The log of answers: every list of the API becomes a row of its shop, soon, and costs the request nothing."""

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from recommendations import answer_log, answer_rows, candidates, privacy, queries, retention, suppression
from tenants import epochs, work
from tests import make
from tests.recommendations import shops


@pytest.fixture(autouse=True)
def _fresh():
    candidates.forget()
    suppression.forget()
    answer_log.forget()


@pytest.fixture
def warm(acme):
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    return acme


def rows(tenant):
    return list(tenant.served_lists.order_by("at", "recommendation_id"))


def test_a_call_is_a_row_within_two_seconds(warm, api):
    """By the thread alone, with what the list was made from."""
    answer = api.get("/api/v1/recommendations?customer_id=t-1&session_id=s-1&limit=4", **{"X-Request-Id": "req-0001"})
    ends = time.monotonic() + 2
    while not (found := rows(warm)) and time.monotonic() < ends:
        time.sleep(0.02)
    assert len(found) == 1
    row, sent = found[0], answer.json()
    assert (row.recommendation_id, row.request_id) == (sent["recommendation_id"], "req-0001")
    assert abs(timezone.now() - row.at) < timedelta(seconds=5)
    assert row.products == [item["product_id"] for item in sent["items"]]
    assert (row.customer_external_id, row.session_id, row.version, row.strategy) == ("t-1", "s-1", 1, "model")
    assert row.facts["query"] == {"customer_id": "t-1", "session_id": "s-1", "limit": 4}
    assert [one[:4] for one in row.facts["items"]] == [
        [item["product_id"], item["score"], item["source"], item["reason"]] for item in sent["items"]
    ]
    assert {act[1] for act in row.facts["history"]} == {"purchase"}
    assert 0 < row.seconds < 1
    assert not row.is_test


def test_each_list_of_a_call_is_a_row_with_its_request(warm, api):
    side = {"placement": "cart", "type": "popular", "limit": 2}
    body = {"customer_id": "t-1", "placements": [{"placement": "top"}, side]}
    answer = make.Api(make.key(warm, mode="test")).post("/api/v1/recommendations", body).json()
    answer_log.flush()
    found = {row.placement: row for row in rows(warm)}
    assert {row.request_id for row in found.values()} == {answer["request_id"]}
    assert found["cart"].kind == "popular"
    assert found["top"].is_test
    for name, one in answer["placements"].items():
        assert found[name].recommendation_id == one["recommendation_id"]
        assert found[name].products == [item["product_id"] for item in one["items"]]


def test_a_question_that_only_checks_is_no_list(warm, api):
    assert api.get("/api/v1/recommendations?validate_only=true").status_code == 200
    answer_log.flush()
    assert rows(warm) == []


def test_what_was_asked_can_be_asked_again(warm, api):
    body = {
        "customer_id": "t-1",
        "product_ids": ["toy-1", "toy-2"],
        "type": "bought-together",
        "limit": 3,
        "filter": 'price < 20 and id != "toy-4"',
        "boosts": [{"filter": 'id == "toy-5"', "factor": 3}],
        "exclude": ["toy-7"],
        "min_relevance": 0.1,
        "diversity": 0.2,
        "fallback": "none",
        "language": "de",
    }
    assert api.post("/api/v1/recommendations", body).status_code == 200
    answer_log.flush()
    kept = rows(warm)[0].facts["query"]
    assert kept == body
    assert queries.told(queries.parse(kept)) == kept


def test_another_shop_sees_nothing(warm, api, globex):
    api.get("/api/v1/recommendations?customer_id=t-1")
    answer_log.flush()
    with make.inside(globex) as other:
        assert not other.served_lists.exists()
        with connections["default"].cursor() as cursor:
            cursor.execute("select count(*) from recommendations_servedlist")
            assert cursor.fetchone()[0] == 0
    with make.inside(warm) as own:
        assert own.served_lists.count() == 1


def test_rows_wait_while_the_database_is_away_and_the_oldest_are_counted(warm, api, monkeypatch):
    """A bound, the count of what fell out of it, and no loss within it."""
    monkeypatch.setattr(answer_log, "MOST_ROWS", 3)
    write = answer_rows.write

    def away(*args):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(answer_rows, "write", away)
    sent = [api.get("/api/v1/recommendations").json()["recommendation_id"] for _ in range(5)]
    answer_log.flush()
    assert rows(warm) == []
    monkeypatch.setattr(answer_rows, "write", write)
    answer_log.flush()
    assert {row.recommendation_id for row in rows(warm)} == set(sent[2:])
    assert answer_log.lost(warm.pk) == 2


def test_a_shop_whose_rows_fail_holds_up_no_other(warm, api, globex, monkeypatch):
    known = suppression.known
    api.get("/api/v1/recommendations?validate_only=true")  # the shop is loaded: what fails is the log alone

    def failing(tenant_id, told=None):
        if tenant_id == warm.pk:
            raise RuntimeError("a fault of ours")
        return known(tenant_id, told)

    monkeypatch.setattr(suppression, "known", failing)
    api.get("/api/v1/recommendations")
    make.product(globex, "g")
    make.Api(make.key(globex)).get("/api/v1/recommendations")
    answer_log.flush()
    assert (len(rows(warm)), len(rows(globex))) == (0, 1)
    assert (answer_log.lost(warm.pk), answer_log.lost(globex.pk)) == (1, 0)


def test_lists_of_many_shops_go_in_one_round_trip(warm, api, globex, django_assert_num_queries):
    make.product(globex, "g")
    stranger = make.Api(make.key(globex))
    sent = {warm.pk: [], globex.pk: []}
    for _ in range(3):
        sent[warm.pk].append(api.get("/api/v1/recommendations").json()["recommendation_id"])
        sent[globex.pk].append(stranger.get("/api/v1/recommendations").json()["recommendation_id"])
    for shop in (warm, globex):
        suppression.known(shop.pk, epochs.read(shop.pk))
    with django_assert_num_queries(1):
        answer_log.flush()
    for shop in (warm, globex):
        assert [row.recommendation_id for row in rows(shop)] == sent[shop.pk]


def test_a_row_that_the_database_refuses_goes_alone(warm, api, globex):
    """Its shop's other rows, and those of the shops before and behind it, are kept, each once."""
    make.product(globex, "g")
    stranger = make.Api(make.key(globex))
    for ask in (stranger, api, api, stranger):
        ask.get("/api/v1/recommendations")
    answer_log._log.put_into_words()
    answer_log._log.rows[1].row["session_id"] = "x" * 500
    answer_log.flush()
    assert (len(rows(warm)), len(rows(globex))) == (1, 2)
    assert (answer_log.lost(warm.pk), answer_log.lost(globex.pk)) == (1, 0)
    with connections["default"].cursor() as cursor:  # no transaction was left open
        cursor.execute("select now() = statement_timestamp()")
        assert cursor.fetchone()[0]


def test_a_shop_that_is_gone_keeps_nothing_and_holds_up_no_other(warm, api):
    api.get("/api/v1/recommendations")
    answer_log._log.put_into_words()
    gone = answer_log._log.rows[0]
    suppression._known[10**9] = suppression._Copy(suppression.Erased(), None, time.monotonic())
    answer_log._log.rows.appendleft(answer_rows.Worded(10**9, gone.row, None))
    answer_log.flush()
    assert len(rows(warm)) == 1
    assert answer_log.lost(10**9) == 0


def test_many_threads_lose_and_double_nothing(warm, api):
    secret = make.key(warm)
    sent, lock = [], threading.Lock()

    def ask():
        mine = make.Api(secret)
        for _ in range(20):
            one = mine.get("/api/v1/recommendations?limit=2").json()["recommendation_id"]
            with lock:
                sent.append(one)
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answer_log.flush()
    assert sorted(row.recommendation_id for row in rows(warm)) == sorted(sent)


_LEAVING = """
import django, multiprocessing, sys
django.setup()
from recommendations import queries
from recommendations.serving import RecommendationEngine
from django.db import connections

def ask(request_id):
    engine = RecommendationEngine(int(sys.argv[1]))
    engine.predict(queries.parse({}), epochs=None, values=[], request_id=request_id)

ask("of-the-process")
connections.close_all()
child = multiprocessing.get_context("fork").Process(target=ask, args=("of-its-child",))
child.start()
child.join()
"""


def test_a_process_writes_what_waits_before_it_leaves(warm):
    """Also one that was forked, which leaves without Python's own end."""
    name = connections["default"].settings_dict["NAME"]
    addresses = {key: value for key, value in os.environ.items() if key.startswith("DATABASE_")}
    renamed = {key: urlsplit(value)._replace(path=f"/{name}").geturl() for key, value in addresses.items()}
    done = subprocess.run(
        [sys.executable, "-c", _LEAVING, str(warm.pk)],
        env=os.environ | renamed,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert {row.request_id for row in rows(warm)} == {"of-the-process", "of-its-child"}


def test_a_day_that_is_over_is_dropped_as_a_whole(acme):
    """Also a day without a partition is written: it is made."""
    day = timezone.now() - timedelta(days=40)
    with connections["ops"].cursor() as cursor:
        cursor.execute("select ensure_answer_partition(%s)", [day.date()])
    acme.served_lists.create(at=day, recommendation_id="rec_old", request_id="r", kind="popular", strategy="popular")
    acme.served_lists.create(
        at=timezone.now(), recommendation_id="rec_new", request_id="r", kind="popular", strategy="popular"
    )
    assert retention.drop_old_answers() >= 1
    assert [row.recommendation_id for row in rows(acme)] == ["rec_new"]
    assert retention.drop_old_answers() == 0


def test_a_day_that_is_over_is_found_however_the_planner_looks(acme):
    """It may ask the name of every relation before it asks which are days: most names end in no date."""
    with connections["ops"].cursor() as cursor:
        cursor.execute("select ensure_answer_partition(%s)", [(timezone.now() - timedelta(days=40)).date()])
        looking = ("nestloop", "indexscan", "indexonlyscan", "bitmapscan")
        cursor.execute("; ".join(f"set enable_{how} = off" for how in looking))
        try:
            assert retention.drop_old_answers() >= 1
            retention.drop_empty_months()  # months that other tests left empty
            assert retention.drop_empty_months() == []
        finally:
            cursor.execute("; ".join(f"reset enable_{how}" for how in looking))


def test_a_missing_day_is_made_by_the_first_row(warm, api):
    with connections["owner"].cursor() as cursor:
        name = f"recommendations_servedlist_{timezone.now():%Y%m%d}"
        cursor.execute(f"drop table if exists {name}")
    api.get("/api/v1/recommendations")
    answer_log.flush()
    assert len(rows(warm)) == 1


def test_an_erased_shopper_is_not_written_and_not_left(warm, api):
    api.get("/api/v1/recommendations?customer_id=t-1")
    api.get("/api/v1/recommendations?customer_id=t-3")
    answer_log.flush()
    with make.inside(warm) as tenant:
        handed = privacy.request_export(tenant, "t-1", by="test")
        assert [one["customer_id"] for one in handed["lists"]] == ["t-1"]
        privacy.request_erasure(tenant, "t-1", by="test")
    work.run_due(tasks={privacy.TASK})
    assert [row.customer_external_id for row in rows(warm)] == ["t-3"]
    api.get("/api/v1/recommendations?customer_id=t-1")
    answer_log.flush()
    assert [row.customer_external_id for row in rows(warm)] == ["t-3"]
