"""The staff's API of versions: register by upload, list, activate, roll back, undo, figures, trainings."""

import hashlib
import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from modelregistry import versions
from modelregistry.models import ModelVersion
from tenants import work
from tests import make
from tests.recommendations import shops

BASE = "/api/admin/models"


def packed(version: ModelVersion, *, change: Any = None) -> bytes:
    """The version's folder as an archive; change(name, content) -> content, None leaves the member out."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for path in sorted((Path(settings.MODELS_DIR) / version.artifact_path).iterdir()):
            content = path.read_bytes()
            content = change(path.name, content) if change else content
            if content is not None:
                archive.writestr(path.name, content)
    return held.getvalue()


def upload(client: Client, content: bytes, **fields: str) -> Any:
    file = SimpleUploadedFile("model.zip", content, content_type="application/zip")
    return client.post(f"{BASE}/register", {"tenant": "acme", "file": file, **fields})


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(f"{BASE}/{path}", body, content_type="application/json")


@pytest.fixture
def operator(sam: Any, signed_in: Any) -> Client:
    return signed_in(sam)


@pytest.fixture
def shop(acme: Any) -> Any:
    shops.stock(acme)
    shops.sell(acme)
    return acme


def test_it_registers_a_file_lists_it_and_puts_it_into_service(shop: Any, operator: Client) -> None:
    """R30, R125: an artefact from elsewhere, verified, then chosen."""
    trained = shops.fit(shop)
    content = packed(trained)
    answer = upload(operator, content, sha256=hashlib.sha256(content).hexdigest(), reason="from the laboratory")
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["version"], told["origin"], told["aliases"]) == (2, "upload", [])
    assert told["counts"]["products"] == 16
    assert told["digest"] != trained.digest  # it says whose it is, and which number
    assert upload(operator, content).status_code == 409
    changed = post(operator, "activate", {"id": told["id"], "reason": "better"}).json()
    assert (changed["model_version"]["aliases"], changed["previous"], changed["reason"]) == (["champion"], 1, "better")
    assert post(operator, "activate", {"id": told["id"]}).status_code == 409
    said = make.Api(make.key(shop)).get("/api/v1/recommendations?customer_id=t-1").json()
    assert (said["model_version"], said["model_scope"], said["learnt_from"]) == ("v2", "shared", "upload")
    listed = operator.get(f"{BASE}/list/recommendation?tenant=acme").json()["versions"]
    assert [(row["version"], row["aliases"]) for row in listed] == [(2, ["champion"]), (1, [])]
    trail = shop.audit_entries.filter(action__startswith="version.").order_by("id")
    assert [(row.action, row.actor.email, row.reason) for row in trail] == [
        ("version.registered", "sam@example.com", "from the laboratory"),
        ("version.activated", "sam@example.com", "better"),
    ]


def test_it_goes_back_and_undoes(acme: Any, operator: Client, register: Any) -> None:
    """R30, R42."""
    one, two = register(acme), register(acme)
    assert post(operator, "rollback", {"tenant": "acme"}).status_code == 409
    for version in (one, two):
        assert post(operator, "activate", {"id": version.pk}).status_code == 200
    moment = timezone.now()
    back = post(operator, "rollback", {"tenant": "acme", "reason": "fewer clicks"}).json()
    assert (back["model_version"]["version"], back["previous"]) == (1, 2)
    assert post(operator, "undo", {"tenant": "acme", "change": back["change"] - 1}).status_code == 409
    again = post(operator, "undo", {"tenant": "acme", "change": back["change"]}).json()
    assert again["model_version"]["version"] == 2
    live = operator.get(f"{BASE}/list/recommendation", {"tenant": "acme", "at": moment.isoformat()}).json()["versions"]
    assert [row["version"] for row in live] == [2]
    before = (moment - timedelta(days=9)).isoformat()
    assert operator.get(f"{BASE}/list/recommendation", {"tenant": "acme", "at": before}).json() == {"versions": []}


def test_it_says_what_is_wrong(acme: Any, operator: Client, register: Any) -> None:
    """R30: unknown → 404, wrong → 400 with the field, conflict → 409; never a fault."""
    version = register(acme)
    for path in (
        "999999/metrics",
        "999999/training-status",
        "list/other?tenant=acme",
        f"{10**30}/metrics",
        "list/recommendation?tenant=none-such",
        "metrics-history/other?tenant=acme",
    ):
        assert operator.get(f"{BASE}/{path}").status_code == 404, path
    for path, body in (("activate", {"id": 999999}), ("rollback", {"tenant": "none-such"}), ("999999/train", {})):
        assert post(operator, path, body).status_code == 404, path
    for path, body, field in (
        ("activate", {}, "id"),
        ("activate", {"id": "1"}, "id"),
        ("activate", {"id": 1, "force": True}, "force"),
        ("rollback", {"tenant": 7}, "tenant"),
        ("undo", {"tenant": "acme"}, "change"),
        ("rollback", {"tenant": "acme", "reason": "x" * 301}, "reason"),
        ("track", {"id": version.pk, "metric": "ctr", "value": "much"}, "value"),
    ):
        answer = post(operator, path, body)
        assert answer.status_code == 400, path
        assert field in {error["field"] for error in answer.json()["errors"]}
    for path in (
        "list/recommendation",
        "performance?days=0",
        "metrics-history/recommendation?tenant=acme&days=x",
        "list/recommendation?tenant=acme&at=yesterday",
        "performance?verbose=1",
    ):
        assert operator.get(f"{BASE}/{path}").status_code == 400, path
    versions.retire(version, by=None)
    refused = post(operator, "activate", {"id": version.pk})
    assert (refused.status_code, refused.json()["code"]) == (409, "version_not_activatable")


def test_it_is_for_the_staff_alone(acme: Any, ana: Any, pat: Any, signed_in: Any, sam: Any, register: Any) -> None:
    """R30: no key and no tenant's person; a reader of the platform reads; a write needs the token."""
    version = register(acme)
    api = make.Api(make.key(acme))
    assert api.post(f"{BASE}/activate", {"id": version.pk}).status_code == 401
    assert signed_in(ana).get(f"{BASE}/list/recommendation?tenant=acme").status_code == 403
    reader = signed_in(pat)
    assert reader.get(f"{BASE}/list/recommendation?tenant=acme").status_code == 200
    assert post(reader, "activate", {"id": version.pk}).status_code == 403
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(sam, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert post(forged, "activate", {"id": version.pk}).status_code == 403
    assert versions.champion(acme) is None


def test_it_keeps_and_shows_figures(acme: Any, globex: Any, operator: Client, register: Any) -> None:
    """R30, R33: measured from outside and in the shop."""
    version = register(acme)
    now = timezone.now().replace(microsecond=0)
    sent = {"id": version.pk, "metric": "ctr", "value": 0.12, "sample_size": 900,
            "window_from": (now - timedelta(days=1)).isoformat(), "window_until": now.isoformat()}  # fmt: skip
    assert post(operator, "track", sent).json()["value"] == 0.12
    assert post(operator, "track", {**sent, "value": 0.14}).status_code == 201
    shown = operator.get(f"{BASE}/{version.pk}/metrics").json()
    assert [row["value"] for row in shown["metrics"]] == [0.14]
    assert shown["offline"] == {"ndcg@10": 0.1}
    history = operator.get(f"{BASE}/metrics-history/recommendation?tenant=acme&metric=ctr").json()["metrics"]
    assert [(row["version"], row["sample_size"]) for row in history] == [(1, 900)]
    acme.daily_performance.create(day=now.date(), version=1, impressions=200, clicks=30)
    rows = operator.get(f"{BASE}/performance").json()["rows"]
    assert [(row["tenant"], row["version"], row["ctr"]) for row in rows] == [("acme", 1, 0.15)]
    assert operator.get(f"{BASE}/performance?tenant=globex").json() == {"rows": []}
    assert acme.audit_entries.filter(action="version.measured").count() == 2


def test_it_trains_again(shop: Any, operator: Client) -> None:
    """R30: train, and how far it is."""
    version = shops.fit(shop)
    run = post(operator, f"{version.pk}/train", {})
    assert (run.status_code, run.json()["state"]) == (202, "queued")
    assert post(operator, f"{version.pk}/train", {}).status_code == 409
    work.run_due(tasks={"recommendations.train"})
    status = operator.get(f"{BASE}/{version.pk}/training-status").json()
    assert (status["made_by"], status["latest"]["state"], status["latest"]["version"]) == (None, "succeeded", 2)


def garble(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(("change", "reason"), [
    (lambda name, content: None if name == "manifest.json" else content, "needs one manifest"),
    (lambda name, content: garble(content) if name == "_packed.npy" else content, "bytes were changed"),
    (lambda name, content: content.replace(b'"until"', b'"untie"') if name == "manifest.json" else content, "digest"),
    (lambda name, content: b"{" if name == "manifest.json" else content, "cannot be read"),
    (lambda name, content: None if name == "_packed.npy" else content, "No such file"),
], ids=["no manifest", "a byte", "the manifest", "no JSON", "an array less"])  # fmt: skip
def test_it_refuses_a_file_that_is_not_whole(change: Any, reason: str, shop: Any, operator: Client) -> None:
    """R125: digest, format, dimensions, before anything is registered or stored."""
    answer = upload(operator, packed(shops.fit(shop), change=change))
    assert answer.status_code == 400, answer.content
    assert reason in answer.json()["detail"]
    assert shop.model_versions.count() == 1
    assert len(list((Path(settings.MODELS_DIR) / f"tenant_models/recommendation/{shop.pk}").iterdir())) == 1


def archive(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "/"), content)
    return held.getvalue()


def test_it_takes_no_program_and_no_foreign_path(acme: Any, operator: Client) -> None:
    """R85, R125: whatever the archive holds, nothing is executed and nothing lands elsewhere."""
    for content in (
        b"",
        b"PK",
        b"no archive",
        archive(**{"..__..__evil.npy": b"x", "manifest.json": b"{}"}),
        archive(**{"model.pkl": b"cos\nsystem\n", "manifest.json": b"{}"}),
        archive(**{"a.npy": b"\0" * 50_000_000, "manifest.json": b"{}"}),
        archive(**{"manifest.json": b"[" * 100_000}),
    ):
        answer = upload(operator, content)
        assert answer.status_code == 400, answer.content
    assert not acme.model_versions.exists()
    assert upload(operator, archive(**{"manifest.json": b"{}"}), sha256="0" * 64).json()["errors"][0]["field"] == "file"
    assert operator.post(f"{BASE}/register", {"tenant": "acme"}).status_code == 400


def test_it_refuses_a_model_of_another_shop(shop: Any, globex: Any, operator: Client, register: Any) -> None:
    """R125: a whole artefact of a stranger's catalogue and customers is not this shop's."""
    answer = upload(operator, packed(register(globex)))
    assert answer.status_code == 400
    assert "0 of its 6 products are in this shop's catalogue" in answer.json()["detail"]
    for name in (f"p{number}" for number in range(6)):
        make.product(shop, name)
    answer = upload(operator, packed(globex.model_versions.get()))
    assert "0 of its 8 customers" in answer.json()["detail"]
    assert not shop.model_versions.exists()
