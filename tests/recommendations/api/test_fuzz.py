"""The API against its own published description: generated calls, right and wrong, through the whole middleware.

A bounded run in CI, always the same calls. LUX_FUZZ_EXAMPLES makes it longer, and each run other (`make fuzz`).
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from luxebrain.lib import redis
from luxebrain.wsgi import application
from tests import make

EXAMPLES = int(os.environ.get("LUX_FUZZ_EXAMPLES", 0))
KNOWN = {"external_id": "known", "product_id": "known"}
asked: Counter[int] = Counter()


def wrong_data_is_refused(ctx: Any, response: Any, case: Any) -> bool | None:
    """What the description does not allow is refused; of many rows, each by itself."""
    body = response.json() if response.status_code in {200, 202} and response.content[:1] == b"{" else {}
    if "refused" in body:
        assert body["refused"] or not case.meta.generation.mode.is_negative or _is_elsewhere(case)
        return None
    if response.status_code == 413 or _is_a_form_of_no_text(case):
        return None
    return negative_data_rejection(ctx, response, case)


def _is_a_form_of_no_text(case: Any) -> bool:
    """A field of a form is text whatever it was before: null is sent as the name "null"."""
    is_form = case.media_type == "multipart/form-data" and isinstance(case.body, dict)
    return is_form and not all(isinstance(value, (str, bytes)) for value in case.body.values())


def _is_elsewhere(case: Any) -> bool:
    """Whether the body is right, and something else is wrong (that other checks look at)."""
    body = next((part for where, part in case.meta.components.items() if where.name == "BODY"), None)
    return body is None or not body.mode.is_negative


def nothing_undescribed(ctx: Any, response: Any, case: Any) -> None:
    """What is answered has no field that the description does not name."""
    root = case.operation.schema.raw_schema
    found = _resolved(root, case.operation.definition.raw["responses"].get(str(response.status_code), {}))
    content = found.get("content", {}).get(response.headers.get("content-type", [""])[0].split(";")[0], {})
    if "schema" in content and response.content[:1] == b"{":
        assert not (more := _surplus(root, response.json(), content["schema"], "")), more


def _resolved(root: Any, schema: Any) -> Any:
    while "$ref" in schema:
        schema = root["components"][schema["$ref"].split("/")[2]][schema["$ref"].split("/")[3]]
    return schema


def _surplus(root: Any, value: Any, schema: Any, at: str) -> list[str]:
    """The places that no alternative of the schema names."""
    schema = _resolved(root, schema)
    for several in ("oneOf", "anyOf", "allOf"):
        if several in schema:
            return min((_surplus(root, value, one, at) for one in schema[several]), key=len)
    if isinstance(value, list):
        return [place for one in value for place in _surplus(root, one, schema.get("items", {}), f"{at}[]")]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    named = schema["properties"]
    more = [f"{at}.{name}" for name in value if name not in named and not schema.get("additionalProperties")]
    inside = [_surplus(root, one, named[name], f"{at}.{name}") for name, one in value.items() if name in named]
    return more + [place for places in inside for place in places]


CHECKS = [
    nothing_undescribed,
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    wrong_data_is_refused,
    ignored_auth,
]


@pytest.fixture
def secret(db: None) -> Iterator[str]:
    """The key of a shop with a row of each kind."""
    shop = make.tenant("fuzzed", plan="enterprise")
    make.product(shop, "known")
    make.order(shop, ["known"], external_id="known", customer=make.customer(shop, "known"))
    yield make.key(shop)
    print(f"asked so far: {sum(asked.values()):,} calls, {dict(sorted(asked.items()))}")


def operations() -> dict[str, Any]:
    """Every operation of the description, by its name."""
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    described = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True), config=config)
    described.app = application
    found = [result.ok() for result in described.get_all_operations()]
    return {operation.definition.raw["operationId"]: operation for operation in found}


ALL = operations()


@pytest.mark.parametrize("name", ALL)
def test_it_answers_as_it_says(name: str, secret: str) -> None:
    """Promise 13; R48, R50, R54, R56: no fault, no undocumented answer, nothing wrong is taken."""

    def ask(case: Any) -> None:
        redis.client().flushdb()  # generated calls come faster than a plan allows
        if case.meta is None or not case.meta.generation.mode.is_negative:
            for parameter in KNOWN.keys() & (case.path_parameters or {}).keys():
                if len(str(case.path_parameters[parameter])) % 2:
                    case.path_parameters[parameter] = KNOWN[parameter]
            if "Idempotency-Key" in case.headers and sum(asked.values()) % 4:
                case.headers["Idempotency-Key"] = f"call-{sum(asked.values())}"  # most are new, some come again
        headers = {"Authorization": f"Bearer {secret}"}
        response = case.call(headers=headers)
        asked[response.status_code] += 1
        case.validate_response(response, checks=CHECKS, headers=headers)

    operation = ALL[name]
    config = HypothesisTestConfig(
        project=operation.schema.config,
        modes=list(HypothesisTestMode),
        explicit_settings=settings(
            max_examples=EXAMPLES or 12,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
            suppress_health_check=list(HealthCheck),
        ),
    )
    create_test(operation=operation, test_func=ask, config=config)()
