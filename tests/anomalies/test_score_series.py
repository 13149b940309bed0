"""`manage.py score_series`: a row out for each row in, at once, with a score in [0, 1]."""

import csv
import io
import math
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

START = datetime(2026, 3, 2, tzinfo=UTC)


def run(text: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "score_series", *arguments], input=text, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def series(values, minutes=5):
    rows = [f"{(START + timedelta(minutes=minutes * i)):%Y-%m-%d %H:%M:%S},{value}" for i, value in enumerate(values)]
    return "timestamp,value\n" + "\n".join(rows) + "\n"


def scored(done) -> list[dict[str, str]]:
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_it_scores_a_burst_of_counts_highest():
    rng = np.random.default_rng(5)
    counts = rng.poisson(20, 4 * 288)
    counts[1000] = 150
    rows = scored(run(series(counts), "--kind", "count"))
    assert len(rows) == len(counts) and list(rows[0]) == ["timestamp", "value", "anomaly_score"]
    scores = [float(row["anomaly_score"]) for row in rows]
    assert all(0 <= score <= 1 for score in scores) and scores.index(max(scores)) == 1000 and scores[1000] > 0.6
    assert rows[7]["value"] == str(counts[7]) and rows[0]["timestamp"] == "2026-03-02 00:00:00"


def test_it_scores_silence_of_counts():
    counts = np.random.default_rng(6).poisson(8, 4 * 288)
    counts[1000:1012] = 0
    scores = [float(row["anomaly_score"]) for row in scored(run(series(counts), "--kind", "count"))]
    assert 1001 <= scores.index(max(scores)) <= 1012 and max(scores) > 0.5


@pytest.mark.parametrize("minutes", [1, 60, 24 * 60])
def test_it_takes_any_length_of_a_bucket(minutes):
    counts = np.random.default_rng(7).poisson(50, 400)
    counts[300] = 500
    scores = [float(row["anomaly_score"]) for row in scored(run(series(counts, minutes), "--kind", "count"))]
    assert scores.index(max(scores)) == 300


def test_it_scores_a_value_out_of_range_highest():
    rng = np.random.default_rng(8)
    values = 10 + 2 * np.sin(np.arange(1500) / 46) + rng.normal(0, 0.5, 1500)
    values[1200] = 25.0
    scores = [float(row["anomaly_score"]) for row in scored(run(series(np.round(values, 3)), "--kind", "real"))]
    assert scores.index(max(scores)) == 1200 and scores[1200] > 0.7 and all(0 <= score <= 1 for score in scores)


def test_it_writes_a_row_for_each_row_whatever_it_holds():
    text = "timestamp,value\n2026-03-02 00:00:00,1\n2026-03-02 00:05:00,\nnonsense,3\n2026-03-02 00:15:00,x\n"
    text += "2026-03-02 00:20:00,-4\n2026-03-02 00:25:00,inf\n1772409600,5\n2026-03-02T00:35:00Z,6\n"
    for kind in ("count", "real"):
        done = run(text, "--kind", kind)
        rows = scored(done)
        assert len(rows) == 8 and all(math.isfinite(float(row["anomaly_score"])) for row in rows)
        assert "'x' is no number" in done.stderr and "'nonsense' is no moment" in done.stderr


def test_a_line_is_a_row_whatever_is_in_it():
    """A quotation mark that is not closed, a cell without end, bytes that are no text, the last day of the calendar."""
    lines = [
        b"\xef\xbb\xbftimestamp,value", b'2026-03-02 00:00:00,"5', b'"2026-03-02 00:05:00,6',
        b"2026-03-02 00:10:00,\xff\x00", b"9999-12-31 23:59:59,7", b"no moment,8",
        b"2026-03-02 00:25:00," + b"9" * 200_000, b"2026-03-02 00:30:00,9,more",
    ]  # fmt: skip
    for kind in ("count", "real"):
        done = subprocess.run(
            [sys.executable, "manage.py", "score_series", "--kind", kind], input=b"\n".join(lines), capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        scores = [line.rpartition(b",")[2] for line in done.stdout.splitlines()]
        assert len(scores) == len(lines) and all(0.0 <= float(score) <= 1.0 for score in scores[1:])


def test_it_takes_the_length_of_a_bucket_from_several_rows():
    """A doubled first row and a gap behind it are no bucket of no length, nor one of a week."""
    stamps = ["2026-02-23 00:00:00", "2026-03-02 00:00:00", "2026-03-02 00:00:00"]
    head = "".join(f"{stamp},50\n" for stamp in stamps)
    counts = np.random.default_rng(7).poisson(50, 400)
    counts[300] = 500
    text = series(counts).replace("timestamp,value\n", "timestamp,value\n" + head)
    scores = [float(row["anomaly_score"]) for row in scored(run(text, "--kind", "count"))]
    assert len(scores) == 403 and scores.index(max(scores)) == 303


def test_it_refuses_what_is_no_series():
    assert "must name the columns" in run("a,b\n1,2\n", "--kind", "count").stderr
    assert run("", "--kind", "real").returncode == 1
    assert run("timestamp,value\n", "--kind", "tea").returncode == 2
    assert "above 0" in run("timestamp,value\n", "--kind", "count", "--bucket", "0").stderr
    assert run("timestamp,value\n", "--kind", "count").stdout == "timestamp,value,anomaly_score\n"


@pytest.mark.parametrize("kind", ["count", "real"])
def test_it_answers_each_row_before_the_next_is_sent(kind):
    with subprocess.Popen(
        [sys.executable, "manage.py", "score_series", "--kind", kind],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ),
    ) as process:  # fmt: skip
        process.stdin.write("timestamp,value\n")
        for minute in range(0, 25, 5):
            process.stdin.write(f"2026-03-02 00:{minute:02}:00,4\n")
            process.stdin.flush()
            if minute == 0:
                assert process.stdout.readline() == "timestamp,value,anomaly_score\n"
            assert process.stdout.readline().startswith(f"2026-03-02 00:{minute:02}:00,4,0.")
        process.stdin.close()
        assert process.wait(30) == 0
