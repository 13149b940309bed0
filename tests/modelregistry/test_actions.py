"""The pages that change what serves: activate, undo, releases behind guardrails, uploads."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from modelregistry import guardrails, releases, versions
from tests.modelregistry.test_admin_api import packed
from tests.recommendations import shops

PLAN = {"shares": "5 25", "stage_hours": "24", "least_lists": "200", "ctr_loss": "20", "goes_on": "on", "reason": "try"}


def text(response: Any) -> str:
    assert response.status_code in {200, 422}, response.content[:500]
    return " ".join(response.content.decode().split())


@pytest.fixture
def operator(sam: Any, signed_in: Any) -> Client:
    return signed_in(sam)


def test_the_staff_activates_and_undoes_after_asking(acme: Any, operator: Client, register: Any) -> None:
    """R41: it says what changes, then who and when."""
    one, two = register(acme), register(acme)
    assert "One shop changes" in text(operator.get("/models/acme/1/activate"))
    for version in (one, two):
        page = text(operator.post(f"/models/acme/{version.number}/activate", {"reason": "good figures"}, follow=True))
        assert f"v{version.number} is in service since" in page
        assert "by Sam" in page
    move = acme.alias_moves.first()
    assert "in service already" in text(operator.post("/models/acme/2/activate", {"reason": "x"}, follow=True))
    assert "Another change came since" in text(operator.post("/models/acme/undo", {"move": move.pk - 1}, follow=True))
    assert "v1 is in service again." in text(operator.post("/models/acme/undo", {"move": move.pk}, follow=True))
    assert versions.champion(acme) == one
    assert operator.get("/models/acme/9/activate").status_code == 404
    assert operator.post("/models/none-such/undo").status_code == 404


def test_a_shop_undoes_its_own_change(acme: Any, ana: Any, ben: Any, register: Any, signed_in: Any) -> None:
    for version in (register(acme), register(acme)):
        versions.activate(version, by=ana)
    assert signed_in(ben).post("/t/acme/models/undo").status_code == 403
    assert "v1 is in service again." in text(signed_in(ana).post("/t/acme/models/undo", follow=True))


def test_a_shop_brings_a_version_in_behind_guardrails(acme: Any, ana: Any, register: Any, signed_in: Any) -> None:
    """R155, R43: from the form to the reason why it was taken back, every word explained."""
    one, two = register(acme), register(acme)
    versions.activate(one, by=ana)
    browser = signed_in(ana)
    assert "No release yet" in text(browser.get("/t/acme/models/release"))
    assert "Release behind guardrails" in text(browser.get("/t/acme/models/2"))
    refused = browser.post("/t/acme/models/2/release", {**PLAN, "stage_hours": "-1", "reason": ""})
    assert refused.status_code == 422
    page = text(browser.post("/t/acme/models/2/release", PLAN, follow=True))
    assert "Shadow: lists are made and logged, nobody sees them" in page
    assert "The first look comes within a minute" in page
    assert "on its way into service" in text(browser.post("/t/acme/models/2/release", PLAN))
    release = releases.of(acme)
    assert release
    assert "canary" in text(browser.post("/t/acme/models/release/advance", {"reason": "looks well"}, follow=True))
    releases.judge(release, guardrails.Sample(lists=90, errors=10), guardrails.Sample(lists=900))
    page = text(browser.get("/t/acme/models/release"))
    assert "A guardrail was broken" in page
    assert "10 of 100 lists failed" in page
    assert "10.0% of 100" in page
    assert 'role="tooltip"' in page
    assert "No release is under way." in text(browser.post("/t/acme/models/release/cancel", follow=True))
    assert versions.champion(acme) == one
    assert two.releases.get().state == "rolled_back"


def test_the_staff_sees_and_ends_a_release(
    acme: Any, operator: Client, pat: Any, register: Any, signed_in: Any
) -> None:
    one, two = register(acme), register(acme)
    versions.activate(one, by=None)
    assert operator.post("/models/acme/2/release", PLAN).status_code == 302
    assert "End it" in text(operator.get("/models/acme/release"))
    assert "End it" not in text(signed_in(pat).get("/models/acme/release"))
    assert "ended" in text(operator.post("/models/acme/release/cancel", {"reason": "later"}, follow=True))
    assert two.releases.get().conclusion == "later"


def test_the_staff_uploads_a_version(acme: Any, operator: Client) -> None:
    """R125: manual registration with upload and checks."""
    shops.stock(acme)
    shops.sell(acme)
    content = packed(shops.fit(acme))

    def send(name: str, body: bytes) -> Any:
        file = SimpleUploadedFile("model.zip", body)
        return operator.post("/models/upload", {"tenant": name, "file": file, "reason": "laboratory"}, follow=True)

    asked = text(operator.get("/models/upload?shop=acme"))
    assert "What is checked" in asked and 'name="tenant" value="acme"' in asked
    refused = send("none-such", content)
    assert refused.status_code == 422 and "No shop is called “none-such”." in refused.content.decode()
    assert "no whole zip archive" in text(send("acme", content[:-30]))
    assert "the file is v2. It passed its checks and serves nobody yet." in text(send("acme", content))
    assert "This file is v2 already" in text(send("acme", content))
    assert acme.audit_entries.get(action="version.registered").reason == "laboratory"
