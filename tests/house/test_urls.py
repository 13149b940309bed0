"""Every route against every audience. Routes are found by walking, so none can be forgotten (R91)."""

import pytest

from tenants.access import PLATFORM_RIGHTS, RIGHTS
from tests import make
from tests.house import routes

NO_RIGHT, STRANGER = 403, 404
FOUND = {200, 302, 303, 404, 405, 400, 422}  # whoever may enter meets an answer; nobody meets a 500


@pytest.fixture
def people(acme, globex, ana, ben, dev, gil, sam, pat, signed_in):
    """name → (client, right-holder's rights in acme or on the platform)."""
    from django.test import Client

    return {
        "nobody": Client(raise_request_exception=False),
        **{person.name.lower(): signed_in(person) for person in (ana, ben, dev, gil, sam, pat)},
    }


ROLES = {"ana": "owner", "ben": "analyst", "dev": "developer"}
STAFF = {"sam": "operator", "pat": "analyst"}


def is_sign_in(answer):
    return answer.status_code == 302 and "/account/login/" in answer["Location"]


def test_every_route_says_for_whom_it_is():
    """A view without an audience does not get in."""
    silent = [f"/{route.pattern}" for route in routes.ALL if route.audience is None]
    assert not silent


def test_every_right_that_a_route_asks_for_exists():
    rights = frozenset().union(*RIGHTS.values(), *PLATFORM_RIGHTS.values())
    unknown = [route.pattern for route in routes.of("tenant", "staff") if route.audience[1] not in rights]
    assert not unknown


def test_every_right_is_asked_for_somewhere():
    asked = {route.audience[1] for route in routes.of("tenant", "staff")}
    assert frozenset().union(*PLATFORM_RIGHTS.values()) - asked == set()


def test_no_route_shadows_another():
    """R91: the first pattern wins, so no later one may be out of reach."""
    from django.urls import resolve

    shadowed = []
    for route in routes.ALL:
        if {"(", "^"} & set(route.pattern):
            continue
        path = route.path(slug="acme") if route.pattern.startswith("t/") else route.path()
        if resolve(path).route != route.pattern:
            shadowed.append((route.pattern, resolve(path).route))
    assert not shadowed


def test_a_shops_pages_open_for_its_people_by_their_role(people):
    """R9: a stranger cannot tell a shop from one that does not exist."""
    wrong = []
    for route in routes.of("tenant"):
        path, right = route.path(slug="acme"), route.audience[1]
        if not is_sign_in(people["nobody"].get(path)):
            wrong.append(f"{path} as nobody")
        for name in ("gil", "sam", "pat"):
            got = people[name].get(path).status_code
            if got != STRANGER:
                wrong.append(f"{path} as {name}: {got}")
        for name, role in ROLES.items():
            got = people[name].get(path).status_code
            may = right in RIGHTS[role]
            if (may and not well(route, got)) or (not may and got not in {NO_RIGHT, 405}):
                wrong.append(f"{path} as {role} ({'may' if may else 'may not'} {right}): {got}")
    assert not wrong, "\n".join(wrong)


def test_a_shops_forms_refuse_a_role_without_the_right(people):
    """Posting is checked like looking: nothing is changed by somebody who may not."""
    wrong = []
    for route in routes.of("tenant"):
        path, right = route.path(slug="acme"), route.audience[1]
        for name, role in ROLES.items():
            if right not in RIGHTS[role]:
                got = people[name].post(path, {}).status_code
                if got not in {NO_RIGHT, 405}:
                    wrong.append(f"{path} as {role}: {got}")
        got = people["gil"].post(path, {}).status_code
        if got != STRANGER:
            wrong.append(f"{path} as the stranger: {got}")
        if not is_sign_in(people["nobody"].post(path, {})):
            wrong.append(f"{path} as nobody")
    assert not wrong, "\n".join(wrong)


def test_the_back_office_opens_for_staff_only(people):
    """R32: everybody else is told no, or to sign in."""
    wrong = []
    for route in routes.of("staff"):
        path, right = route.path(), route.audience[1]
        for method in ("get", "post"):
            got = getattr(people["nobody"], method)(path)
            if not (is_sign_in(got) or got.status_code in {401, 405}):
                wrong.append(f"{method} {path} as nobody: {got.status_code}")
            for name in ("ana", "gil"):
                got = getattr(people[name], method)(path).status_code
                if got not in {403, 404, 405}:
                    wrong.append(f"{method} {path} as {name}: {got}")
            for name, role in STAFF.items():
                got = getattr(people[name], method)(path).status_code
                if right not in PLATFORM_RIGHTS[role] and got not in {NO_RIGHT, 405}:
                    wrong.append(f"{method} {path} as {role}: {got}")
                if right in PLATFORM_RIGHTS[role] and method == "get" and not well(route, got):
                    wrong.append(f"{path} as {role}: {got}")
    assert not wrong, "\n".join(wrong)


