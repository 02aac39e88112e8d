"""Pictures of the report as a reader sees it: ``python -m benchmarks.report_shots FOLDER [REPORT.html]``.

Without a report of your own the demonstration document of the tests is drawn. Needs chromium on the PATH
and playwright (extra ``[dev]``).
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: name, width, height, theme, language, keys pressed before the picture is taken
SHOTS = (
    ("desk-light-en", 1440, 900, "light", "en", ("ArrowRight",) * 3),
    ("desk-dark-zh", 1440, 900, "dark", "zh", ("ArrowRight",) * 4),
    ("wide-light-en", 1600, 1000, "light", "en", ()),
    ("phone-light-zh", 390, 844, "light", "zh", ("ArrowRight",)),
    ("phone-dark-en", 390, 844, "dark", "en", ("ArrowRight",) * 3),
    ("all-scenes-dark-en", 1440, 900, "dark", "en", ("a", "ArrowRight")),
    ("raw-light-en", 1440, 900, "light", "en", ("ArrowRight", "r")),
    ("tablet-light-en", 1024, 768, "light", "en", ("ArrowRight",)),
)


def shoot(browser: Browser, report: Path, folder: Path) -> list[Path]:
    """Open the report once a shot, press its keys, and write the viewport and the whole page."""
    made = []
    for name, width, height, theme, lang, keys in SHOTS:
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            locale="zh-CN" if lang == "zh" else "en-GB",
        )
        page.goto(report.as_uri())
        page.wait_for_selector("html[data-ready]")
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_timeout(500)
        for suffix, whole in (("", False), ("-whole", True)):
            made.append(folder / f"{name}{suffix}.png")
            page.screenshot(path=made[-1], full_page=whole)
        page.close()
    return made


def main() -> int:
    """Write the pictures and say where."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("report", type=Path, nargs="?")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    report = given.report
    if report is None:
        from tests.film.documents import told

        from watchfloor.film.player import render

        report = given.folder / "demonstration.html"
        report.write_text(render(told()), encoding="utf-8")
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("chromium is not on the PATH; install it first.\n")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for path in shoot(browser, report.resolve(), given.folder):
            sys.stdout.write(f"{path}\n")
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
