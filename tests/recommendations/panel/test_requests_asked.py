"""The page of requests narrowed to days of the shop's clock, and what it shows as a file."""

import csv
import io
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from recommendations import answer_rows, served_lists
from recommendations.exporting.rows import Window
from recommendations.panel import requests_asked
from tests import make

PAGE = "/t/acme/recommendations/requests"
FAR = ZoneInfo("Pacific/Auckland")  # half a day and more ahead of the server


@pytest.fixture
def acme(acme):
    acme.time_zone = FAR.key
    acme.save()
    return acme


def today():
    return timezone.localdate(timezone=FAR)


def listed(shop, day, hour=0, minute=30, *, products=("tea-1",), **values):
    """A list that was answered at this time of the shop's clock."""
    at = datetime.combine(day, time(hour, minute), tzinfo=FAR)
    answer_rows.ensure_partitions({at.astimezone(ZoneInfo("UTC")).date()})
    number = shop.served_lists.count()
    name = f"rec_{int(at.timestamp() * 1000):012x}{1:08x}0000{number:08x}"
    with make.inside(shop) as tenant:
        return tenant.served_lists.create(**{
            "at": at, "recommendation_id": name, "request_id": f"call-{number}", "kind": "popular",
            "strategy": "model", "version": 1, "products": list(products), **values,
        })  # fmt: skip


def shown(client, **query):
    answer = client.get(PAGE, query)
    assert answer.status_code == 200, answer.text
    return {f"call-{n}" for n in range(9) if f">call-{n}<" in answer.text}


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_days_are_whole_days_of_the_shops_clock(acme, ana, signed_in):
    day = today() - timedelta(days=3)
    listed(acme, day - timedelta(days=1), 23, 59)
    listed(acme, day, 0, 0)
    listed(acme, day, 23, 59)
    listed(acme, day + timedelta(days=1), 0, 0)
    client = signed_in(ana)
    assert shown(client) == {"call-0", "call-1", "call-2", "call-3"}
    assert shown(client, first=day, last=day) == {"call-1", "call-2"}
    assert shown(client, first=day) == {"call-1", "call-2", "call-3"}
    assert shown(client, last=day) == {"call-0", "call-1", "call-2"}
    assert shown(client, first=day, last=day, q="call-2") == {"call-2"}


def test_one_day_reads_the_partitions_of_that_day_alone(acme):
    day = today() - timedelta(days=9)
    for number in range(12):
        listed(acme, today() - timedelta(days=number))
    begins, ends = Window(day, day).bounds(acme)
    with make.inside(acme) as tenant:
        plan = served_lists.within(tenant, begins, ends).explain()
        whole = served_lists.within(tenant, None, None).explain()
    days = {f"servedlist_{at:%Y%m%d}" for at in (begins.astimezone(ZoneInfo("UTC")), ends.astimezone(ZoneInfo("UTC")))}
    with connections["owner"].cursor() as cursor:
        cursor.execute("select relname from pg_class where relname ~ '^recommendations_servedlist_[0-9]{8}$'")
        names = {row[0].removeprefix("recommendations_") for row in cursor.fetchall()}
    assert {name for name in names if name in plan} == days
    assert {name for name in names if name in whole} == names


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ({"first": "soon"}, "first", "Must be a date."),
        ({"last": "2026-02-30"}, "last", "Must be a date."),
        ({"first": "0001-01-01"}, "first", "Lists are kept for 30 days, since"),
        ({"last": "9999-12-31"}, "last", "Must not be in the future."),
        ({"first": "today", "last": "yesterday"}, "last", "Must not be before the first day."),
    ],
)
def test_a_wrong_day_is_told_at_its_field(acme, ana, signed_in, asked, field, said):
    words = {"today": str(today()), "yesterday": str(today() - timedelta(days=1))}
    asked = {name: words.get(value, value) for name, value in asked.items()}
    listed(acme, today() - timedelta(days=1))
    client = signed_in(ana)
    for headers in ({}, {"HX-Request": "true"}):
        answer = client.get(PAGE, asked, headers=headers)
        assert answer.status_code == 422
        place = answer.text.index(f'id="filter-{field}-wrong"')
        assert said in answer.text[place:].partition("</div>")[0]
        assert ">call-0<" not in answer.text and "Download these lists" not in answer.text
    assert 'aria-invalid="true"' in client.get(PAGE, asked).text
    told = client.get(f"{PAGE}.csv", asked)
    assert told.status_code == 302 and told.url.startswith(f"{PAGE}?")


