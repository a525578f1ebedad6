"""A real headless Chromium, driven by Playwright."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.pages import two_strategies, write
from tests.browser.setup_chromium import find_chromium

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the whole session: while Playwright is open its event loop runs, and no asynchronous test could."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium: run python3 tests/browser/setup_chromium.py as root, or install it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """Opens pages and remembers what they asked for and complained about."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._contexts = []

    def __call__(self, address: str, *, ready: bool = True, **context: object) -> Page:
        self._contexts.append(self._browser.new_context(**{"reduced_motion": "reduce", **context}))
        self._contexts[-1].set_default_timeout(15_000)
        page = self._contexts[-1].new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.goto(address)
        if ready:
            page.wait_for_selector("html[data-ready]", state="attached")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Watched]:
    watched = Watched(browser)
    yield watched
    watched.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report of two strategies, three languages and twelve questions, one of them flagged."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    return write(path, two_strategies(), {"4": ["spanish: missing options (1 option)"]})
