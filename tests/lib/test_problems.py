"""Problems: one shape for every error that a person or program may see (R56, R93)."""

import json

import pytest
from django.test import RequestFactory

from luxebrain.lib import problems


@pytest.fixture
def request_():
    request = RequestFactory().get("/api/x")
    request.request_id = "req_1"
    return request


def test_it_says_what_where_and_how_to_ask_about_it(request_):
    fault = problems.Problem("Some fields are not right.", fields={"limit": "1 to 100."}, headers={"X-More": "1"})
    answer = problems.answer(request_, fault)
    body = json.loads(answer.content)
    assert (answer.status_code, answer["Content-Type"], answer["X-More"]) == (400, "application/problem+json", "1")
    assert body["errors"] == [{"field": "limit", "code": "invalid", "message": "1 to 100."}]
    assert body["error"] == {"code": "invalid", "message": body["detail"], "fields": {"limit": "1 to 100."}}
    assert (body["request_id"], body["status"], body["title"]) == ("req_1", 400, "Bad request")
    assert body["type"].endswith("/invalid")


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (problems.NotFound, 404, "not_found"),
        (problems.Conflict, 409, "conflict"),
        (problems.Forbidden, 403, "forbidden"),
        (problems.Unauthenticated, 401, "unauthenticated"),
        (problems.PlanLimit, 402, "plan_limit"),
        (problems.Unavailable, 503, "unavailable"),
    ],
)
def test_it_carries_its_status(request_, problem, status, code):
    answer = problems.answer(request_, problem("No."))
    assert (answer.status_code, json.loads(answer.content)["code"]) == (status, code)


def test_it_can_be_more_special_than_its_class():
    fault = problems.Forbidden("No.", code="tenant_suspended")
    assert (fault.status, fault.code, problems.Forbidden.code) == (403, "tenant_suspended", "forbidden")


def test_it_says_when_to_come_back():
    assert problems.Unavailable("Later.").headers == {"Retry-After": "2"}
    assert problems.Unavailable("Later.", retry_after=9).headers == {"Retry-After": "9"}
