"""Matches of rules in the player: seen in the list, opened by a click, filtered, harmless, and quick."""

import re

import pytest
from playwright.sync_api import expect

from tests.film import documents, documents_rules
from tests.film.chromium import QUIET, Open, scrub

pytestmark = pytest.mark.browser


def test_a_match_is_seen_and_a_click_jumps_the_film_to_it(show: Open) -> None:
    page = show(documents_rules.told())
    expect(page.locator(".scene").first.locator(".rule-badge")).to_have_text("critical · 4")
    expect(page.locator("#headline .rule-badge")).to_have_text("critical · 4")
    expect(page.locator(".match")).to_have_count(4)
    first = page.locator(".match").first
    expect(first).to_contain_text("critical")
    expect(first).to_contain_text("Office Starts Shell")
    expect(first).to_contain_text("T1059.001")
    expect(first.locator(".match-low span").first).to_have_text(re.compile(r"\d\d:\d\d:\d\d\.\d{3}"))
    clock = first.locator(".match-low span").first.inner_text()
    expect(page.locator(".rule-chip")).to_have_count(0)
    first.click()
    expect(page.locator(".rule-chip")).to_have_text(re.compile("critical.*Office Starts Shell.*T1059.001"))
    expect(page.locator(".stage-head time b")).to_have_text(clock)
    expect(page.locator(".match.on")).to_have_count(1)
    page.locator(".match").nth(1).click()
    expect(page.locator(".rule-chip")).to_contain_text("Odd Library")


def test_the_matches_can_be_walked_by_keyboard(show: Open) -> None:
    page = show(documents_rules.told())
    page.locator("#matches").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".rule-chip")).to_contain_text("Office Starts Shell")


def test_a_match_whose_frame_was_left_out_says_so_and_stays_put(show: Open) -> None:
    page = show(documents_rules.told())
    place = page.locator(".place").inner_text()
    gone = page.locator(".match.gone")
    expect(gone).to_have_count(1)
    expect(gone).to_contain_text("gone#1")
    gone.click()
    expect(page.locator(".place")).to_have_text(place)


def test_the_timeline_marks_matched_frames(show: Open) -> None:
    count = """() => { const c = document.querySelector('#timeline');
      const style = getComputedStyle(document.documentElement);
      const colour = style.getPropertyValue('--level-4').trim(), n = parseInt(colour.slice(1), 16);
      const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let found = 0;
      for (let i = 0; i < d.length; i += 4)
        if (d[i] === n >> 16 && d[i + 1] === ((n >> 8) & 255) && d[i + 2] === (n & 255)) found += 1;
      return found; }"""
    assert show(documents_rules.told()).evaluate(count) > 5
    assert show(documents.told()).evaluate(count) == 0


def test_scenes_are_filtered_by_who_saw_them(show: Open) -> None:
    page = show(documents_rules.told())
    for name, headline in (("both", "ws-17"), ("screen", "web-02"), ("rules", "look ordinary")):
        page.locator("#seen").select_option(name)
        expect(page.locator("#headline")).to_contain_text(headline)
    expect(page.locator("#found")).to_have_text("1 of 12 scenes")
    expect(page.locator("#seen option:checked")).to_have_text("Rules alone (1)")
    expect(page.locator(".rule-chip")).to_contain_text("Tool")  # it opens on its match
    page.locator("#clear").click()
    expect(page.locator("#found")).to_have_text("12 of 12 scenes")
    page.locator("#search").fill("odd library")
    expect(page.locator("#found")).to_have_text("1 of 12 scenes")


def test_a_scene_that_a_rule_alone_names_stands_before_other_benign_ones(show: Open) -> None:
    page = show(documents_rules.told())
    benign = page.locator(".scene.benign")
    expect(benign.first.locator(".rule-badge")).to_have_text("high · 1")


def test_a_report_without_rules_shows_nothing_of_them(show: Open) -> None:
    page = show(documents.told())
    expect(page.locator("#rules-panel")).to_be_hidden()
    expect(page.locator("#seen")).to_be_hidden()
    expect(page.locator(".rule-badge")).to_have_count(0)


def test_a_scene_without_matches_says_so_in_both_languages(show: Open) -> None:
    page = show(documents_rules.told())
    page.keyboard.press("]")
    expect(page.locator("#matches-more")).to_have_text("No rule matched in this scene.")
    page.keyboard.press("l")
    expect(page.locator("#matches-more")).to_have_text("此场景没有规则命中。")
    page.keyboard.press("[")
    expect(page.locator(".match").first).to_contain_text("严重")


@pytest.mark.parametrize("width", [390, 768, 1024, 1600])
def test_nothing_runs_off_the_side_with_rules(show: Open, width: int) -> None:
    page = show(documents_rules.told(), width=width, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".match").first.bounding_box()


def test_hostile_rules_stay_text(show: Open) -> None:
    page = show(documents_rules.hostile())
    page.locator("#matches").focus()
    for _ in range(12):
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    for selector in ("#seen", "#lang", "#lang"):
        page.locator(selector).click()
    seen = page.evaluate(
        """() => ({owned: window.owned ?? null, scripts: document.scripts.length,
        outside: document.querySelectorAll('img,iframe,object,embed,form,base,[onload],[onerror],[src]').length,
        bidi: /[\\u202a-\\u202e\\u2066-\\u2069\\u200b]/.test(document.body.textContent)})"""
    )
    assert seen == {"owned": None, "scripts": 2, "outside": 0, "bidi": False}
    page.locator("#matches").evaluate("n => { n.scrollTop = 0 }")
    expect(page.locator("#matches")).to_contain_text("<script>window.owned=1;alert(1)</script>")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert page.evaluate("Math.max(...[...document.querySelectorAll('.match')].map(n => n.textContent.length))") < 600


def test_a_hundred_thousand_frames_with_twenty_thousand_matches_stay_responsive(
    show: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    small = scrub(show(documents_rules.told()))
    page = show(documents_rules.big())
    ready = float(page.evaluate("document.documentElement.dataset.ready"))
    figures = {"scene": scrub(page)}
    page.keyboard.press("a")
    expect(page.locator(".place")).to_contain_text("100,0")
    figures["all"] = scrub(page)
    with capsys.disabled():
        shown = {k: [round(v, 1) for v in values] for k, values in figures.items()}
        print(f"\n20,000 matches: ready {ready:.0f} ms; scrub median/p95/max ms {shown}, of a small report {small}")
    slow = max(1.0, small[1] / QUIET)  # how much slower this machine is now than a quiet one
    assert ready < 3000 * slow
    assert figures["scene"][1] < 50 * slow
    assert figures["all"][1] < 50 * slow
    assert page.locator(".match").count() < 30


def test_a_damaged_rules_part_does_not_close_the_film(show: Open) -> None:
    document = documents.told() | {"rules": {"list": [None, 3], "in_scenes": "x"}, "matches": {"scene": [0, 99]}}
    page = show(document)
    expect(page.locator("#headline h1")).to_contain_text("On ws-17")
