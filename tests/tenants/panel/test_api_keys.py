"""The panel's API keys: shown once, bound to sites, rotated with both live, revoked at once."""

import re
import shlex
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from luxebrain.lib import logs
from tests import make

NEW = {"name": "Shop server", "kind": "sk", "mode": "live", "preset": "shop", "expires": ""}
SECRET = re.compile(r"lb_(?:live|test)_(?:sk|pk)_[A-Za-z0-9_-]{43}[0-9A-Z]{6}")


def secret_in(answer) -> str:
    assert answer.status_code == 200
    return SECRET.search(answer.text).group()


def status(secret: str, **headers: str) -> int:
    return make.Api(secret).get("/api/limits/status", **headers).status_code


def test_it_shows_a_secret_once_and_keeps_it_nowhere(acme, ana, signed_in):
    """R10 and the promise of the page: no page, log, audit line or table holds the secret afterwards."""
    make.product(acme, "p-1")
    client = signed_in(ana)
    answer = client.post("/t/acme/api-keys/new", NEW)
    secret = secret_in(answer)
    assert "no-store" in answer["Cache-Control"]
    assert status(secret) == 200
    page = client.get("/t/acme/api-keys").text
    assert secret[:15] in page and secret[-4:] in page and secret not in page
    for path in ("/t/acme/api-keys/new", "/t/acme/team", "/t/acme/usage", "/t/acme/settings", "/account/"):
        assert secret not in client.get(path).text
    logs.get(__name__).warning("the log is written", prefix=secret[:15])
    written = (Path(settings.LOGS_DIR) / "luxebrain.log").read_text()
    assert secret[:15] in written and secret not in written
    assert not tables_with(secret)
    assert tables_with(secret[:15])  # the scan does find what is there


def tables_with(text: str) -> list[str]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
        )
        names = [row[0] for row in cursor.fetchall()]
        found = []
        for name in names:
            cursor.execute(f"select 1 from {name} t where strpos(t::text, %s) > 0 limit 1", [text])
            if cursor.fetchone():
                found.append(name)
    return found


def test_the_quick_start_can_be_pasted(acme, ana, signed_in):
    """Every command on the page works as it is printed, with this key and the shop's own product."""
    make.product(acme, "o'neil & söhne")
    answer = signed_in(ana).post("/t/acme/api-keys/new", NEW)
    commands = re.findall(r"<code>(curl .*?)</code>", answer.text, re.DOTALL)
    assert len(commands) == 5
    import html

    for command in commands:
        run(html.unescape(command))


def run(command: str) -> None:
    words = shlex.split(command.replace("\\\n", " "))
    address = urlsplit(words[1])
    assert f"{address.scheme}://{address.netloc}" == settings.BASE_URL
    headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
    client, path = Client(), f"{address.path}?{address.query}"
    if "-d" in words:
        method = words[words.index("-X") + 1] if "-X" in words else "POST"
        answer = getattr(client, method.lower())(
            path, words[words.index("-d") + 1], content_type=headers.pop("Content-Type"), headers=headers
        )
    else:
        answer = client.get(path, headers=headers)
    if answer.status_code == 404 and not answer.headers.get("Content-Type", "").startswith("application/problem"):
        pytest.fail(f"no such route: {path}")
    assert answer.status_code in (200, 202), (command, answer.content)


def test_a_publishable_key_is_bound_to_its_sites(acme, ana, signed_in):
    form = {**NEW, "kind": "pk", "origins": "https://Shop.example/\nhttp://localhost:8001"}
    answer = signed_in(ana).post("/t/acme/api-keys/new", form)
    secret = secret_in(answer)
    assert "luxebrain.js" in answer.text
    key = acme.api_keys.get()
    assert key.origins == ["https://shop.example", "http://localhost:8001"]
    assert key.scopes == ["recommendations:read", "events:write"]
    post = lambda **headers: make.Api(secret).post(
        "/api/v1/events", {"type": "view", "session_id": "s", "product_id": "p"}, **headers
    )
    assert post(origin="https://shop.example").status_code != 403
    assert post(origin="https://evil.example").json()["code"] == "origin_not_allowed"
    assert post().json()["code"] == "origin_not_allowed"
    assert status(secret, origin="https://shop.example") == 403  # not its scope


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "pk", "origins": ""}, "at least one origin"),
        ({"kind": "pk", "origins": "shop.example"}, "such as https://shop.example"),
        ({"kind": "pk", "origins": "https://shop.example/path"}, "such as https://shop.example"),
        ({"kind": "pk", "origins": "*"}, "such as https://shop.example"),
        ({"preset": "custom"}, "at least one right"),
        ({"preset": "custom", "scopes": ["everything"]}, "not one of the available choices"),
        ({"name": " "}, "required"),
        ({"mode": "prod"}, "not one of the available choices"),
    ],
)
def test_it_says_what_is_wrong(acme, ana, signed_in, change, words):
    answer = signed_in(ana).post("/t/acme/api-keys/new", {**NEW, **change})
    assert answer.status_code == 422 and words in answer.text and not acme.api_keys.exists()


