"""What an analyst reads off the player: who did it, why, in which language, and from which record."""

import re

import pytest
from playwright.sync_api import expect

from tests.film import documents
from tests.film.chromium import Open

pytestmark = pytest.mark.browser


def test_a_launch_is_told_with_the_parent_as_actor(show: Open) -> None:
    document = documents.told()
    frames = document["frames"]
    frames["actors"].append("C:\\Windows\\explorer.exe")
    for name, value in (
        ("scene", 0), ("process", 1), ("time", frames["time"][0] - 1000),
        ("action", frames["actions"].index("process.launch")),
        ("actor", len(frames["actors"]) - 1), ("object", 0), ("score", 0.1), ("repeats", 1), ("event", 0),
    ):  # fmt: skip
        frames[name].insert(0, value)
    page = show(document)
    expect(page.locator(".actor .under")).to_contain_text("pid 4120")
    expect(page.locator(".object .under")).to_contain_text("pid 5532")
    expect(page.locator("#tree .acting")).to_contain_text("WINWORD.EXE")
    expect(page.locator("#tree .target")).to_contain_text("powershell.exe")
    cards = page.locator(".card")
    expect(cards.nth(0).locator(".actor")).to_have_text("WINWORD.EXE")
    expect(cards.nth(0).locator(".card-rest")).to_contain_text("-nop -w hidden")
    expect(cards.nth(3).locator(".actor")).to_have_text("powershell.exe")
    expect(cards.nth(3).locator(".object")).to_have_text("rundll32.exe")
    expect(page.locator("#frames .frame-row.key").first).to_contain_text("WINWORD.EXE")
    page.keyboard.press("Home")  # no key frame: the columns name the actor
    expect(page.locator(".actor .name")).to_have_text("explorer.exe")
    expect(page.locator("#timeline")).to_have_attribute("aria-valuetext", re.compile("explorer.exe started"))


def test_why_is_said_in_the_readers_language(show: Open) -> None:
    page = show(documents.told(), locale="zh-CN")
    expect(page.locator(".why")).to_contain_text("由 WINWORD.EXE 启动")
    expect(page.locator("#story")).to_contain_text("依据：由 WINWORD.EXE 启动")
    page.keyboard.press("l")
    expect(page.locator(".why")).to_contain_text("started by WINWORD.EXE")
    expect(page.locator(".why")).not_to_contain_text("启动")


def test_a_record_in_an_archive_is_named_by_its_last_part_and_copied_whole(show: Open) -> None:
    document = documents.told()
    whole = "cases/2026.zip::ws-17/Sysmon.evtx#1188"
    document["scenes"][0]["key_frames"][0]["event_id"] = whole
    document["frames"]["events"] = [whole if e == "ws-17-Sysmon.evtx#1188" else e for e in document["frames"]["events"]]
    page = show(document)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(page.locator("#stage .event code")).to_have_text("Sysmon.evtx#1188")
    expect(page.locator("#stage .event")).to_have_attribute("title", whole)
    page.locator("#stage .event button").click()
    assert page.evaluate("navigator.clipboard.readText()") == whole


def test_key_frames_that_say_the_same_are_counted_and_a_cut_list_of_rejections_says_so(show: Open) -> None:
    document = documents.told()
    keys = document["scenes"][0]["key_frames"]
    keys[5]["object"] = keys[3]["object"]
    document["summary"]["rejections"] = 1234
    page = show(document)
    expect(page.locator(".card .alike")).to_have_text(["1/2 alike", "2/2 alike"])
    page.locator("#tab-rejected").click()
    expect(page.locator("#rejected-note")).to_contain_text("first 2 of 1,234 reasons")
