"""Strict JSON: what a body may be, and a sentence for what it may not (R47, R56)."""

import time

import pytest

from luxebrain.lib import jsonbody


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        ('{"ü": "😀"}'.encode(), {"ü": "😀"}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b"9223372036854775808", 2**63),
        (b"-9223372036854775808", -(2**63)),
        (b"000000000000000000001"[-1:], 1),
        (b"1e300", 1e300),
        (b'"\\\\u0000"', "\\u0000"),
    ],
)
def test_it_reads(raw, value):
    assert jsonbody.decode(raw) == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not valid JSON"),
        (b"{", "line 1"),
        (b"\xff\xfe{}", "UTF-8"),
        (b"NaN", "NaN"),
        (b'{"a": Infinity}', "Infinity"),
        (b"1e400", "out of range"),
        (b"99999999999999999999", "out of range"),
        (b"9223372036854775809", "out of range"),
        (b"-9223372036854775809", "out of range"),
        (b'{"a": ' + b"9" * 5000 + b"}", "out of range"),
        (b"-1e999", "out of range"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b'["\\udfff", 1]', "surrogate"),
        (b'{"\\uD83d": 1}', "surrogate"),
        (b"[" * 33 + b"]" * 33, "32 levels"),
        (b'["]]]]", ' * 33, "32 levels"),
        (b'["\\"]", ' * 33, "32 levels"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": "\\u0000"}', "null character"),
        (b'{"\\u0000": 1}', "null character"),
        (b'"\\ud800"', "surrogate"),
        (b"[" * 40 + b"]" * 40, "32 levels"),
        (b'{"a":' * 100_000, "32 levels"),
    ],
)
def test_it_refuses_with_a_sentence(raw, reason):
    """R50: hostile bodies are refused, never a fault of ours."""
    with pytest.raises(ValueError, match=reason):
        jsonbody.decode(raw)


def test_it_reads_32_levels():
    value = jsonbody.decode(b"[" * 32 + b"]" * 32)
    assert jsonbody.decode(b'{"a": "' + b'\\"[' * 100 + b'"}') == {"a": '"[' * 100}
    for _ in range(31):
        (value,) = value
    assert value == []


@pytest.mark.parametrize(
    "raw", [b'"' + b'\\"' * 2_000_000, b'["' * 1_000_000, b'"' * 2_000_000, b'{"a":[' * 10 + b"\\" * 2_000_000]
)
def test_it_looks_at_each_byte_once(raw):
    """T11, T25: what is long and wrong is refused in time that grows with its length."""
    begun = time.process_time()
    with pytest.raises(ValueError, match="body"):
        jsonbody.decode(raw)
    assert time.process_time() - begun < 2


def test_it_counts_levels_not_brackets_in_text():
    assert jsonbody.decode(b'{"a": "' + b"[{" * 100 + b'"}') == {"a": "[{" * 100}
    assert len(jsonbody.decode(b"[" + b",".join([b"[1]"] * 100) + b"]")) == 100


@pytest.mark.parametrize("body", [b"[1]", b"{", b'{"a": NaN}', b"null", b"\x00"])
def test_the_api_says_it_as_a_problem(api, body):
    """Promise 7, R56: 400 with a reason, not 422 and not 500."""
    answer = api.client.post(
        "/api/v1/products",
        data=body,
        content_type="application/json",
        headers={"authorization": f"Bearer {api.secret}"},
    )
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["detail"]


def test_the_api_takes_json_only(api):
    """R47: another content type is 415."""
    answer = api.client.post(
        "/api/v1/products",
        data="a=1",
        content_type="application/x-www-form-urlencoded",
        headers={"authorization": f"Bearer {api.secret}"},
    )
    assert (answer.status_code, answer["Content-Type"]) == (415, "application/problem+json")
