"""A version whose files were let go gets them back by the same upload, and nothing else brings them."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from modelregistry import artifacts
from tests.modelregistry.test_admin_api import packed, post, upload
from tests.modelregistry.test_retention import aged, keeping, let_go, text
from tests.recommendations import shops


@pytest.fixture
def operator(sam: Any, signed_in: Any) -> Client:
    return signed_in(sam)


@pytest.fixture
def file(acme: Any, operator: Client) -> bytes:
    """What was uploaded as v2; v3 serves, and the files of v2 were let go."""
    shops.stock(acme)
    shops.sell(acme)
    content = packed(aged(acme, shops.fit(acme), 90))
    answer = upload(operator, content)
    assert answer.status_code == 201, answer.content
    aged(acme, acme.model_versions.get(number=2), 90)
    shops.fit(acme)
    with keeping(1, 30):
        let_go()
    assert acme.model_versions.get(number=2).state == "archived"
    return content


def lying(of: Any) -> list[Path]:
    return sorted((Path(settings.MODELS_DIR) / f"tenant_models/recommendation/{of.pk}").glob("2*"))


def test_the_same_file_brings_the_files_back(acme: Any, operator: Client, file: bytes) -> None:
    """R28, R125: same digest, audited, kept as long as a version that was made today, and it can serve."""
    gone = acme.model_versions.get(number=2)
    assert lying(acme) == []
    page = text(operator.get("/models/acme/2"))
    assert "uploaded again by the platform's staff, brings them back" in page
    refused = post(operator, "activate", {"id": gone.pk})
    assert "uploaded again by the platform's staff, brings them back." in refused.json()["detail"]
    answer = upload(operator, file, reason="needed again")
    assert answer.status_code == 201, answer.content
    assert (answer.json()["version"], answer.json()["digest"]) == (2, gone.digest)
    back = acme.model_versions.get(number=2)
    assert (back.state, back.files_removed_at, back.digest) == ("ready", None, gone.digest)
    entry = acme.audit_entries.get(action="version.files_returned")
    assert (entry.target, entry.reason, entry.details["digest"]) == ("v2", "needed again", gone.digest)
    assert upload(operator, file).status_code == 409
    with keeping(1, 30):
        let_go()
    assert len(lying(acme)) == 1
    assert post(operator, "activate", {"id": back.pk}).status_code == 200


def test_a_version_of_before_small_arrays_were_packed_gets_its_own_too(
    acme: Any, operator: Client, file: bytes, tmp_path: Path
) -> None:
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        archive.extractall(tmp_path / "uploaded")
    loaded = artifacts.load(tmp_path / "uploaded", tenant=str(acme.pk))
    of_then = artifacts.save(
        tmp_path, tenant=str(acme.pk), model=loaded.model, version=2, arrays=loaded.arrays, manifest=loaded.manifest,
        is_packed=False,
    )  # fmt: skip
    acme.model_versions.filter(number=2).update(digest=of_then.digest)
    answer = upload(operator, file)
    assert answer.status_code == 201, answer.content
    assert (answer.json()["version"], answer.json()["digest"]) == (2, of_then.digest)
    assert len(lying(acme)) == 1
    assert post(operator, "activate", {"id": acme.model_versions.get(number=2).pk}).status_code == 200


def test_a_version_that_was_changed_since_stays_without_files(acme: Any, operator: Client, file: bytes) -> None:
    """R125: a person was erased from it before its files went: the old file would bring the person back."""
    acme.model_versions.filter(number=2).update(digest="0" * 64)
    answer = upload(operator, file)
    assert answer.status_code == 409
    assert "a person was erased from it. Train again." in answer.json()["detail"]
    assert lying(acme) == []
    assert acme.model_versions.get(number=2).state == "archived"


def test_a_version_that_was_taken_out_does_not_come_back(acme: Any, operator: Client, file: bytes) -> None:
    acme.model_versions.filter(number=2).update(state="retired")
    answer = upload(operator, file)
    assert (answer.status_code, lying(acme)) == (409, [])
    assert "This file is v2, which is retired" in answer.json()["detail"]
