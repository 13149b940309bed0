"""Rows as the server writes them for COPY in its binary format, taken apart wherever the pieces are cut."""

import io
from contextlib import closing

import numpy as np
import pytest
from django.db import connections

from recommendations import wire
from recommendations.names import Names
from recommendations.wire import NUMBER, Columns, Text

pytestmark = pytest.mark.django_db(databases=["default", "ops", "owner"])

ROWS = """
select case when n %% 3 = 0 then '' when n %% 7 = 0 then repeat('ü', n) else 'name ' || n %% 50 end, n::smallint,
       -n, n * 10000000000, n %% 2 = 0, n / 4.0::float8,
       timestamptz '1999-12-31 23:59:59.5+00' + make_interval(secs => n)
from generate_series(1, %s) n order by n
"""


def copied(query: str, *values: object) -> bytes:
    sink = io.BytesIO()
    with connections["owner"].cursor() as cursor:
        text = cursor.cursor.mogrify(query, values).decode()
        cursor.cursor.copy_expert(f"copy ({text}) to stdout (format binary)", sink)
    return sink.getvalue()


def columns(raw: bytes, size: int, names: Names) -> list[np.ndarray]:
    with closing(Columns([Text(names, b"s:"), *[NUMBER] * 6])) as sink:
        for start in range(0, len(raw), size):
            sink.write(raw[start : start + size])
        return sink.finish()


@pytest.mark.parametrize("size", [1, 19, 64, 1 << 20])
def test_it_reads_the_same_columns_wherever_the_pieces_are_cut(size: int) -> None:
    count = 60 if size == 1 else 3_000
    names = Names()
    text, small, whole, large, even, quarter, moment = columns(copied(ROWS, count), size, names)
    n = np.arange(1, count + 1)
    wanted = ["" if k % 3 == 0 else "s:" + "ü" * k if k % 7 == 0 else f"s:name {k % 50}" for k in n.tolist()]
    assert names.texts(text) == wanted
    assert len(names) == len(set(wanted))
    assert small.tolist() == n.tolist()
    assert whole.tolist() == (-n).tolist()
    assert large.tolist() == (n * 10_000_000_000).tolist()
    assert even.tolist() == (n % 2 == 0).astype(int).tolist()
    assert quarter.view(np.float64).tolist() == (n / 4).tolist()
    assert wire.seconds(moment).tolist() == (946_684_799 + n).tolist()  # half seconds are rounded down


def test_its_numbers_in_order_depend_on_the_texts_alone() -> None:
    there, back = Names(), Names()
    query = "select n::text from (select generate_series(1, 9999) n) x order by n * %s"
    for names, sign in ((there, 1), (back, -1)):
        with closing(Columns([Text(names)])) as sink:
            sink.write(copied(query, sign))
            numbers = sink.finish()[0]
        texts, places = names.ordered(names.marked(numbers[: 5_000] if sign > 0 else numbers[-5_000:]))
        assert texts.to_pylist() == sorted(map(str, range(1, 5_001)))
        assert (places >= 0).sum() == 5_000
        assert texts.take(places[names.marked(numbers[:1] if sign > 0 else numbers[-1:])]).to_pylist() == ["1"]


@pytest.mark.parametrize("query", [
    "select 'a', null::int", "select null::text, 1", "select 'a'", "select 'a', 1, 2",
    "select 'a', 'longer than eight'",
])
def test_it_refuses_an_answer_that_was_not_asked_for(query: str) -> None:
    with closing(Columns([Text(Names()), NUMBER])) as sink, pytest.raises(ValueError, match="not what was asked"):
        sink.write(copied(query))
        sink.finish()


@pytest.mark.parametrize("cut", [0, 5, 25, -1])
def test_it_refuses_half_an_answer_and_bears_one_without_rows(cut: int) -> None:
    raw = copied("select 'a', 1 where %s", bool(cut))
    with closing(Columns([Text(Names()), NUMBER])) as sink:
        sink.write(raw[:cut] if cut else raw)
        if cut:
            with pytest.raises(ValueError, match="not what was asked"):
                sink.finish()
        else:
            assert [len(column) for column in sink.finish()] == [0, 0]
