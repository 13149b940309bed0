"""Signatures: the vendors' way of signing is taken, and nothing else is, whatever it looks like (T6)."""

import base64
import hashlib
import hmac
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from recommendations.storefronts import signatures

BODY = b'{"id": 788032119674292922, "total": "19.90"}'
SECRET, OLD = "first-secret-of-the-shop", "the-one-before-it"
WHSEC = "whsec_" + base64.b64encode(b"k" * 32).decode()


def sign(body: bytes = BODY, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize("vendor", [signatures.woocommerce, signatures.shopify])
def test_it_takes_a_signature_of_any_secret_in_use(vendor) -> None:
    """T6: two secrets while one replaces the other."""
    assert vendor(BODY, sign(), [SECRET])
    assert vendor(BODY, sign(secret=OLD), [SECRET, OLD])
    assert not vendor(BODY, sign(secret=OLD), [SECRET])
    assert not vendor(BODY, sign(), [])
    assert not vendor(BODY, sign(secret=""), [""])


def test_wordpress_keeps_the_secret_as_html() -> None:
    assert signatures.woocommerce(BODY, sign(secret="a&b'c<d"), ["a&amp;b&#039;c&lt;d"])
    assert not signatures.shopify(BODY, sign(secret="a&b"), ["a&amp;b"])


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "=",
        "ö" * 44,
        "\ud800",
        sign()[:-1],
        sign() + "=",
        sign() + "\n",
        " " + sign(),
        sign() + "," + sign(),
        f"{sign()} {sign()}",
        "sha256=" + sign(),
        base64.b64decode(sign()).hex(),
        base64.b64encode(base64.b64decode(sign()).hex().encode()).decode(),
        base64.urlsafe_b64encode(b"\xfb" * 32).decode(),
        sign(b"another body"),
        sign().swapcase(),
        "!" + sign()[1:],
        "A" * 1_000_000,
    ],
)
@pytest.mark.parametrize("vendor", [signatures.woocommerce, signatures.shopify])
def test_it_refuses_everything_else_without_an_exception(vendor, header: str) -> None:
    """T6, T5: empty, doubled, non-ASCII, non-base64, hex, cut, padded."""
    assert vendor(BODY, header, [SECRET, OLD]) is False


def test_a_second_spelling_of_a_right_signature_is_refused() -> None:
    """The last character of base64 has two bits to spare: the same bytes could be written four ways."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    right = sign()
    for step in (1, 2, 3):
        other = right[:42] + alphabet[alphabet.index(right[42]) // 4 * 4 + step] + "="
        if other != right:
            assert not signatures.shopify(BODY, other, [SECRET])


def test_it_refuses_a_body_changed_anywhere() -> None:
    """T6: a flipped bit, or the same JSON written anew."""
    for at in range(len(BODY)):
        changed = bytearray(BODY)
        changed[at] ^= 1
        assert not signatures.woocommerce(bytes(changed), sign(), [SECRET])
    assert not signatures.woocommerce(BODY.replace(b", ", b","), sign(), [SECRET])


def standard(body: bytes = BODY, *, secret: str = WHSEC, at: float | None = None, name: str = "msg_1") -> dict:
    from datetime import datetime

    when = datetime.utcfromtimestamp(time.time() if at is None else at)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(time.time() if at is None else at)),
        "webhook-signature": Webhook(secret).sign(name, when, body.decode()),
    }


def test_it_takes_standard_webhooks_of_the_last_five_minutes() -> None:
    other = "whsec_" + base64.b64encode(b"o" * 32).decode()
    assert signatures.standard(BODY, standard(), [WHSEC])
    assert signatures.standard(BODY, standard(), [other, WHSEC])
    assert not signatures.standard(BODY, standard(), [other])
    assert not signatures.standard(BODY, standard(at=time.time() - 400), [WHSEC])
    assert not signatures.standard(BODY, standard(at=time.time() + 400), [WHSEC])
    several = standard()
    several["webhook-signature"] = "v1,AAAA v2,zzz " + several["webhook-signature"]
    assert signatures.standard(BODY, several, [WHSEC])


@pytest.mark.parametrize(
    "spoiled",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,not base64!"},
        {"webhook-signature": "v1,a,b"},
        {"webhook-signature": "v1,ö"},
        {"webhook-signature": "v1," + "A" * 5000},
        {"webhook-id": ""},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "1e400"},
        {"webhook-timestamp": "yesterday"},
    ],
)
def test_it_refuses_malformed_standard_headers_without_an_exception(spoiled: dict) -> None:
    """T6: the library raises on some of these; here they are simply not signed."""
    assert signatures.standard(BODY, standard() | spoiled, [WHSEC]) is False
    assert signatures.standard(b"\xff\xfe", standard(), [WHSEC, "whsec_!", ""]) is False


@pytest.mark.parametrize(
    ("name", "taken"), [("m" * 1000, True), ("m" * 1001, False), ("", False), ("msg_ö", False), ("m", True)]
)
def test_a_name_of_a_delivery_is_short_and_ascii_however_well_it_is_signed(name: str, taken: bool) -> None:
    """T24: it is kept and shown, so it is looked at before the signature is."""
    assert signatures.standard(BODY, standard(name=name), [WHSEC]) is taken


def test_a_header_that_is_missing_is_not_signed() -> None:
    for name in standard():
        assert signatures.standard(BODY, {k: v for k, v in standard().items() if k != name}, [WHSEC]) is False


def test_the_body_need_not_be_json_to_be_signed() -> None:
    """What is in it is the validator's affair."""
    assert signatures.standard(b"not json", standard(b"not json"), [WHSEC])


@given(st.text(max_size=80), st.binary(max_size=40), st.text(max_size=20))
def test_no_header_makes_it_raise(header: str, body: bytes, secret: str) -> None:
    for vendor in (signatures.woocommerce, signatures.shopify):
        assert vendor(body, header, [secret or "s"]) is False
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    assert signatures.standard(body, dict.fromkeys(names, header), [secret]) is False
