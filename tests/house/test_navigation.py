"""Every menu entry leads somewhere, and every page is reached from the menu (R37, R100, R123, R128)."""

import re
from html.parser import HTMLParser

import pytest

from tenants.access import PLATFORM_RIGHTS, RIGHTS
from tests.house import routes

# Pages behind a button that is only drawn when it can do something.
ON_CONDITION = {
    "roll-back": "asks for confirmation; the button appears with a second version",
    "undo-version": "the same: there is something to undo with a second version",
}


class Links(HTMLParser):
    """All links of a page, those of its main menu, and which of them is marked as the current page."""

    def __init__(self, html):
        super().__init__()
        self.menu, self.all, self.current, self._inside = [], [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "nav" and values.get("aria-label") == "Main":
            self._inside = True
        target = values.get("href") or values.get("hx-get") or values.get("action") or values.get("formaction")
        if target:
            self.all.append(target.split("?")[0].split("#")[0])
            if self._inside and tag == "a":
                self.menu.append(target)
                if values.get("aria-current") == "page":
                    self.current.append(target)

    def handle_endtag(self, tag):
        if tag == "nav":
            self._inside = False


def pages(client, start):
    """path → Links of every page reached from the menu, and one click further, without parameters."""
    seen, waiting = {}, [start]
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith(("http", "/account", "/api", "/static", "#")):
            continue
        answer = client.get(path)
        html = answer["Content-Type"].startswith("text/html") if answer.status_code == 200 else False
        seen[path] = links = Links(answer.content.decode() if html else "")
        links.status = answer.status_code
        waiting += [link for link in links.all if link.startswith("/") and link not in seen]
    return seen


def plain(audience, **slug):
    """Addresses of pages that a person opens by clicking: no parameters, and a right to read."""
    return {route.path(**slug): route for route in routes.of(audience) if route.is_plain}


@pytest.mark.parametrize("role", RIGHTS)
def test_every_entry_of_a_shops_menu_opens(acme, signed_in, role):
    from tests import make

    client = signed_in(make.member(acme, role, role=role))
    menu = Links(client.get("/t/acme/overview").content.decode()).menu
    assert len(menu) >= 4
    for path in menu:
        answer = client.get(path)
        assert answer.status_code == 200, f"{path} as {role}"
        links = Links(answer.content.decode())
        assert links.current == [path], f"{path} marks {links.current} as the current page"
        assert links.menu == menu, "the menu is the same on every page"


@pytest.mark.parametrize("role", PLATFORM_RIGHTS)
def test_every_entry_of_the_back_office_menu_opens(acme, signed_in, role):
    """R37, R133"""
    from tests import make

    client = signed_in(make.user(role, platform_role=role))
    menu = Links(client.get("/dashboard").content.decode()).menu
    assert len(menu) >= 3
    for path in menu:
        answer = client.get(path)
        assert answer.status_code == 200, f"{path} as {role}"
        assert Links(answer.content.decode()).current == [path]


@pytest.mark.parametrize("audience", ["tenant", "staff"])
def test_every_page_is_reached_by_clicking(acme, globex, ana, sam, signed_in, audience):
    """R100: no page is left that only somebody who knows its address would find."""
    client, start = (signed_in(ana), "/t/acme/overview") if audience == "tenant" else (signed_in(sam), "/dashboard")
    reached = pages(client, start)
    broken = {path: links.status for path, links in reached.items() if links.status not in {200, 302, 405}}
    assert not broken, "links that lead nowhere"
    wanted = {
        path
        for path, route in plain(audience, slug="acme").items()
        if client.get(path).status_code == 200 and client.get(path)["Content-Type"].startswith("text/html")
    }
    linked = {link for links in reached.values() for link in links.all} | set(reached)
    unreached = {path for path in wanted - linked if plain(audience, slug="acme")[path].name not in ON_CONDITION}
    assert not unreached


def test_the_specified_addresses_answer(sam, ana, client, signed_in):
    """R32: literal paths, with nobody told to type them."""
    for path in ("/models", "/dashboard", "/tenants"):
        assert signed_in(sam).get(path).status_code == 200
        assert signed_in(ana).get(path).status_code in {302, 403}
        assert re.match(r"/account/login/\?next=", client.get(path)["Location"])
    assert signed_in(ana).get("/overview")["Location"] == "/t/acme/overview"
