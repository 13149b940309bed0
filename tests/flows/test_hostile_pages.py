"""Hostile text in every column that people or shops fill, shown on every page, in a real browser too (R50, T9).

Tables, columns, pages and forms are found by walking: what is added later is met the day it is added.
"""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.core import mail
from django.db import DatabaseError, models, transaction
from django.urls import Resolver404, resolve

from tenants.models import ErrorOccurrence, TenantOwned, User
from tests import hostile, make
from tests.browser import carry_session
from tests.house import routes
from tests.house.test_tenancy import row_of

SHORT = [text for text in hostile.MARKUP if len(text) <= 60]
# Columns that the product fills and reads by itself: a path, a digest, a name of its own.
OWN = {"artifact_path", "file", "digest", "prefix", "last4", "request_id", "task", "currency", "timezone", "model"}
CODE = re.compile(r"javascript:|data:text/html|vbscript:", re.I)
PASSES = {"script": "src", "link": "href"}
ENDS = re.compile(r"suspend|deactivate|remove|revoke|withdraw|logout|roll-back|delete|role|password|2fa|plan|rotate")


class Page(HTMLParser):
    """Links and forms of a page, and everything on it that data must never bring."""

    def __init__(self, html):
        super().__init__()
        self.links, self.forms, self.foreign, self._form = [], [], [], None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        for name, value in values.items():
            if name.startswith(("on", "hx-on")) or name in {"srcdoc", "style"}:
                self.foreign.append((tag, name, value))
            if name == "formaction" and not re.match(r"/\w", value):  # a button of a form of ours says its path
                self.foreign.append((tag, name, value))
            if name in {"href", "src", "action", "hx-get", "hx-post", "xlink:href"} and CODE.match(value.strip()):
                self.foreign.append((tag, name, value))
            if name.startswith("hx-") and ("evil.example" in value or "js:" in value):
                self.foreign.append((tag, name, value))
        if tag in {"iframe", "object", "embed", "base", "math", "style", "xmp", "noscript", "animate"}:
            self.foreign.append((tag, "", str(values)))
        if tag in PASSES and not values.get(PASSES[tag], "").startswith("/"):
            if values.get("type") != "application/json":
                self.foreign.append((tag, "", str(values)))
        self.links += [values[name] for name in ("href", "hx-get") if name in values]
        self.collect(tag, values)

    def collect(self, tag, values):
        if tag == "form":
            method = values.get("method", "get").lower()
            self._form = {"action": values.get("action", ""), "method": method, "fields": {}}
            self.forms.append(self._form)
        elif tag in {"input", "textarea", "select"} and self._form is not None and values.get("name"):
            kind = values.get("type", "text") if tag == "input" else tag
            self._form["fields"][values["name"]] = (kind, values.get("value", ""))
        elif tag == "option" and self._form is not None and self._form["fields"]:
            name, (kind, value) = list(self._form["fields"].items())[-1]
            if kind == "select" and not value:
                self._form["fields"][name] = (kind, values.get("value", ""))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None


def plant(shop):
    """Rows in every table with a tenant, each text column full of what an attacker would write."""
    owned = sorted(
        (m for m in apps.get_models() if issubclass(m, TenantOwned) and not is_sealed(m)), key=lambda m: m.__name__
    )
    for number in range(4):
        rows = {}
        for model in owned:
            try:
                with transaction.atomic(using="ops"):
                    spoil(row_of(model, shop, rows), number)
            except DatabaseError:
                rows.setdefault(model, model._default_manager.using("ops").filter(tenant=shop).first())
    for model in apps.get_models():
        if issubclass(model, TenantOwned) and is_sealed(model):  # made along the way, with nothing sealed in them
            model.objects.across_tenants().filter(tenant=shop).delete()


def is_sealed(model):
    """Rows that only the product can write: with encrypted columns, or describing a file of its own."""
    return "Export" in model.__name__ or any(field.name.startswith("sealed") for field in model._meta.local_fields)


def spoil(row, number):
    for field in row._meta.local_concrete_fields:
        if isinstance(field, models.CharField | models.TextField) and fits(field):
            text = SHORT[(number + len(field.name)) % len(SHORT)]
            setattr(row, field.name, text if number else f"{text}{row._meta.model_name}"[: field.max_length or 500])
        elif isinstance(field, models.JSONField) and field.name in {"attributes", "tags", "categories", "errors"}:
            kept = getattr(row, field.name)
            setattr(row, field.name, {SHORT[number]: SHORT[number + 1]} if isinstance(kept, dict) else kept)
    row.save(using="ops")


