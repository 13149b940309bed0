"""On an empty database every page says what will be here and what to do, and shows no invented figure."""

import re
from html import unescape

import pytest

from tests import make
from tests.house import routes
from tests.house.test_navigation import Links

# What a number on an empty shop may be: nothing, a limit of the plan, or part of a date or sentence.
FIGURE = re.compile(r'class="stat-value"[^>]*>\s*([^<]*?)\s*<')
EMPTY = re.compile(r'<div class="empty([^"]*)">(.*?)(?=<div class="empty|</main>|\Z)', re.DOTALL)
NOTHING = {"0", "0%", "0 %", "—", "Not enough data", "", "£0", "€0", "€0.00", "0.00", "None yet", "Never"}


def shown(html):
    return [unescape(text).replace("\u202f", " ").replace("\xa0", " ") for text in FIGURE.findall(html)]


@pytest.fixture
def visit(acme, ana, sam, signed_in):
    clients = {"tenant": signed_in(ana), "staff": signed_in(sam)}

    def ask(audience):
        for route in routes.of(audience):
            if route.is_plain:
                path = route.path(slug="acme")
                answer = clients[audience].get(path)
                if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                    yield path, answer.content.decode()

    return ask


@pytest.mark.parametrize("audience", ["tenant", "staff"])
def test_no_page_invents_a_figure(visit, audience):
    """R98: zeros and "not enough data", never a number that nobody counted."""
    invented = {}
    for path, html in visit(audience):
        figures = [text for text in shown(html) if text not in NOTHING and re.search(r"[1-9]", text)]
        # counts of what is there: one shop, its people, its plan
        figures = [text for text in figures if not re.fullmatch(r"[12]|[12] of [\d,]+|[\d,]+ of [\d,]+|v[\d.]+", text)]
        if figures:
            invented[path] = figures
    assert not invented


@pytest.mark.parametrize("audience", ["tenant", "staff"])
def test_every_empty_list_says_what_to_do_next(visit, audience):
    """R131, R144: an empty page has a link or an API call, an empty card at least the reason."""
    checked, silent = 0, []
    for path, html in visit(audience):
        for size, block in EMPTY.findall(html):
            checked += 1
            wanted = r"<p>" if "small" in size else r"<a |<button|copyable|<code"
            if not re.search(r"<h[1-6]", block[:3000]) or not re.search(wanted, block[:3000]):
                title = re.search(r"<h2>(.*?)</h2>", block)
                silent.append(f"{path}: {title and title.group(1)}")
    assert not silent, "an empty state without a next step"
    if audience == "tenant":
        assert checked >= 2


def test_a_new_shop_shows_the_way_to_its_first_recommendation(db, signed_in):
    """R27, R129: steps with links, and how many orders are still missing."""
    shop = make.tenant("fresh", plan="free")
    client = signed_in(make.member(shop, "zoe", role="owner"))
    html = client.get("/t/fresh/overview").content.decode()
    assert re.search(r"0[^<]{0,20} of[^<]{0,20} 10", re.sub(r"<[^>]+>", " ", html)), "0 of 10 orders"
    assert {"/t/fresh/api-keys", "/t/fresh/catalogue"} <= set(Links(html).all)
