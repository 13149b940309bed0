"""Addresses without an escape are read without Django's parser, and to the same effect."""

from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from recommendations import queries


@given(st.text("abc=&;_-.,: /?#~\x7f", max_size=60))
def test_it_reads_a_plain_address_as_django_does(text):
    assert queries.spelled(text) == dict(QueryDict(text).lists())


@given(st.text(max_size=40))
def test_it_reads_any_address_as_django_does_or_leaves_it(text):
    plain = queries.spelled(text)
    assert plain is None or plain == dict(QueryDict(text).lists())


def test_it_leaves_what_has_to_be_decoded():
    for text in ("customer_id=a%20b", "customer_id=a+b", "customer_id=é", "a=1&" * 200):
        assert queries.spelled(text) is None