def test_it_keeps_to_the_plan(db, signed_in):
    shop = make.tenant("tiny", plan="free")  # two keys
    owner = make.member(shop, "olga")
    make.key(shop), make.key(shop)
    answer = signed_in(owner).post("/t/tiny/api-keys/new", NEW)
    assert answer.status_code == 422 and "allows 2 keys" in answer.text


def test_a_chosen_scope_is_all_a_key_has(acme, ana, signed_in):
    form = {**NEW, "preset": "custom", "scopes": ["catalogue:read"], "mode": "test", "expires": "7"}
    secret = secret_in(signed_in(ana).post("/t/acme/api-keys/new", form))
    assert secret.startswith("lb_test_sk_") and status(secret) == 403
    key = acme.api_keys.get()
    assert key.scopes == ["catalogue:read"] and abs(key.expires_at - timezone.now() - timedelta(days=7)) < timedelta(
        minutes=1
    )


def test_rotation_leaves_both_live_until_the_grace_is_over(acme, ana, signed_in):
    client = signed_in(ana)
    old = secret_in(client.post("/t/acme/api-keys/new", NEW))
    key = acme.api_keys.get()
    assert client.get(f"/t/acme/api-keys/{key.pk}/rotate").status_code == 200
    new = secret_in(client.post(f"/t/acme/api-keys/{key.pk}/rotate", {"grace": "24"}))
    assert new != old and status(old) == status(new) == 200
    key.refresh_from_db()
    assert timedelta(hours=23) < key.expires_at - timezone.now() <= timedelta(hours=24)
    assert acme.api_keys.get(last4=new[-4:]).replaces_id == key.pk
    assert "Ends soon" in client.get("/t/acme/api-keys").text


def test_rotation_now_ends_the_old_key_at_once(acme, ana, signed_in):
    client = signed_in(ana)
    old = secret_in(client.post("/t/acme/api-keys/new", NEW))
    assert status(old) == 200
    key = acme.api_keys.get()
    new = secret_in(client.post(f"/t/acme/api-keys/{key.pk}/rotate", {"grace": "0"}))
    assert (status(old), status(new)) == (401, 200)
    again = client.post(f"/t/acme/api-keys/{key.pk}/rotate", {"grace": "0"})
    assert again.status_code == 422 and "not in use any more" in again.text


def test_a_revoked_key_is_refused_at_once(acme, ana, signed_in):
    client = signed_in(ana)
    secret = secret_in(client.post("/t/acme/api-keys/new", NEW))
    assert status(secret) == 200
    key = acme.api_keys.get()
    assert "cannot be undone" in client.get(f"/t/acme/api-keys/{key.pk}/revoke").text  # asks first
    assert status(secret) == 200
    done = client.post(f"/t/acme/api-keys/{key.pk}/revoke", follow=True)
    assert "refused from now on" in done.text and status(secret) == 401
    assert "already revoked" in client.post(f"/t/acme/api-keys/{key.pk}/revoke", follow=True).text
    assert list(acme.audit_entries.order_by("id").values_list("action", flat=True)) == [
        "api_keys.issue",
        "api_keys.revoke",
    ]


def test_an_expired_key_is_refused(acme, api):
    assert api.get("/api/limits/status").status_code == 200
    acme.api_keys.update(expires_at=timezone.now() - timedelta(seconds=1))
    from tenants import epochs

    epochs.bump_now(acme.pk, "keys")
    assert api.get("/api/limits/status").status_code == 401


def test_roles(acme, ana, ben, dev, gil, signed_in):
    make.key(acme)
    key = acme.api_keys.get()
    paths = [
        "/t/acme/api-keys",
        "/t/acme/api-keys/new",
        f"/t/acme/api-keys/{key.pk}/rotate",
        f"/t/acme/api-keys/{key.pk}/revoke",
    ]
    for person, code in ((ana, 200), (dev, 200), (ben, 403), (gil, 404)):
        client = signed_in(person)
        assert [client.get(path).status_code for path in paths] == [code] * 4
    for person, code in ((ben, 403), (gil, 404)):
        client = signed_in(person)
        assert [client.post(path, NEW).status_code for path in paths[1:]] == [code] * 3
    assert Client().get(paths[0]).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is None and acme.api_keys.count() == 1


def test_a_strangers_key_is_not_found(acme, globex, ana, signed_in):
    make.key(globex)
    other = globex.api_keys.get()
    client = signed_in(ana)
    assert client.post(f"/t/acme/api-keys/{other.pk}/revoke").status_code == 404
    assert client.post(f"/t/acme/api-keys/{other.pk}/rotate", {"grace": "0"}).status_code == 404
    other.refresh_from_db()
    assert other.revoked_at is None


def test_the_site_that_is_proposed_is_taken(acme, ana, signed_in):
    """A website with a path is no site of a key: proposed as it is, the form would refuse its own words."""
    acme.website = "https://shop.example/uk/home"
    acme.save()
    page = signed_in(ana).get("/t/acme/api-keys/new").text
    assert ">\nhttps://shop.example</textarea>" in page
