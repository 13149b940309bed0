"""Signing up, in and out; second factor, lock-out, reset; nothing that tells who has an account."""

import json
import re
from pathlib import Path

import pyotp
import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.conf import settings
from django.core import mail
from django.test import Client

from tenants import access
from tenants.account.second_factor import MFAAdapter
from tenants.models import User
from tests import make

NEW = {"name": "Zara", "email": "zara@example.com", "password1": make.PASSWORD, "password2": make.PASSWORD}


def sign_in(client: Client, email: str, password: str = make.PASSWORD):
    return client.post("/account/login/", {"login": email, "password": password})


def link(pattern: str) -> str:
    return re.search(rf"https?://[^/\s]+(/account/{pattern}\S+)", mail.outbox[-1].body).group(1)


def log() -> str:
    return (Path(settings.LOGS_DIR) / "luxebrain.log").read_text()


def test_it_opens_a_shop_on_sign_up_and_asks_for_the_address(db, client):
    answer = client.post("/account/signup/", {**NEW, "shop_name": "Maison Verre"})
    assert answer["Location"] == "/account/confirm-email/"
    person = User.objects.get(email="zara@example.com")
    assert person.name == "Zara"
    assert [(m.slug, m.role, m.plan) for m in access.memberships(person)] == [("maison-verre", "owner", "Free")]
    assert sign_in(client, "zara@example.com")["Location"] == "/account/confirm-email/"  # not before confirming
    assert not client.get("/account/").status_code == 200
    client.post(link("confirm-email/"))
    assert sign_in(client, "zara@example.com")["Location"] == "/t/maison-verre/overview"
    assert client.get("/account/").status_code == 200


def test_an_invited_person_signs_up_and_accepts(acme, ana, client):
    from tenants import members

    members.invite(acme, email="zara@example.com", role="developer", by=ana)
    invitation = link("invitation/")
    page = client.get(invitation)
    assert "Acme" in page.text and "developer" in page.text and "Sign in to accept" in page.text
    client.post("/account/signup/", NEW)
    client.post(link("confirm-email/"))
    assert sign_in(client, "zara@example.com")["Location"] == invitation
    assert client.post(invitation)["Location"] == "/t/acme/overview"
    assert acme.memberships.get(user__email="zara@example.com").role == "developer"
    assert client.get(invitation).status_code == 404


def test_an_invitation_is_for_its_address_only(acme, ana, gil, signed_in):
    from tenants import members

    members.invite(acme, email="zara@example.com", role="owner", by=ana)
    answer = signed_in(gil).post(link("invitation/"))
    assert answer.status_code == 403 and "another e-mail address" in answer.text
    assert acme.memberships.count() == 1


def test_it_locks_after_five_failures_for_fifteen_minutes(db, client):
    make.user("zara")
    codes = [sign_in(client, "zara@example.com", f"wrong {n}").status_code for n in range(5)]
    assert codes == [200, 200, 200, 200, 429]
    locked = sign_in(client, "Zara@example.com")  # the right password does not help, nor do capitals
    assert locked.status_code == 429 and "15 minutes" in locked.text and locked["Retry-After"] == "900"
    assert AccessAttempt.objects.get().username == "zara@example.com"
    assert AccessAttempt.objects.get().failures_since_start >= 5
    lines = [json.loads(line) for line in log().splitlines() if '"sign_in.' in line]
    assert {"sign_in.failed", "sign_in.locked"} <= {line["event"] for line in lines}
    assert all("zara@" not in json.dumps(line) for line in lines)


def test_a_lock_is_for_one_address_from_one_place(db, client):
    make.user("zara"), make.user("olga")
    for n in range(5):
        sign_in(client, "zara@example.com", f"wrong {n}")
    assert sign_in(client, "olga@example.com").status_code == 302
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert sign_in(elsewhere, "zara@example.com").status_code == 302


def test_it_does_not_tell_who_has_an_account(db, client):
    make.user("zara")
    pages = []
    for email in ("zara@example.com", "nobody@example.com"):
        other = Client()
        failed = sign_in(other, email, "wrong password").text
        reset = other.post("/account/password/reset/", {"email": email}, follow=True)
        signup = other.post("/account/signup/", {**NEW, "email": email}, follow=True)
        pages.append([_plain(failed, email), _plain(reset.text, email), _plain(signup.text, email), reset.status_code])
    assert pages[0] == pages[1]
    assert User.objects.filter(email="zara@example.com").count() == 1


def _plain(page: str, email: str) -> str:
    page = re.sub(r'(name="csrfmiddlewaretoken" value|csrf-token" content)="[^"]*"', "", page)
    return re.sub(r"(tip|copy)-[0-9a-f]{8}", "", page).replace(email, "")


def test_a_taken_address_opens_no_second_shop(db, client):
    make.user("zara")
    client.post("/account/signup/", {**NEW, "shop_name": "Copycat"})
    assert access.memberships(User.objects.get()) == []
    assert "already" in mail.outbox[-1].body


