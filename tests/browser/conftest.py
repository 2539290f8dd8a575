"""Pages in a real browser: Debian's Chromium, driven by Playwright, against a real server."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.scenarios.conftest import iam, reset, running, server

__all__ = ["iam", "reset", "running", "server"]

CHROMIUM = "/usr/bin/chromium"
PHONE_WIDTH = {"width": 360, "height": 740}

expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def chromium():
    """One browser for a file's tests: while it lives, no other event loop runs in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def site(server):
    """The server's origin as a browser has it: WebAuthn wants a name, and on loopback that is `localhost`."""
    return f"http://localhost:{urlsplit(server.endpoint).port}"


@pytest.fixture
def open_page(chromium, site):
    """Opens a page in a browser profile of its own; nothing may go wrong in it that nobody looks at."""
    contexts = []

    def make(**options):
        context = chromium.new_context(**{"base_url": site, **options})
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda message: page.faults.append(message.text) if _is_fault(message) else None)
        return page

    yield make
    for context in contexts:
        for page in context.pages:
            assert page.faults == []
        context.close()


def _is_fault(message):
    """Chromium also reports answers of 4xx as errors; those the tests look at themselves."""
    return message.type == "error" and not re.search(r"status of 4\d\d", message.text)


@pytest.fixture
def page(open_page):
    return open_page()
