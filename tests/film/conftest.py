"""A browser for the player's tests, and a page opened in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.film.chromium import FLAGS, Open, Watch
from watchfloor.film.player import render


@pytest.fixture(scope="module")
def browser(browser_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a document; after the test every page must have been silent and free of errors."""
    watched: list[tuple[Page, Watch]] = []

    def opener(
        document: dict[str, Any], width: int = 1440, height: int = 900, silent: bool = True, **context: Any
    ) -> Page:
        path = tmp_path / "report.html"
        path.write_text(render(document), encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": height}, **({"locale": "en-GB"} | context))
        watch = Watch(page)
        if silent:
            watched.append((page, watch))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]")
        return page

    yield opener
    for page, watch in watched:
        page.wait_for_timeout(50)
        watch.assert_clean()
        page.close()
