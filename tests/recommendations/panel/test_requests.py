"""The pages of requests: what was answered is found, explained and answered again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from recommendations import answer_log, candidates, inbox, placements, rules
from tenants import epochs
from tests import make
from tests.recommendations import shops


@pytest.fixture(autouse=True)
def _fresh():
    candidates.forget()
    answer_log.forget()


@pytest.fixture
def warm(acme):
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    return acme


def ask(api, query="customer_id=t-1&limit=4", **headers):
    answer = api.get(f"/api/v1/recommendations?{query}", **headers).json()
    answer_log.flush()
    return answer


def page(client, path="", **query):
    answer = client.get(f"/t/acme/recommendations/requests{path}", query)
    assert answer.status_code == 200, answer.content[-1500:]
    return answer.content.decode()


def count_rows(text):
    body = text[text.index('id="rows"') :]
    return body.count('class="row-link"')


def test_it_says_what_to_do_before_the_first_call(warm, ana, signed_in):
    assert "No list was asked for yet" in page(signed_in(ana))


def test_it_finds_a_list_by_every_name_it_has(warm, api, ana, signed_in):
    client = signed_in(ana)
    first = ask(api, **{"X-Request-Id": "checkout-0001"})
    ask(api, "session_id=s-9&type=popular&placement=footer")
    names = ["checkout-0001", first["recommendation_id"], "t-1", "s-9"]
    assert count_rows(page(client)) == 2
    for name in names:
        assert count_rows(page(client, q=name)) == 1, name
    listed = {item["product_id"] for item in first["items"]}
    assert count_rows(page(client, q=sorted(listed)[0])) >= 1
    assert "Nothing matches" in page(client, q="nobody-like-this")
    assert count_rows(page(client, placement="footer")) == 1
    assert count_rows(page(client, kind="personalised")) == 1


def test_it_pages_by_key_through_all_of_them(warm, api, ana, signed_in):
    for _ in range(53):
        api.get("/api/v1/recommendations?limit=1")
    answer_log.flush()
    client = signed_in(ana)
    first = page(client)
    assert count_rows(first) == 50
    last = warm.served_lists.order_by("-at", "-recommendation_id")[49].recommendation_id
    assert f"before={last}" in first
    assert count_rows(page(client, before=last)) == 3


def test_it_tells_one_request_with_what_followed(warm, api, ana, signed_in):
    answer = ask(api, **{"X-Request-Id": "checkout-0002"})
    name = answer["items"][1]["product_id"]
    click = {
        "type": "click",
        "customer_id": "t-1",
        "product_id": name,
        "recommendation_id": answer["recommendation_id"],
    }
    assert api.post("/api/v1/events", click).status_code == 202
    inbox.drain()
    text = page(signed_in(ana), "/checkout-0002")
    for item in answer["items"]:
        assert f"The {item['product_id']}" in text
    assert answer["recommendation_id"] in text
    assert "<dt>Clicks</dt><dd>1</dd>" in text
    assert "curl http" in text
    assert "purchase" in text  # of the history


def test_what_answered_is_said_in_words_and_one_click_away(warm, api, ana, signed_in):
    warm.placements.create(code="home", name="Home page", kind="personalised", count=4)
    epochs.bump_now(warm.pk, "control")
    ask(api, "customer_id=t-1&placement=home", **{"X-Request-Id": "checkout-0009"})
    text = page(signed_in(ana), "/checkout-0009")
    assert 'href="/t/acme/models/1">v1</a>' in text
    assert 'href="/t/acme/placements/home">Home page</a>' in text
    assert ">neighbours<" not in text and ">popularity<" not in text and ">blend<" not in text


def test_a_replay_by_the_same_version_is_the_same(warm, api, ana, signed_in):
    """Also when the shopper did more since: the history of then is used."""
    ask(api, **{"X-Request-Id": "checkout-0003"})
    for name in shops.TOY[:4]:
        api.post("/api/v1/events", {"type": "view", "customer_id": "t-1", "product_id": name})
    client = signed_in(ana)
    for version in ("now", "1"):
        assert "The list is the same" in page(client, "/checkout-0003", version=version)


def test_a_replay_says_what_differs_and_why(warm, api, ana, signed_in):
    answer = ask(api, **{"X-Request-Id": "checkout-0004"})
    gone, banned = (item["product_id"] for item in answer["items"][:2])
    warm.products.filter(external_id=gone).update(stock=0)
    warm.rules.create(name="No more of these", action="exclude", products=[banned])
    shops.fit(warm)
    for kind in ("catalogue", "control", "model"):
        epochs.bump_now(warm.pk, kind)
    text = page(signed_in(ana), "/checkout-0004", version="now", decisions="today")
    assert "The list differs" in text
    assert "Another version: v1 then, v2 here." in text
    assert "Changed since: catalogue." in text
    assert "Changed since: placements and rules." in text
    assert "gone: sold out or not published any more" in text
    assert "gone: rule: No more of these" in text
    assert "By v2" in text
    assert "By v1" in page(signed_in(ana), "/checkout-0004", version="1")


def test_a_replay_uses_the_rules_and_placements_of_then(warm, api, ana, signed_in):
    """Changed, made and removed since: each is as it was, from the states that the audit trail keeps."""
    with make.inside(warm) as tenant:
        placements.create(tenant, by=ana, code="top", name="Top", surface="home", kind="personalised", count=5)
        pinned = rules.create(tenant, by=ana, name="Star", action="pin", products=[shops.TOY[3]], position=1)
        buried = rules.create(tenant, by=ana, name="Never", action="exclude", products=[shops.TEA[2]])
    answer = ask(api, "customer_id=t-1&placement=top", **{"X-Request-Id": "checkout-0009"})
    listed = [item["product_id"] for item in answer["items"]]
    assert (listed[0], len(listed)) == (shops.TOY[3], 5)
    with make.inside(warm) as tenant:
        rules.update(tenant, tenant.rules.get(pk=pinned.pk), by=ana, products=[shops.TEA[1]])
        rules.remove(tenant, tenant.rules.get(pk=buried.pk), by=ana)
        rules.create(tenant, by=ana, name="Gone", action="exclude", products=[listed[1]])
        placements.update(tenant, tenant.placements.get(code="top"), by=ana, count=2)
    client = signed_in(ana)
    text = " ".join(page(client, "/checkout-0009", version="now").split())
    assert "The list is the same, in the same order." in text
    for said in ("Rule Star was changed since.", "Rule Never was removed since.", "Rule Gone was made since.",
                 "Placement Top was changed since."):  # fmt: skip
        assert said in text
    today = " ".join(page(client, "/checkout-0009", version="now", decisions="today").split())
    assert "The list differs. Changed since: placements and rules." in today


def test_a_line_that_differs_says_that_its_product_changed(warm, api, ana, signed_in):
    answer = ask(api, **{"X-Request-Id": "checkout-0010"})
    gone = answer["items"][0]["product_id"]
    with make.inside(warm) as tenant:
        row = tenant.products.get(external_id=gone)
        row.stock, row.updated_at = 0, timezone.now() + timedelta(seconds=1)
        row.save()
    epochs.bump_now(warm.pk, "catalogue")
    text = page(signed_in(ana), "/checkout-0010", version="now")
    assert "gone: sold out or not published any more; its data changed on" in text


def test_a_request_with_several_lists_has_a_tab_for_each(warm, api, ana, signed_in):
    body = {"customer_id": "t-1", "placements": [{"placement": "top"}, {"placement": "side", "type": "popular"}]}
    answer = api.post("/api/v1/recommendations", body).json()
    answer_log.flush()
    client = signed_in(ana)
    text = page(client, f"/{answer['request_id']}")
    assert ">top</a>" in text
    assert ">side</a>" in text
    side = answer["placements"]["side"]["recommendation_id"]
    assert "Best sellers" in page(client, f"/{answer['request_id']}", list=side)


def test_a_stranger_finds_nothing(warm, api, ana, gil, globex, signed_in):
    ask(api, **{"X-Request-Id": "checkout-0005"})
    client = signed_in(gil)
    assert client.get("/t/acme/recommendations/requests").status_code == 404
    assert client.get("/t/globex/recommendations/requests/checkout-0005").status_code == 404
    assert signed_in(ana).get("/t/acme/recommendations/requests/checkout-9999").status_code == 404


def test_it_says_how_many_were_not_recorded(warm, ana, signed_in):
    client = signed_in(ana)
    assert "not recorded" not in page(client)
    answer_log._log.lost[warm.pk] = 2
    answer_log.flush()
    assert "2 answers were given and not recorded" in page(client)
