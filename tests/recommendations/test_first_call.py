"""A shop's first call in a process: what it asks the database, and nothing that only a damaged model would need."""

from typing import Any

from django.conf import settings
from django.db import connection

from recommendations import candidates, suppression
from tenants import api_keys
from tests.recommendations import shops


def asked(api: Any) -> list[str]:
    """The statements of one call."""
    found: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        found.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        answer = api.get("/api/v1/recommendations?customer_id=t-1")
    assert answer.status_code == 200, answer.content
    return found


def forget() -> None:
    candidates.forget()
    suppression.forget()
    api_keys.known.rows.clear()


def test_it_is_two_transactions_of_few_statements(acme: Any, api: Any) -> None:
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    forget()
    first = asked(api)
    assert len(first) <= 16, first
    assert sum("enter_tenant" in one for one in first) == 2
    assert not any("aliasmove" in one for one in first)  # what could serve instead of a model that is whole
    assert asked(api) == []


def test_another_process_of_a_warm_shop_needs_one_transaction(acme: Any, api: Any) -> None:
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    asked(api)
    forget()
    again = asked(api)
    assert len(again) <= 12, again
    assert sum("enter_tenant" in one for one in again) == 1


def test_a_small_model_is_two_files(acme: Any, api: Any) -> None:
    shops.stock(acme)
    shops.sell(acme)
    version = shops.fit(acme)
    names = {path.name for path in (settings.MODELS_DIR / version.artifact_path).iterdir()}
    assert names == {"manifest.json", "_packed.npy"}
    assert candidates.load(acme.pk, version)[0].products is not None