def together(start, limit):
    """As many of the texts as there is room for, from one of them on: whichever place lets one through shows it."""
    joined = ""
    for number in range(len(hostile.MARKUP)):
        text = hostile.MARKUP[(start + number) % len(hostile.MARKUP)]
        if len(joined) + len(text) < limit:
            joined += text
    return joined


def fits(field):
    return not (field.choices or field.name in OWN or (field.max_length or 500) < 60)


@pytest.fixture
def cast(acme, globex, ana, sam, signed_in):
    """The shop, and the browsers of its owner and of an operator."""
    plant(acme)
    for number, text in enumerate(hostile.MARKUP):
        several = together(number * 7, 300)
        values = {"title": several, "description": several, "brand": text[:100], "categories": [text], "tags": [text]}
        make.product(acme, f"p-{number}", attributes={text: text}, url=f"https://shop.example/{text}", **values)
        person = make.customer(acme, f"{number}{text}"[:64])
        make.order(acme, [f"p-{number}"], customer=person, external_id=f"{number}{text}"[:64], days_ago=1 + number / 10)
    acme.name = SHORT[0]
    acme.save(update_fields=["name"])
    User.objects.filter(pk=ana.pk).update(name=SHORT[4])
    gone = make.user("gone")
    User.objects.filter(pk=gone.pk).update(name=SHORT[5])
    for text in SHORT[:3]:
        from tenants import audit, errors

        errors.record(ValueError(text), source="web", path=text, method="GET")
        audit.record(None, "test.hostile", by=text, target=text, reason=text, details={text: text})
    return {"/t/acme/overview": signed_in(ana), "/dashboard": signed_in(sam)}


def crawl(client, start, *, most=3):
    """route → up to `most` addresses that answer with a page; and all forms. By links, then by plain routes."""
    found, forms, foreign, wrong, seen = {}, {}, [], [], set()
    waiting = [start, "/account/", *(r.path(slug="acme") for r in routes.of("tenant", "staff", "person") if r.is_plain)]
    while waiting:
        path = waiting.pop(0)
        name = route_of(path)
        if name is None or path in seen or len(found.get(name, [])) >= most:
            continue
        seen.add(path)
        answer = client.get(path)
        if answer.status_code >= 500:
            wrong.append((path, answer.status_code))
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        found.setdefault(name, []).append(path)
        page = Page(answer.content.decode())
        foreign += [(path, one) for one in page.foreign]
        for form in page.forms:
            if form["method"] == "post":
                forms.setdefault(form["action"] or path, form["fields"])
        waiting += [link.split("#")[0] for link in page.links if link.startswith("/") and "?" not in link]
    return found, forms, foreign, wrong


def route_of(path):
    """The route of a page of the panels; None for what is none."""
    if path.startswith(("//", "/api", "/static", "/account/logout")):
        return None
    try:
        return resolve(urlsplit(path).path).route
    except Resolver404:
        return None


def test_every_page_is_met(cast):
    """What the walk does not reach is not examined below: the list of such pages is short and said."""
    reached = {}
    for start, client in cast.items():
        found, _, foreign, wrong = crawl(client, start)
        reached |= found
        assert not foreign, foreign[:10]
        assert not wrong, wrong
    missed = {route.pattern for route in routes.of("tenant", "staff") if route.pattern not in reached}
    shown = {pattern for pattern in missed if answers(cast, pattern)}
    assert not shown, "pages that show something and that no link leads to"


def answers(cast, pattern):
    """Whether the route answers a plain GET with a page, asked with a value that names nothing."""
    route = next(route for route in routes.ALL if route.pattern == pattern)
    if not route.is_plain:
        return False
    found = [client.get(route.path(slug="acme")) for client in cast.values()]
    return any(one.status_code == 200 and one["Content-Type"].startswith("text/html") for one in found)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("panel", ["/t/acme/overview", "/dashboard"])
