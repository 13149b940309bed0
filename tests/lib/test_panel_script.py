"""The panels' script in a real browser, on pages made of our own templates: keyboard, pointer, htmx.

The pages come from a route handler instead of a server, so that nothing else is part of the test.
"""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import engines
from playwright.sync_api import expect

from luxebrain.lib import charts, markup
from luxebrain.lib.bars import intervals

pytestmark = pytest.mark.browser
HOST = "http://panel.test"
POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
SHELL = {
    "kind": "tenant",
    "title": "Maison Verre",
    "subtitle": "Enterprise · 48,210 orders",
    "tenants": [
        {"name": "Maison Verre", "url": "/", "current": True, "initials": "MV"},
        {"name": "Atelier Nord", "url": "/nord", "current": False, "initials": "AN"},
    ],
    "user_name": "Zara Ahmed",
    "user_initials": "ZA",
    "home_url": "/",
    "account_url": "/account",
    "sign_out_url": "/out",
    "help_url": "/help",
}
HERE = Path(__file__).parent / "script_pages"
PAGES = {"/": (HERE / "overview.html").read_text(), "/team": (HERE / "team.html").read_text()}


def draw(path):
    items = [
        {"label": label, "icon": "users", "url": url, "current": url == path, "badge_count": 2, "badge_text": "2 open"}
        for label, url in (("Overview", "/"), ("Team", "/team"))
    ]
    context = {
        "name": {"/": "Overview", "/team": "Team"}[path],
        "shell": SHELL,
        "navigation": [{"title": "", "items": items}],
        "csrf_token": "token-7",
        "change": markup.change(3, 2),
        "chart": charts.line(
            [charts.Series("v14", [1, 2]), charts.Series("v13", [2, 1])], ["Mon", "Tue"], sentence="Two lines"
        ),
        "interval": intervals([(0.1, 0.2, 0.3)])[0],
    }
    return engines["django"].from_string(PAGES[path]).render(context)


@pytest.fixture
def site(chromium):
    """A page whose requests are answered here; `site.posted` are the headers of what was sent."""
    context = chromium.new_context(viewport={"width": 1440, "height": 960})
    page = context.new_page()
    page.posted, faults = [], []

    def answer(route):
        path, request = urlsplit(route.request.url).path, route.request
        if path == "/static/extra.css":
            route.fulfill(body=".extra { color: red; }", content_type="text/css")
        elif path.startswith("/static/"):
            found = Path(finders.find(path.removeprefix("/static/")))
            route.fulfill(body=found.read_bytes(), content_type=TYPES[found.suffix])
        elif request.method == "POST":
            page.posted.append(request.headers)
            route.fulfill(status=500, headers={"X-Request-Id": "req_8f2c"}, body="no")
        elif path in PAGES:
            headers = {"Content-Type": "text/html", "Content-Security-Policy": POLICY}
            route.fulfill(body=draw(path), headers=headers)
        else:
            route.fulfill(status=500, headers={"X-Request-Id": "req_8f2c"}, body="no")

    page.route("**/*", answer)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    page.goto(HOST)
    yield page
    context.close()
    assert faults == []


def until(site, condition):
    """Waits without wait_for_function, which needs the eval that the policy forbids."""
    for _ in range(100):
        if site.evaluate(condition):
            return
        site.wait_for_timeout(50)
    pytest.fail(f"never true: {condition}")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_it_has_no_accessibility_violation(site, theme, width):
    site.emulate_media(color_scheme=theme)
    site.set_viewport_size({"width": width, "height": 900})
    for path in PAGES:
        site.goto(HOST + path)
        site.wait_for_timeout(400)
        found = Axe().run(site).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
        assert site.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_jumps_with_the_keyboard_and_moves_focus_to_the_heading(site):
    site.keyboard.press("Control+k")
    site.keyboard.type("tea")
    expect(site.locator("#palette-list li:visible")).to_have_text(["Team"])
    site.keyboard.press("Enter")
    site.wait_for_url("**/team")
    until(site, "document.activeElement.tagName === 'H1'")
    expect(site.locator("h1")).to_be_focused()
    expect(site).to_have_title("Team · LuxeBrain")
    until(site, "document.querySelector('#announcer').textContent.includes('Team')")


def test_it_brings_the_sheets_that_only_the_next_page_has(site):
    assert site.locator("link[href*='extra.css']").count() == 0
    site.click("#sidebar >> text=Team")
    until(site, "document.title.startsWith('Team')")
    expect(site.locator("head link[href*='css/data.css']")).to_have_count(1)
    expect(site.locator("head link[href*='extra.css']")).to_have_count(1)


