"""Whole page or fragment, and lists whose state is in the URL."""

import pytest
from django import forms
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import connections
from django.template import engines
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django_htmx.middleware import HtmxDetails

from luxebrain.lib import pages
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage
from tenants.models import Tenant
from tests import make

PAGE = """<h1>Shops</h1>{% include "components/filters.html" with listing=listing only %}{% partialdef rows inline %}
<div id="rows" data-announce="{{ listing.total_text }}"><table>
{% include "components/table_head.html" with columns=listing.columns only %}
{% for shop in listing.rows %}<tr><td>{{ shop.name }}</td></tr>{% endfor %}</table>
{% if listing.nothing_matches %}{% include "components/nothing_matches.html" with listing=listing only %}{% endif %}
{% include "components/pager.html" with pager=listing.pager only %}</div>{% endpartialdef %}"""


class StateFilter(FilterForm):
    state = forms.ChoiceField(choices=[("", "Any"), ("active", "Active"), ("suspended", "Suspended")])


@pytest.fixture(autouse=True)
def page_template(monkeypatch, tmp_path):
    """A page beside the project's own, so that the loaders of the settings find it."""
    (tmp_path / "shops.html").write_text(PAGE)
    engine = engines["django"].engine
    monkeypatch.setattr(engine, "dirs", [tmp_path, *engine.dirs])
    for loader in engine.template_loaders:
        loader.reset()
    yield
    for loader in engine.template_loaders:
        loader.reset()


def get(address="/", **headers):
    request = RequestFactory().get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    request.htmx = HtmxDetails(request)
    request._messages = CookieStorage(request)
    return request


def listing(address="/", **headers):
    return ListPage(
        get(address, **headers),
        Tenant.objects.using("ops"),
        template="shops.html",
        columns=[Column("Name", sort="name"), Column("State")],
        search=("name", "slug"),
        filters=StateFilter,
        sorts={"name": "name", "state": ("state", "-name")},
        default_sort="name",
        sizes=(2, 5),
        nouns=("shop", "shops"),
    )


@pytest.fixture
def shops(db):
    return [make.tenant(f"s-{i}", name=f"Shop {i}", state="suspended" if i == 3 else "active") for i in range(5)]


def names(page):
    return [shop.name for shop in page.rows]


def test_it_gives_the_page_to_browsers_and_the_part_to_htmx(shops):
    whole = listing().render().content.decode()
    part = listing(hx_request="true").render().content.decode()
    assert "<h1>" in whole
    assert "<h1>" not in part
    assert part.strip() in whole


def test_it_gives_whole_pages_to_boosted_links_and_restored_history(shops):
    assert b"<h1>" in listing(hx_request="true", hx_boosted="true").render().content
    assert b"<h1>" in listing(hx_request="true", hx_history_restore_request="true").render().content


def test_it_keeps_caches_from_mixing_page_and_part(shops):
    assert "HX-Request" in listing().render()["Vary"]


def test_it_adds_waiting_messages_to_a_fragment(shops):
    page = listing(hx_request="true")
    messages.success(page.request, "Saved <b>.")
    html = page.render().content.decode()
    assert 'hx-swap-oob="beforeend:#toasts"' in html
    assert "Saved &lt;b&gt;." in html


def test_it_searches_filters_and_orders(shops):
    assert names(listing("/?q=shop+3")) == ["Shop 3"]
    assert names(listing("/?state=suspended")) == ["Shop 3"]
    assert names(listing("/?sort=-name&size=5"))[0] == "Shop 4"
    assert names(listing("/?sort=state&size=5")) == ["Shop 4", "Shop 2", "Shop 1", "Shop 0", "Shop 3"]


@pytest.mark.parametrize(
    "address", ["/?sort=id;drop", "/?size=99999", "/?page=-1", "/?page=x", "/?page=²", "/?q=%00", "/?state=x"]
)
def test_it_treats_nonsense_in_the_url_as_absent(shops, address):
    assert names(listing(address)) == ["Shop 0", "Shop 1"]


def test_it_pages_and_keeps_the_filters(shops):
    pager = listing("/?state=active&page=2").pager
    assert pager["text"] == "3–4 of 4 shops"
    assert pager["previous"] == "/?state=active&page=1"
    assert pager["next"] == ""
    assert listing().pager["next"] == "/?page=2"


def test_it_turns_the_order_of_the_current_column_around(shops):
    name, state = listing("/?q=shop").columns
    assert (name["order"], name["url"]) == ("ascending", "/?q=shop&sort=-name")
    assert "url" not in state


def test_it_tells_empty_from_nothing_matching(db):
    assert listing().is_empty
    make.tenant("a")
    page = listing("/?q=zzz")
    assert page.nothing_matches
    assert not page.is_empty
    assert b"Clear search and filters" in page.render().content


def test_it_asks_the_database_at_most_twice(shops):
    with CaptureQueriesContext(connections["ops"]) as queries:
        listing("/?size=5").render()
    assert len(queries) == 1
    with CaptureQueriesContext(connections["ops"]) as queries:
        listing().render()
    assert len(queries) == 2


def test_it_stops_counting_where_the_number_tells_nothing(shops, monkeypatch):
    monkeypatch.setattr(pages, "COUNT_LIMIT", 3)
    assert listing().total_text == "3+ shops"