def test_it_resets_a_password_once(db, client):
    make.user("zara")
    client.post("/account/password/reset/", {"email": "zara@example.com"})
    way = link("password/reset/key/")
    form = client.get(way, follow=True)
    fresh = {"password1": "quiet ivory staircase", "password2": "quiet ivory staircase"}
    done = client.post(form.redirect_chain[-1][0], fresh)
    assert done.status_code == 302
    assert sign_in(Client(), "zara@example.com").status_code == 200
    assert sign_in(Client(), "zara@example.com", "quiet ivory staircase").status_code == 302
    assert "does not work any more" in Client().get(way, follow=True).text


def test_it_changes_a_password_and_tells_by_letter(db, signed_in):
    client = Client()
    make.user("zara")
    sign_in(client, "zara@example.com")
    fresh = {"oldpassword": make.PASSWORD, "password1": "quiet ivory staircase", "password2": "quiet ivory staircase"}
    assert client.post("/account/password/change/", fresh).status_code == 302
    assert "assword" in mail.outbox[-1].subject
    assert sign_in(Client(), "zara@example.com", "quiet ivory staircase").status_code == 302


def activate(client: Client) -> str:
    gate = client.get("/account/2fa/totp/activate/")
    assert gate["Location"].startswith("/account/reauthenticate/")  # the password once more
    assert client.get(gate["Location"]).status_code == 200
    page = client.post(gate["Location"], {"password": make.PASSWORD}, follow=True)
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page.text).group(1)
    assert "data:image/svg+xml" in page.text
    client.post("/account/2fa/totp/activate/", {"code": pyotp.TOTP(secret).now()})
    return secret


def test_it_keeps_the_second_factor_encrypted(db, client, settings):
    make.user("zara")
    sign_in(client, "zara@example.com")
    secret = activate(client)
    kept = Authenticator.objects.get(type="totp")
    assert secret not in str(kept.data)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new key of at least fifty characters, " * 2
    assert MFAAdapter().decrypt(kept.data["secret"]) == secret  # the key may be changed


def test_it_asks_for_the_second_factor(db, client):
    make.user("zara")
    sign_in(client, "zara@example.com")
    secret = activate(client)
    assert "10 of 10" in client.get("/account/2fa/recovery-codes/").text
    codes = client.get("/account/2fa/recovery-codes/download/").text.split()
    assert "Off" not in client.get("/account/").text
    other = Client()
    assert sign_in(other, "zara@example.com")["Location"].startswith("/account/2fa/authenticate/")
    assert other.get("/account/").status_code == 302
    assert other.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    wait_for_the_next_code()
    assert other.post("/account/2fa/authenticate/", {"code": pyotp.TOTP(secret).now()}).status_code == 302
    assert other.get("/account/").status_code == 200
    lost = Client()
    sign_in(lost, "zara@example.com")
    assert lost.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    again = Client()
    sign_in(again, "zara@example.com")
    assert again.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 200  # used up


def wait_for_the_next_code() -> None:
    """A code counts once; forgetting which were used is what half a minute does."""
    from django.core.cache import cache

    cache.clear()


def test_it_switches_the_second_factor_off(db, client):
    make.user("zara")
    sign_in(client, "zara@example.com")
    activate(client)
    assert client.get("/account/2fa/totp/deactivate/").status_code == 200
    client.post("/account/2fa/totp/deactivate/")
    assert sign_in(Client(), "zara@example.com")["Location"] == "/account/"


@pytest.mark.parametrize(
    "path", ["/account/", "/account/password/change/", "/account/2fa/", "/account/2fa/totp/activate/"]
)
def test_it_sends_strangers_to_the_sign_in_page(db, client, path):
    answer = client.get(path)
    assert answer.status_code == 302 and answer["Location"].startswith("/account/login/")


def test_it_signs_out_only_by_post(db, client):
    make.user("zara")
    sign_in(client, "zara@example.com")
    assert client.get("/account/logout/").status_code == 200
    assert client.get("/account/").status_code == 200
    assert client.post("/account/logout/")["Location"] == "/account/login/"
    assert client.get("/account/").status_code == 302


def test_it_keeps_name_and_opens_another_shop(db, signed_in):
    zara = make.user("zara")
    client = signed_in(zara)
    assert client.post("/account/", {"name": "Zara A."}).status_code == 302
    zara.refresh_from_db()
    assert zara.name == "Zara A."
    assert client.post("/account/", {"name": ""}).status_code == 422
    assert client.post("/account/shops", {"shop-name": "Atelier Nord"})["Location"] == "/t/atelier-nord/overview"
    assert client.post("/account/shops", {"shop-name": " "}).status_code == 422


@pytest.mark.parametrize(("role", "place"), [("operator", "dashboard"), ("analyst", "dashboard")])
def test_staff_land_in_the_back_office(db, client, role, place):
    from django.urls import reverse

    make.user("sue", platform_role=role)
    assert sign_in(client, "sue@example.com")["Location"] == reverse(place)


def test_letters_are_text_and_html(db, client):
    client.post("/account/signup/", NEW)
    letter = mail.outbox[-1]
    html = next(body for body, mime in letter.alternatives if mime == "text/html")
    assert "/account/confirm-email/" in letter.body and 'href="http' in html and "example.com site" not in letter.body
