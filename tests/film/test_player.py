"""The report as text: one file, its own policy, nothing of a log outside text and the packed block."""

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from tests.film import documents
from watchfloor.film.player import render
from watchfloor.film.player.render import SCRIPTS, pack


class Reader(HTMLParser):
    """Tags, attributes and the content of scripts and styles, as a browser's parser would find them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.bodies: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.bodies:
            self.bodies[tag].append("")
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.bodies:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.bodies[self.inside[-1]][-1] += data


def unpacked(page: str) -> dict[str, Any]:
    block = re.search(r'<script type="application/octet-stream" id="film">([A-Za-z0-9+/=]*)</script>', page)
    assert block
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(block[1])))
    return found


def test_the_document_travels_whole() -> None:
    document = documents.told()
    found = unpacked(render(document))
    assert found.pop("verbs")["process.launch"] == ["started", "启动了"]
    assert found == json.loads(json.dumps(document))


def test_the_same_document_gives_the_same_bytes() -> None:
    assert render(documents.told()) == render(documents.told())


def test_the_policy_allows_exactly_the_scripts_and_style_of_the_page() -> None:
    page = Reader(render(documents.hostile()))
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy and "default-src 'none'" in policy and "unsafe" not in policy
    early, data, main = page.bodies["script"]
    assert not set(data) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    for text in (early, main, *page.bodies["style"]):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


@pytest.mark.parametrize("make", [documents.told, documents.hostile, documents.empty])
def test_nothing_points_outside_and_nothing_runs_from_an_attribute(make: Any) -> None:
    page = Reader(render(make()))
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert "style" not in attributes and "src" not in attributes
        assert attributes.get("href") in (None, "data:,", "#screen"), tag
    assert [t for t, _ in page.tags].count("script") == 3
    assert {t for t, _ in page.tags}.isdisjoint({"img", "iframe", "object", "embed", "base", "form"})


def test_scripts_never_turn_text_into_markup() -> None:
    page = render(documents.empty())
    script = Reader(page).bodies["script"][2]
    markup = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write")
    for word in (*markup, "eval(", "Function(", "fetch(", "XMLHttp", "import("):
        assert word not in script, word
    assert len(SCRIPTS) == len(set(SCRIPTS))


def test_hostile_text_is_escaped_and_made_visible_in_the_static_part() -> None:
    page = render(documents.hostile())
    assert "<script>window" not in page and "<img" not in page and "\u202e" not in page
    assert "invoice\\u{202E}gnp.exe" in page
    assert "&lt;script&gt;window.owned=1" in page
    assert len(page) < 3_000_000


def test_no_slot_is_left_and_none_is_filled_from_a_log() -> None:
    page = render(documents.document([], documents.columns([]), "{{data}} {{script}} {{policy}}"))
    title = re.search(r"<title>(.*?)</title>", page)
    assert title and title[1] == "{{data}} {{script}} {{policy}}"
    assert page.count('"use strict"') == 1


def test_numbers_that_json_lacks_become_null_and_arrays_are_taken() -> None:
    document = documents.empty()
    document["frames"] |= {"score": np.array([0.5, np.nan]), "time": [float("nan"), float("inf")]}
    found = json.loads(gzip.decompress(base64.b64decode(pack(document))))
    assert found["frames"]["score"] == [0.5, None] and found["frames"]["time"] == [None, None]
    with pytest.raises(TypeError, match="no place in a report"):
        pack({"x": object()})


def test_the_page_without_scripts_tells_the_story_and_the_rejections() -> None:
    page = render(documents.told())
    assert "At 09:14:31 WINWORD.EXE started powershell.exe" in page and "启动了 powershell.exe" in page
    assert "checksum does not match" in page
    assert "No scene was judged malicious or suspicious." in render(documents.empty())


def test_a_cut_list_of_rejections_says_so_on_paper() -> None:
    document = documents.told()
    document["summary"]["rejected"] = [{"source": "a", "where": str(n), "why": "bad"} for n in range(300)]
    document["summary"]["rejections"] = 4321
    page = render(document)
    assert "Only the first 200 of 4,321 reasons" in page and "仅列出前 200 条" in page
    assert "of 4,321 reasons" not in render(documents.told())


def test_a_document_with_gaps_still_renders() -> None:
    assert "<title>Watchfloor</title>" in render({})
    assert "<title>x</title>" in render({"title": "x", "summary": None, "scenes": [{"verdict": "malicious"}]})
