"""The secret key is changed: everything that it sealed is sealed anew, and what was made with it stays as it was."""

import io
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections
from django.db.models import TextField

from anomalies.channels import setup as channels
from luxebrain.lib import sealed
from recommendations import common_votes, endpoints, suppression
from recommendations.importing import feeds, tidying
from tenants import outgoing, platform_key, resealing
from tenants.models import AuditEntry, PlatformKey
from tests import make

NEW = "a-newer-key-of-the-platform-0123456789-abcdef"
RECEIVER = "https://receiver.example/hook"


@pytest.fixture(autouse=True)
def forgotten() -> Any:
    platform_key.of_digests.cache_clear()
    yield
    platform_key.of_digests.cache_clear()


def change_the_key(settings: Any, *, keep: bool = True) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if keep else []
    settings.SECRET_KEY = NEW
    platform_key.of_digests.cache_clear()  # every process is started anew


def reseal() -> str:
    said = io.StringIO()
    call_command("reseal", stdout=said)
    return said.getvalue()


@pytest.fixture
def shop(acme: Any, ana: Any) -> Any:
    """With one secret of every kind."""
    with make.inside(acme) as entered:
        webhook = endpoints.open(entered, source="woocommerce", by="test")
        endpoints.rotate(webhook, by="test")
        outgoing.open(entered, url=RECEIVER, by=ana)
        feeds.add(entered, url="https://shop.example/feed.csv?token=f", schedule="daily", by=ana)
        suppression.add(entered, "c:gone")
        credentials = sealed.seal("{}", purpose="store-connection")
        entered.store_connections.create(source="shopify", sealed_credentials=credentials)
        subject = sealed.seal('["gone", []]', purpose="erasure subject")
        entered.privacy_requests.create(kind="erasure", digest="d", sealed_subject=subject)
    return acme


def secrets_of(row: Any) -> list[Any]:
    return [
        sealed.unseal(getattr(row, field.name), purpose=field.purpose)
        for field in row._meta.local_fields
        if isinstance(field, sealed.SealedField) and getattr(row, field.name)
    ]


def everything() -> dict[str, list[Any]]:
    found = {}
    for model in apps.get_models():
        if any(isinstance(field, sealed.SealedField) for field in model._meta.local_fields):
            rows = model._base_manager.using("ops").order_by("pk")
            found[model.__name__] = [secrets_of(row) for row in rows]
    return found


def test_after_it_the_older_key_can_go(shop: Any, ana: Any, settings: Any) -> None:
    channels.save(None, kind="webhook", name="Pager", url=RECEIVER, by=ana)
    for kind, data in (("totp", {"secret": "JBSWY3DP"}), ("recovery_codes", {"seed": "ab12", "used_mask": 5})):
        held = {key: get_adapter().encrypt(text) if isinstance(text, str) else text for key, text in data.items()}
        Authenticator.objects.create(user=ana, type=kind, data=held)
    pseudonym, words = tidying.pseudonym(shop.pk, "zara@example.com"), common_votes.key()
    before = everything()
    assert not [name for name, rows in before.items() if not any(rows)], "of every kind there is one"

    change_the_key(settings)
    said = reseal()
    assert "WebhookEndpoint.sealed_secret: 1 renewed, 0 were new, 0 cannot be read" in said
    assert "second factors: 2 renewed" in said
    settings.SECRET_KEY_FALLBACKS = []
    platform_key.of_digests.cache_clear()

    assert everything() == before
    kept = {one.type: one.data for one in Authenticator.objects.all()}
    assert get_adapter().decrypt(kept["totp"]["secret"]) == "JBSWY3DP"
    assert (get_adapter().decrypt(kept["recovery_codes"]["seed"]), kept["recovery_codes"]["used_mask"]) == ("ab12", 5)
    assert (tidying.pseudonym(shop.pk, "zara@example.com"), common_votes.key()) == (pseudonym, words)
    assert "renewed" not in reseal().replace(" 0 renewed", "")
    trail = AuditEntry.objects.using("ops").filter(action="secrets.reseal").order_by("pk")
    assert [one.details["renewed"] > 0 for one in trail] == [True, False]


def test_it_says_what_cannot_be_read_and_leaves_it(shop: Any, settings: Any) -> None:
    platform_key.of_digests()
    before = shop.webhook_endpoints.values().get(), PlatformKey.objects.values().get()
    change_the_key(settings, keep=False)
    with pytest.raises(CommandError, match="keep every key that was in use"):
        reseal()
    assert (shop.webhook_endpoints.values().get(), PlatformKey.objects.values().get()) == before


def test_it_goes_on_where_it_was_cut_off(shop: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row by row, each for itself: more rows than are held at a time."""
    monkeypatch.setattr(resealing, "AT_ONCE", 2)
    for _ in range(4):
        endpoints.open(shop, source="generic", by="test")
    change_the_key(settings)
    held = dict(resealing.everything())
    assert held["recommendations.WebhookEndpoint.sealed_token"] == {"renewed": 5, "new": 0, "unreadable": 0}
    assert dict(resealing.everything())["recommendations.WebhookEndpoint.sealed_token"]["new"] == 5


def test_people_stay_signed_in_meanwhile(ana: Any, acme: Any, signed_in: Any, settings: Any) -> None:
    client = signed_in(ana)
    change_the_key(settings)
    assert client.get("/t/acme/overview").status_code == 200


def test_the_application_makes_the_platforms_key_and_never_changes_it(db: None) -> None:
    assert platform_key.of_digests() == platform_key.of_digests()
    for statement in ("update tenants_platformkey set sealed = 'x'", "delete from tenants_platformkey"):
        with pytest.raises(DatabaseError, match="permission denied"), connections["default"].cursor() as cursor:
            cursor.execute(statement)


def test_every_sealed_column_is_found() -> None:
    """A column that holds a sealed text says so, with its purpose; otherwise its rows would be lost with the key."""
    named = [
        field
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, TextField) and field.name.startswith("sealed")
    ]
    assert len(named) >= 10
    assert not [str(field) for field in named if not getattr(field, "purpose", "")]
