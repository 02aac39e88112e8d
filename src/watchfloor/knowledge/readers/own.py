"""A customer's own documents: Markdown, HTML, PDF and plain text, cut by heading, each passage with its place.

Whatever a document holds is text to be searched: nothing in it is run, followed or rendered.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import PurePath
from typing import Final

from watchfloor.base import attack
from watchfloor.base.settings import MIB
from watchfloor.knowledge.documents import MOST_PASSAGES, Document, Edge, Passage, Piece, passages_of
from watchfloor.knowledge.wording import ids_in

#: A document larger than this is a dump rather than something people wrote.
MOST_BYTES: Final = 32 * MIB
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_FENCE = re.compile(r"^\s{0,3}(```|~~~)")
_HTML = re.compile(r"<(?:!doctype html|html|head|body|h[1-6]|p|div)\b", re.IGNORECASE)
_SILENT: Final = frozenset({"script", "style", "noscript", "template", "svg"})
_BLOCKS: Final = frozenset({"p", "div", "li", "tr", "br", "pre", "section", "article", "table", "ul", "ol", "dd", "dt"})
_MOST_MENTIONS: Final = 500

#: A section: the headings it stands under, the place it begins at ("line 12", "page 3"), and its text.
Section = tuple[tuple[str, ...], str, str]


def document_of(id: str, name: str, content: bytes) -> Iterator[Piece]:
    """The document in a file's bytes, and edges to what it names.

    Raises:
        ValueError: it is no text, or nothing can be read of it.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES // MIB} MiB")
    suffix = PurePath(name).suffix.lower()
    if content.startswith(b"%PDF-") or suffix == ".pdf":
        from watchfloor.knowledge.readers.own_pdf import pages_apart

        sections: list[Section] = [((), f"page {n}", text) for n, text in enumerate(pages_apart(content), 1)]
    else:
        text = _decoded(content)
        if suffix in (".html", ".htm", ".xhtml") or _HTML.search(text[:2_000]):
            sections = list(html_sections(text))
        elif suffix in (".md", ".markdown"):
            sections = list(markdown_sections(text))
        else:
            sections = list(plain_sections(text))
    yield from _made(id, name, sections)


def _decoded(content: bytes) -> str:
    if b"\0" in content[:65_536]:
        raise ValueError("is binary, no text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")  # what Chinese Windows still writes
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    odd = sum(not (c.isprintable() or c.isspace()) or c == "\ufffd" for c in text)
    if odd > len(text) / 20:
        raise ValueError("is binary, no text")
    return text


def _made(id: str, name: str, sections: list[Section]) -> Iterator[Piece]:
    found: list[Passage] = []
    for headings, begins, text in sections:
        place = ", ".join(filter(None, (" › ".join(headings)[:200], begins)))
        found += passages_of(text, place)
    if not found:
        raise ValueError("holds no text")
    if len(found) > MOST_PASSAGES:
        raise ValueError(f"holds more than {MOST_PASSAGES} passages: cut it up")
    title = next((headings[0] for headings, _, _ in sections if headings), PurePath(name).name)
    yield Document("note", id, title[:200], tuple(found), names=(PurePath(name).name,))
    named = dict.fromkeys(each for passage in found for each in ids_in(passage.text))
    for other in list(named)[:_MOST_MENTIONS]:
        yield Edge(id, "mentions", attack.normalise(other) or other)


def markdown_sections(text: str) -> Iterator[Section]:
    """Sections by heading; what looks like one inside a fence is code."""
    above: list[tuple[int, str]] = []
    lines: list[str] = []
    begins, fenced = 1, False
    for number, line in enumerate(text.splitlines(), 1):
        if _FENCE.match(line):
            fenced = not fenced
        match = None if fenced else _HEADING.match(line)
        if match is None:
            lines.append(line)
            continue
        if any(map(str.strip, lines)):
            yield tuple(title for _, title in above), f"line {begins}", "\n".join(lines)
        level = len(match[1])
        above = [each for each in above if each[0] < level] + [(level, match[2])]
        lines, begins = [], number
    if any(map(str.strip, lines)):
        yield tuple(title for _, title in above), f"line {begins}", "\n".join(lines)


def plain_sections(text: str) -> Iterator[Section]:
    """Paragraphs, each with the line it begins at."""
    lines: list[str] = []
    begins = 1
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.strip():
            if not lines:
                begins = number
            lines.append(line)
        elif lines:
            yield (), f"line {begins}", "\n".join(lines)
            lines = []


def html_sections(text: str) -> Iterator[Section]:
    """Sections by heading of a page's visible text."""
    page = _Page()
    page.feed(text)
    page.close()
    page.end_section()
    yield from page.sections


class _Page(HTMLParser):
    """Gathers visible text under headings."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: list[Section] = []
        self._above: list[tuple[int, str]] = []
        self._text: list[str] = []
        self._heading: list[str] | None = None
        self._silent = 0
        self._begins = 1

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Block elements end a line; headings begin a section."""
        if tag in _SILENT:
            self._silent += 1
        elif _level(tag):
            self.end_section()
            self._heading, self._begins = [], self.getpos()[0]
        elif tag in _BLOCKS:
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """The end of a heading names the section."""
        if tag in _SILENT:
            self._silent = max(self._silent - 1, 0)
        elif (level := _level(tag)) and self._heading is not None:
            title = " ".join("".join(self._heading).split())
            self._above = [each for each in self._above if each[0] < level] + [(level, title)]
            self._heading = None

    def handle_data(self, data: str) -> None:
        """Text, where it is shown."""
        if self._heading is not None:
            self._heading.append(data)
        elif not self._silent:
            self._text.append(data)

    def end_section(self) -> None:
        """Keep what was gathered."""
        lines = (" ".join(line.split()) for line in "".join(self._text).split("\n"))
        text = "\n".join(filter(None, lines))
        if text:
            self.sections.append((tuple(title for _, title in self._above if title), f"line {self._begins}", text))
        self._text = []


def _level(tag: str) -> int:
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456" else 0