def test_days_that_find_nothing_have_a_link_that_takes_them_off(acme, ana, signed_in):
    listed(acme, today() - timedelta(days=1))
    client, day = signed_in(ana), str(today() - timedelta(days=8))
    text = client.get(PAGE, {"first": day, "last": day, "kind": "popular"}).text
    assert "Nothing matches" in text
    assert f'href="{PAGE}?kind=popular">Show all 30 days</a>' in text
    assert shown(client, kind="popular") == {"call-0"}
    assert "Show all 30 days" not in client.get(PAGE, {"q": "nobody"}).text


def test_links_to_older_lists_and_to_the_file_keep_the_days(acme, ana, signed_in, monkeypatch):
    day = today() - timedelta(days=2)
    for minute in range(3):
        listed(acme, day, 1, minute)
    listed(acme, day - timedelta(days=1))
    client, query = signed_in(ana), f"first={day}&amp;last={day}"
    monkeypatch.setattr(served_lists, "PAGE", 2)
    text = client.get(PAGE, {"first": day, "last": day}).text
    last = acme.served_lists.get(request_id="call-1").recommendation_id
    assert f'href="?{query}&amp;before={last}"' in text
    assert f'href="{PAGE}.csv?{query}"' in text
    older = client.get(PAGE, {"first": day, "last": day, "before": last}).text
    assert ">call-0<" in older and ">call-3<" not in older
    assert f'href="{PAGE}.csv?{query}"' in older, "all pages are in the file"


def test_the_file_has_what_the_page_was_narrowed_to(acme, ana, signed_in, monkeypatch):
    monkeypatch.setattr(served_lists, "PIECE", 2)
    day = today() - timedelta(days=2)
    for minute in range(5):
        listed(acme, day, 1, minute, products=("tea-1", "toy-2"), placement="top", is_test=minute == 4)
    listed(acme, day, 2, strategy="popular", version=0, customer_external_id="=1+1", session_id="@s", kind="similar")
    listed(acme, day - timedelta(days=1))
    client = signed_in(ana)
    answer = client.get(f"{PAGE}.csv", {"first": day, "last": day})
    assert answer["Content-Type"].startswith("text/csv")
    assert f'filename="acme-answered-lists-{today()}.csv"' in answer["Content-Disposition"]
    rows = rows_of(answer)
    assert [row["request_id"] for row in rows] == [f"call-{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert (rows[0]["customer_id"], rows[0]["session_id"], rows[0]["version"]) == ("'=1+1", "'@s", "")
    assert (rows[1]["products"], rows[1]["is_test"], rows[2]["is_test"]) == ('["tea-1","toy-2"]', "true", "false")
    assert datetime.fromisoformat(rows[0]["answered_at"]) == acme.served_lists.get(request_id="call-5").at
    assert [row["request_id"] for row in rows_of(client.get(f"{PAGE}.csv", {"kind": "similar"}))] == ["call-5"]
    assert [row["request_id"] for row in rows_of(client.get(f"{PAGE}.csv", {"q": "call-6"}))] == ["call-6"]
    monkeypatch.setattr(requests_asked, "MOST", 3)
    assert len(rows_of(client.get(f"{PAGE}.csv"))) == 3


def test_a_file_is_a_line_in_the_trail_without_the_shopper(acme, ana, dev, ben, gil, globex, signed_in):
    day = today() - timedelta(days=2)
    listed(acme, day, customer_external_id="c-77")
    answer = signed_in(dev).get(f"{PAGE}.csv", {"q": "c-77", "first": day, "kind": "popular"})
    assert [row["customer_id"] for row in rows_of(answer)] == ["c-77"]
    entry = acme.audit_entries.get(action="export.fetched")
    assert (entry.target, entry.actor) == ("answered lists", dev)
    assert "c-77" not in str(entry.details)
    text = signed_in(ana).get("/t/acme/changes").text
    assert "Export downloaded" in text and f"{day}" in text
    analyst = signed_in(ben)
    assert "Download these lists" not in analyst.get(PAGE).text
    assert analyst.get(f"{PAGE}.csv").status_code == 403
    assert signed_in(gil).get(f"{PAGE}.csv").status_code == 404
    assert acme.audit_entries.filter(action="export.fetched").count() == 1
