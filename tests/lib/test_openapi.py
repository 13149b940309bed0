"""The published description: every operation, each once, with the shape of its errors (R52)."""

import time

import pytest


@pytest.fixture
def schema(db, client):
    return client.get("/api/schema").json()


def test_it_names_every_address_once(schema):
    assert not [path for path in schema["paths"] if path.endswith("/")]
    assert {"/api/limits/status"} <= set(schema["paths"])


def test_every_operation_says_how_errors_look(schema):
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict) and "responses" in operation:
                refers = operation["responses"]["401"]["$ref"].removeprefix("#/components/responses/")
                shape = schema["components"]["responses"][refers]["content"]["application/problem+json"]["schema"]
                assert shape == {"$ref": "#/components/schemas/Problem"}, f"{method} {path}"


def test_a_problem_is_as_it_is_described(schema, api):
    """Every key of every kind of answer that says no, and no other."""
    shape = set(schema["components"]["schemas"]["Problem"]["required"])
    asked = [
        ("get", "/api/v1/none", None), ("post", "/api/v1/recommendations", {"limit": 0}), ("put", "/api/v1/rules", {}),
    ]  # fmt: skip
    for method, path, body in asked:
        answer = api(method, path, body)
        assert answer.status_code >= 400
        assert set(answer.json()) == shape


def test_every_call_says_which_scope_it_needs_and_every_write_that_it_can_be_done_once(schema):
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert "Needs the scope `" in operation["description"], f"{method} {path}"
            writes = method != "get" and ":write`" in operation["description"]
            named = {each["name"] for each in operation.get("parameters", ())}
            assert ("Idempotency-Key" in named) == writes, f"{method} {path}"


def test_the_calls_of_the_staff_are_described_to_the_staff(schema, client, signed_in, pat):
    """A shop's developer finds the shop's calls, and no other."""
    assert not [path for path in schema["paths"] if path.startswith("/api/admin/")]
    assert client.get("/api/admin/schema").status_code == 401
    paths = signed_in(pat).get("/api/admin/schema").json()["paths"]
    assert paths and all(path.startswith("/api/admin/") for path in paths)


def test_it_is_made_once(client, db):
    """It takes a second to make: whoever asks again and again costs nothing."""
    client.get("/api/schema")
    begun = time.process_time()
    for _ in range(20):
        assert client.get("/api/schema").status_code == 200
    assert time.process_time() - begun < 1


def test_it_can_be_browsed(db, client):
    answer = client.get("/api/docs")
    assert answer.status_code == 200
    assert b"cdn" not in answer.content.lower(), "everything comes from here"