def well(route, status):
    """A page without parameters is there; with a parameter that names nothing it is a 404, never a fault."""
    return status in ({200, 302, 405} if route.is_plain else FOUND)


def test_a_persons_own_pages_ask_who_it_is(people):
    wrong = []
    for route in routes.of("person"):
        path = route.path()
        if not is_sign_in(people["nobody"].get(path)):
            wrong.append(f"{path} as nobody")
        for name in ("ana", "gil", "sam"):
            if people[name].get(path).status_code not in FOUND:
                wrong.append(f"{path} as {name}")
    assert not wrong, wrong


def test_open_pages_answer_everybody(people):
    wrong = []
    for route in routes.of("anyone"):
        for name in ("nobody", "ana", "sam"):
            got = people[name].get(route.path()).status_code
            if got >= 500 and not (got == 503 and route.name == "ready"):
                wrong.append(f"{route.path()} as {name}: {got}")
    assert not wrong, wrong


# --- The API ----------------------------------------------------------------------------------------
def calls():
    """(route, method, scope) of everything that speaks with a key."""
    for route in routes.of("key"):
        scope = route.audience[1]
        methods = scope if isinstance(scope, dict) else dict.fromkeys(["GET", "POST"], scope)
        for method, needed in methods.items():
            yield route, method, needed


def ask(api, method, route):
    return api(method, route.path(), None if method == "GET" else {})


def test_the_api_wants_a_key(db, client):
    """R93: 401 as a problem, for no key and for one that is not known, before anything else."""
    wrong = []
    for route, method, _ in calls():
        for headers in ({}, {"authorization": "Bearer lb_live_sk_none"}, {"x-api-key": "none"}):
            answer = getattr(client, method.lower())(route.path(), headers=headers)
            if (answer.status_code, answer["Content-Type"]) != (401, "application/problem+json"):
                wrong.append(f"{method} {route.path()}: {answer.status_code}")
    assert not wrong, wrong


def test_the_api_wants_the_scope(acme):
    from tenants.api_keys import SCOPES

    acme.plan_id = "enterprise"  # room for a key of each scope
    acme.save(update_fields=["plan"])
    keys = {
        scope: make.Api(make.key(acme, scopes=[s for s in SCOPES if s != scope]))
        for scope in {needed for _, _, needed in calls()}
    }
    wrong = []
    for route, method, needed in calls():
        answer = ask(keys[needed], method, route)
        if answer.status_code != 403 or answer.json()["code"] != "scope_missing":
            wrong.append(f"{method} {route.path()}: {answer.status_code}")
    assert not wrong, wrong


def test_the_api_stops_for_a_suspended_shop(acme):
    """A12"""
    from tenants import epochs

    api = make.Api(make.key(acme))
    acme.state = acme.State.SUSPENDED
    acme.save(update_fields=["state"])
    epochs.bump_now(acme.pk, "keys")
    wrong = [route.path() for route, method, _ in calls() if ask(api, method, route).status_code != 403]
    assert not wrong


def test_a_strangers_key_finds_nothing(acme, globex):
    """R4, R9: another tenant's object is not there, and the answer does not differ from none-such."""
    make.product(acme, "mine", title="Acme's own")
    make.order(acme, ["mine"], external_id="mine", customer=make.customer(acme, "mine"))
    stranger, owner = make.Api(make.key(globex)), make.Api(make.key(acme))
    wrong, found = [], 0
    for route, method, _ in calls():
        if method != "GET" or not route.parameters:
            continue
        path = route.path(**{name: "mine" for name, _ in route.parameters})
        foreign, none = stranger.get(path), stranger.get(route.path())
        found += owner.get(path).status_code == 200
        if foreign.status_code not in {404, 405} and "Acme" in foreign.content.decode():
            wrong.append(f"{path}: {foreign.status_code}")
        if foreign.status_code != none.status_code:
            wrong.append(f"{path}: {foreign.status_code}, but {none.status_code} for none-such")
        if b"Acme" in foreign.content:
            wrong.append(f"{path} shows a stranger's row")
    assert not wrong, wrong
    assert found >= 3


def test_every_error_of_the_api_is_a_problem(db, client):
    """Promise 7: the same shape for what no view answers."""
    for path in ("/api/none", "/api/v1/none-such", "/api/v1/recommendations/none/such"):
        answer = client.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
        assert answer.json()["request_id"] == answer["X-Request-Id"]
