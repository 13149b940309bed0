"""Every call that the guides show is made as it stands there, over HTTP (D12)."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from recommendations.api import examples
from tests import make
from tests.recommendations.api.test_webhooks import Shop

DOCS = Path(settings.BASE_DIR) / "docs"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
_CALL = re.compile(r"^(GET|POST|PATCH|PUT|DELETE) +(/api/\S+)\s*(\{.*?\})?\s*$(?!\n )", re.M | re.S)


def blocks(page: str, language: str = "") -> list[str]:
    return [text for kind, text in _BLOCK.findall((DOCS / page).read_text()) if kind == language]


def calls(page: str) -> list[tuple[str, str, Any]]:
    """(method, path, body) of what stands there as METHOD /path {…}."""
    found = [call for block in blocks(page) for call in _CALL.findall(block)]
    return [(method, path, json.loads(body) if body else None) for method, path, body in found]


def curls() -> list[list[str]]:
    """The words of each curl command."""
    texts = [block.replace("\\\n", " ") for block in blocks("storefront.md", "sh")]
    return [shlex.split(line) for text in texts for line in text.splitlines() if line.startswith("curl ")]


@pytest.fixture
def shop(acme: Any) -> Any:
    """What the examples take for granted."""
    make.product(acme, "tea-1")
    make.product(acme, "85123A", price="20.00")
    make.customer(acme, "c-1")
    acme.audiences.create(pk=17, name="Seventeen", asked={"kind": "all"})
    acme.rules.create(pk=17, name="Seventeen", action="exclude", products=["tea-1"])
    return acme


def test_there_are_examples() -> None:
    assert len(curls()) >= 3 and len(calls("control.md")) == 5 and len(calls("lists.md")) == 1


@pytest.mark.parametrize("page", ["control.md", "lists.md"])
def test_its_calls_are_answered(page: str, shop: Any, api: Any) -> None:
    for method, path, body in calls(page):
        answer = api(method, path, body)
        assert answer.status_code in {200, 201, 204}, (method, path, answer.content)


def test_its_commands_are_answered(shop: Any, api: Any) -> None:
    for words in curls():
        answer = run(api, words)
        assert answer.status_code in {200, 201, 202}, (words, answer.content)
        if "Retry-After" in answer:
            assert answer.json()["status_url"] == answer["Location"]


def run(api: Any, words: list[str]) -> Any:
    """The command as curl understands it, with a key that works."""
    rest = iter(words[1:])
    headers, form, body, path = {}, {}, None, ""
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name.lower()] = value
        elif word == "-F":
            name, _, value = next(rest).partition("=")
            form[name] = SimpleUploadedFile(value[1:], b"customer_id\nc-1\nc-2\n") if value[0] == "@" else value
        elif word == "-d":
            body = json.loads(next(rest))
        elif word.startswith("http"):
            path = "/" + word.split("/", 3)[3]
        else:
            pytest.fail(f"a word of curl that is not known here: {word}")
    assert headers.pop("authorization").startswith("Bearer lb_live_sk_")
    if form:
        headers["authorization"] = f"Bearer {api.secret}"
        return api.client.post(path, form, headers=headers)
    if body is None:
        return api.get(path, **headers)
    assert headers.pop("content-type") == "application/json"
    return api.post(path, body, **headers)


def test_its_refusal_is_the_one_that_is_answered(acme: Any, api: Any) -> None:
    (shown,) = [json.loads(block) for block in blocks("storefront.md", "json")]
    answer = api.post("/api/v1/recommendations", {"boosts": [{"filter": "brand = 1", "factor": 2}]}).json()
    assert answer | {"request_id": shown["request_id"]} == shown


@pytest.mark.parametrize("topic", ["order-created", "customer-updated", "product-updated"])
def test_own_software_is_understood_by_both_ways(topic: str, acme: Any, api: Any) -> None:
    """The table of connections: one row as in the API, signed or with a key."""
    (one, *_) = examples.sending(f"{topic.split('-')[0]}s")
    assert Shop(acme, "generic").own(topic, one.value).status_code == 200
    assert api.post(f"/api/v1/webhooks/{topic}", one.value).status_code == 202


def test_every_fault_of_a_field_has_a_code_that_is_told() -> None:
    """The page names the codes that programs may meet."""
    page = (DOCS / "storefront.md").read_text()
    for code in ("required", "unknown", "type", "range", "format", "choice", "too_long", "too_many", "conflict",
                 "expression", "invalid"):  # fmt: skip
        assert f"`{code}`" in page