def test_it_opens_a_tip_by_hover_focus_and_touch_and_closes_it_by_escape(site):
    """R130, R147."""
    button, tip = site.locator(".tip-button"), site.locator(".tip-text")
    button.hover()
    expect(tip).to_be_visible()
    site.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    site.mouse.move(600, 850)
    site.locator(".stat").evaluate("node => node.querySelector('.tip-button').focus({focusVisible: true})")
    expect(tip).to_be_visible()
    site.keyboard.press("Escape")
    button.click()
    expect(tip).to_be_visible()


def test_it_keeps_the_chosen_theme(site):
    site.click("summary[aria-label*='sign out']")
    site.click("text=Dark")
    expect(site.locator("html")).to_have_attribute("data-theme", "dark")
    site.reload()
    expect(site.locator("body")).to_have_css("background-color", "rgb(21, 19, 24)")
    site.click("summary[aria-label*='sign out']")
    expect(site.locator("[data-theme-choice=dark]")).to_have_attribute("aria-pressed", "true")
    site.keyboard.press("Escape")
    expect(site.locator("details.menu[open]")).to_have_count(0)


def test_it_asks_before_it_deletes_and_wants_the_name(site):
    site.click("text=Delete…")
    expect(site.locator("dialog[open]")).to_contain_text("Delete it?")
    site.fill("#drop-typed", "other")
    assert not site.locator("#drop-typed").evaluate("field => field.checkValidity()")
    site.fill("#drop-typed", "acme")
    assert site.locator("#drop-typed").evaluate("field => field.checkValidity()")
    site.keyboard.press("Escape")
    expect(site.locator("dialog[open]")).to_have_count(0)


def test_it_keeps_a_failure_in_its_card_with_the_request_id(site):
    """R132: said on the page, not in the console."""
    site.wait_for_selector("#lazy [data-retry]")
    expect(site.locator("#lazy")).to_contain_text("req_8f2c")
    with site.expect_request("**/broken"):
        site.click("#lazy [data-retry]")


def test_it_sends_the_token_and_reports_a_failed_form_once(site):
    """R132: a toast with the id that the panel can find."""
    site.goto(HOST + "/team")
    site.click("text=Save")
    site.wait_for_selector("#toasts .toast")
    assert [sent["x-csrftoken"] for sent in site.posted] == ["token-7"]
    expect(site.locator("#toasts")).to_contain_text("Request req_8f2c")
    expect(site.locator("text=Save")).to_be_enabled()
    site.click("#toasts [data-dismiss]")
    expect(site.locator("#toasts .toast")).to_have_count(0)


def test_it_shows_that_it_waits_and_sends_a_form_once(site):
    """R145: a sign after 150 ms, the button disabled until the answer is there."""
    site.goto(HOST + "/team")
    held = []
    site.route("**/*", lambda route: held.append(route) if route.request.method == "POST" else route.fallback())
    assert site.locator(".activity").evaluate("node => getComputedStyle(node).opacity") == "0"
    site.click("text=Save")
    expect(site.locator("html")).to_have_attribute("data-busy", "")
    expect(site.locator(".activity")).to_have_css("opacity", "1")
    assert site.locator(".activity").evaluate("node => getComputedStyle(node).transitionDelay") == "0.15s"
    expect(site.locator("text=Save")).to_be_disabled()
    until(site, "document.documentElement.hasAttribute('data-busy')")
    assert len(held) == 1
    held[0].fulfill(status=500, headers={"X-Request-Id": "req_8f2c"}, body="no")
    expect(site.locator("html")).not_to_have_attribute("data-busy", "")
    expect(site.locator("text=Save")).to_be_enabled()


def test_it_opens_the_drawer_on_narrow_windows_and_gives_focus_back(site):
    site.set_viewport_size({"width": 390, "height": 844})
    site.locator("#sidebar >> text=Team").wait_for(state="hidden")
    site.click("[data-drawer=open]")
    until(site, "document.activeElement.ariaLabel === 'Close the menu'")
    site.keyboard.press("Escape")
    until(site, "document.activeElement.ariaLabel === 'Menu'")
    until(site, "getComputedStyle(document.querySelector('#sidebar')).visibility === 'hidden'")


def test_it_works_without_scripts(chromium, site):
    bare = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    bare.set_default_timeout(15_000)
    styles = "".join(f"<style>{Path(file).read_text()}</style>" for file in _sheets())
    bare.set_content(draw("/").replace("</head>", f"{styles}</head>"))
    bare.click("a.drawer-open")
    expect(bare.locator("#sidebar >> text=Team")).to_be_visible()
    expect(bare.locator(".jump")).to_be_hidden()
    assert bare.get_attribute("text=Delete…", "href") == "/drop"
    bare.context.close()


def _sheets():
    return sorted((Path(settings.BASE_DIR) / "static" / "css").glob("*.css"))
