"""A real browser against the real application: fixtures `server` and `browser_page`."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread

from tests import make

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WHY_NOT = "Chromium is not installed: the browser tests did not run"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


class Server:
    """The application in a thread of this process, so that tests share its database."""

    def __init__(self) -> None:
        self.thread = LiveServerThread("127.0.0.1", StaticFilesHandler, port=0)
        self.thread.daemon = True
        self.thread.start()
        self.thread.is_ready.wait()
        if self.thread.error:
            raise self.thread.error
        self.url = f"http://127.0.0.1:{self.thread.port}"

    def stop(self) -> None:
        self.thread.terminate()


@pytest.fixture
def server(db: None) -> Iterator[Server]:
    settings.STATIC_URL = "/static/"
    running = Server()
    base, trusted = settings.BASE_URL, settings.CSRF_TRUSTED_ORIGINS
    settings.BASE_URL, settings.CSRF_TRUSTED_ORIGINS = running.url, [running.url]
    yield running
    settings.BASE_URL, settings.CSRF_TRUSTED_ORIGINS = base, trusted
    running.stop()


def sign_in(page: Any, email: str) -> None:
    """Signs in by the form. Returns only when the next page is there: a click does not wait for it."""
    page.goto("/account/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", make.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/account/login" not in url)


def carry_session(context: Any, server: Server, client: Any) -> None:
    """The browser is signed in as the test client is."""
    session = client.cookies["session"]
    context.add_cookies([{"name": session.key, "value": session.value, "url": server.url}])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail(WHY_NOT)
        pytest.skip(WHY_NOT)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs an event loop in this thread
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium: Any, server: Server) -> Iterator[Any]:
    """A page at the server's address. What the page itself gets wrong fails the test."""
    context = chromium.new_context(base_url=server.url, viewport={"width": 1440, "height": 960})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []
