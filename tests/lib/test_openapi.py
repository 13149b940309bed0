"""The published description: every operation, each once, with the shape of its errors (R52)."""

import pytest


@pytest.fixture
def schema(db, client):
    return client.get("/api/schema", headers={"accept": "application/vnd.oai.openapi+json"}).json()


def test_it_names_every_address_once(schema):
    assert not [path for path in schema["paths"] if path.endswith("/")]
    assert {"/api/limits/status"} <= set(schema["paths"])


def test_every_operation_says_how_errors_look(schema):
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict) and "responses" in operation:
                shape = operation["responses"]["401"]["content"]["application/problem+json"]["schema"]
                assert shape == {"$ref": "#/components/schemas/Problem"}, f"{method} {path}"


def test_it_can_be_browsed(db, client):
    answer = client.get("/api/docs")
    assert answer.status_code == 200
    assert b"cdn" not in answer.content.lower(), "everything comes from here"