def test_hostile_values_in_every_form_are_taken_or_refused(cast, db, panel):
    """R50, T18, T22: every form of the panels, every field, every text; letters that come of it stay letters."""
    wrong = []
    for start, client in [(panel, cast[panel])]:
        _, forms, _, _ = crawl(client, start, most=1)
        assert len(forms) >= 5
        for action in sorted(forms, key=lambda one: bool(ENDS.search(one))):
            for number, form in enumerate(spoiled(forms[action])):
                answer = client.post(action, form)
                if answer.status_code >= 500:
                    wrong.append((action, number, answer.status_code, str(form)[:200]))
                if answer.headers.get("Content-Type", "").startswith("text/html"):
                    wrong += [(action, one) for one in Page(answer.content.decode()).foreign]
    assert not wrong, "\n".join(map(str, wrong[:20]))
    # The planted versions have no artefact behind them, and loading one says so.
    faults = ErrorOccurrence.objects.using("ops").exclude(path__in=SHORT).exclude(path__startswith="model v")
    assert not [(one.path, one.trace[-600:]) for one in faults[:3]]
    for letter in mail.outbox:
        assert "\n" not in letter.subject
        assert "\r" not in letter.subject
        for body, _ in getattr(letter, "alternatives", []):
            assert not [one for one in Page(body).foreign if "style" not in one[:2]]  # letters have no style sheets


def spoiled(fields):
    """The form with nothing in it, and with hostile texts in each field; over all forms every text is used often."""
    whole = {name: value for name, (_, value) in fields.items() if name != "csrfmiddlewaretoken"}
    yield {}
    some = [text for text in hostile.TEXTS if len(text) < 20_000]
    for name, (kind, _) in fields.items():
        if name == "csrfmiddlewaretoken":
            continue
        step = 12 if kind in {"text", "textarea", "search", "url"} else 50
        for text in some[len(name) % step :: step]:
            yield {**whole, name: text}


LOOK = """() => {
  const wrong = [];
  for (const one of document.querySelectorAll('*')) {
    for (const {name, value} of one.attributes) {
      if (/^(on|hx-on|srcdoc$|style$)/.test(name) && one.namespaceURI.endsWith('xhtml'))
        wrong.push(`${one.tagName} ${name}=${value}`);
      if (name === 'formaction' && !/^\\/\\w/.test(value)) wrong.push(`${one.tagName} ${name}=${value}`);
      if (/^(href|src|action|hx-|xlink)/.test(name) && /^\\s*(javascript|vbscript|data:text)/i.test(value))
        wrong.push(`${one.tagName} ${name}=${value}`);
      if (name.startsWith('hx-') && /evil|__pwned/.test(value)) wrong.push(`${one.tagName} ${name}=${value}`);
    }
    if (/^(iframe|object|embed|base|math|style|xmp|animate)$/i.test(one.tagName)) wrong.push(one.tagName);
    const ours = one.type === 'application/json' || (one.src || '').startsWith(location.origin);
    if (/^script$/i.test(one.tagName) && !ours) wrong.push('inline script');
  }
  if (document.body.innerText.includes('EVALUATED')) wrong.push('a template was evaluated');
  return {wrong, pwned: window.PWNED};
}""".replace("EVALUATED", hostile.EVALUATED).replace("PWNED", hostile.PWNED)


@pytest.mark.timeout(600)
def test_nothing_runs_in_a_browser(cast, chromium, server):
    """R50: no dialog, no foreign element or handler, no request elsewhere, on every page that shows what is stored."""
    wrong, opened = [], 0
    for start, client in cast.items():
        found, _, _, _ = crawl(client, start, most=2)
        context = chromium.new_context(base_url=server.url, viewport={"width": 1440, "height": 960})
        carry_session(context, server, client)
        page = context.new_page()
        page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: foreign(request, server, wrong))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        for path in (path for paths in found.values() for path in paths):
            page.goto(path, wait_until="load")
            page.wait_for_timeout(30)
            seen = page.evaluate(LOOK)
            opened += 1
            if seen["wrong"] or seen["pwned"]:
                wrong.append(f"{path}: {seen['wrong'][:3]} {seen['pwned']}")
        context.close()
    assert not wrong, "\n".join(wrong[:20])
    assert opened >= 40


def foreign(request, server, wrong):
    """Pictures of products come from where the shop keeps them; nothing else leaves."""
    if not request.url.startswith((server.url, "data:image/")):
        wrong.append(f"asked {request.url}")
