"""Sessions and passwords against those who steal, plant and guess (T19, T20, T27)."""

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from tenants import staff
from tests import make
from tests.tenants.account.test_sign_in import sign_in


def is_in(client):
    return client.get("/account/").status_code == 200


def test_a_session_from_before_signing_in_is_worth_nothing(db):
    """T19: fixation; the id changes with the sign-in, and what was planted opens nothing."""
    make.user("zara")
    victim, thief = Client(), Client()
    victim.get("/account/invitation/none-such")
    victim.session["planted"] = True
    victim.session.save()
    before = victim.cookies["session"].value if "session" in victim.cookies else victim.session.session_key
    victim.cookies["session"] = thief.cookies["session"] = before
    assert sign_in(victim, "zara@example.com").status_code == 302
    assert victim.cookies["session"].value != before
    assert is_in(victim)
    assert not is_in(thief)


@pytest.mark.parametrize("end", ["logout", "password", "platform_role", "deactivated"])
def test_a_stolen_session_ends_with(db, end, sam):
    """T19: a copy of the cookie dies with what its owner, or an operator, does."""
    zara = make.user("zara", platform_role="analyst")
    owner, thief = Client(), Client()
    sign_in(owner, "zara@example.com")
    thief.cookies["session"] = owner.cookies["session"].value
    assert is_in(thief)
    if end == "logout":
        owner.post("/account/logout/")
    elif end == "password":
        fresh = {"password1": "quiet ivory staircase", "password2": "quiet ivory staircase"}
        owner.post("/account/password/change/", {"oldpassword": make.PASSWORD, **fresh})
    elif end == "platform_role":
        staff.change_role(zara, role="operator", by=sam)
    else:
        staff.deactivate(zara, by=sam, reason="test")
    assert not is_in(thief)


def test_the_cookie_is_out_of_reach_of_scripts(db, client):
    make.user("zara")
    sign_in(client, "zara@example.com")
    cookie = client.cookies["session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] <= 12 * 3600


def test_an_unknown_address_costs_the_same_hashing(db, monkeypatch):
    """T20: without it, the time of an answer would tell who has an account."""
    make.user("zara")
    hashed = []
    original = Argon2PasswordHasher.encode

    def counting(self, password, salt):
        hashed.append("encode")
        return original(self, password, salt)

    verify = Argon2PasswordHasher.verify

    def checking(self, password, encoded):
        hashed.append("verify")
        return verify(self, password, encoded)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counting)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", checking)
    counts = {}
    for email in ("zara@example.com", "nobody@example.com"):
        hashed.clear()
        sign_in(Client(), email, "wrong password")
        counts[email] = len(hashed)
    assert counts["nobody@example.com"] == counts["zara@example.com"] >= 1


def test_forged_addresses_do_not_lift_the_lock(db):
    """T27: without a proxy in front, X-Forwarded-For is what anybody writes."""
    make.user("zara")
    codes = [
        Client()
        .post(
            "/account/login/",
            {"login": "zara@example.com", "password": f"wrong {n}"},
            headers={"x-forwarded-for": f"198.51.100.{n}", "x-real-ip": f"198.51.100.{n}"},
        )
        .status_code
        for n in range(8)
    ]
    assert codes[4:] == [429] * 4
