"""YAML by strangers: each document of a file, or why it is none; neither depth nor aliases can exhaust us.

A document may be small and mean billions of values: an alias stands for all its anchor does, and a list of
aliases of lists of aliases multiplies. libyaml, besides, falls over very deep nesting with the whole process.
Both are counted over the stream of parsing events, which is flat, before anything is built.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from sigma.rule.base import SigmaYAMLLoader

#: What one document may come to with its aliases written out; SigmaHQ's largest has 2,000 values.
MOST_VALUES = 100_000
MOST_TEXT = 8 * 1024 * 1024
DEEPEST = 60

#: Blanks and signs in front of a line that open more levels than any rule has; libyaml knows five line ends.
_DEEP = re.compile(rb"(?:^|[\n\r]|\xc2\x85|\xe2\x80[\xa8\xa9])[ \t?:-]{24}")
_MOST_BRACKETS = 16


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document that cannot be read, and why."""

    why: str


def documents(content: bytes) -> Iterator[Any]:
    """The documents of a file, an `Unreadable` in the place of each that cannot be read; empty ones are left out.

    After a syntax error nothing of the file can be told any more.
    """
    if _is_plain(content):
        yield from _built(content)
        return
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeError as error:
        yield _unreadable(error)
        return
    while text:
        rest = ""
        try:
            for start, end, why in _measured(text):
                yield from [Unreadable(why)] if why else _built(text[start:end].encode())
        except yaml.YAMLError as error:
            yield _unreadable(error)
            return
        except _TooDeepError as error:
            yield Unreadable(f"nested more than {DEEPEST} deep")
            after = text.find("\n---", error.place)
            rest = text[after + 1 :] if after >= 0 else ""
        text = rest


class _TooDeepError(Exception):
    """Nesting that must not be followed any further; ``place`` is how far it was."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def _unreadable(error: BaseException) -> Unreadable:
    return Unreadable(f"not readable as YAML: {one_line(error)}")


def one_line(error: BaseException) -> str:
    """An error's text, short and without line breaks."""
    return " ".join(str(error).split())[:300]


def _is_plain(content: bytes) -> bool:
    """Whether a file is too simple to be dangerous, as nearly all are: no anchors, and no room for depth."""
    if b"&" in content or b"\0" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return False
    return content.count(b"[") + content.count(b"{") <= _MOST_BRACKETS and not _DEEP.search(content)


def _built(content: bytes) -> Iterator[Any]:
    # PyYAML raises whatever int(), float() or dates do over what strangers wrote, and more
    try:
        loader = SigmaYAMLLoader(content)
    except Exception as error:
        yield _unreadable(error)
        return
    try:
        while loader.check_node():
            node = loader.get_node()
            try:
                document = loader.construct_document(node)
            except Exception as error:
                document = _unreadable(error)
                _forget(loader)
            if document is not None:
                yield document
    except (yaml.YAMLError, UnicodeError) as error:
        yield _unreadable(error)
    finally:
        loader.dispose()


def _forget(loader: SigmaYAMLLoader) -> None:
    """What is left of a document that could not be built, out of the way of the next."""
    loader.constructed_objects = {}
    loader.recursive_objects = {}
    loader.state_generators = []
    loader.deep_construct = False


@dataclass(slots=True)
class _Size:
    """Values and characters of a node with all below it."""

    values: int = 1
    text: int = 0
    anchor: str | None = None


@dataclass(slots=True)
class _Document:
    """Counts one document as its events pass."""

    start: int
    open: list[_Size] = field(default_factory=lambda: [_Size(0)])
    anchors: dict[str, _Size] = field(default_factory=dict)
    why: str = ""

    def take(self, event: yaml.Event) -> None:
        """Count one event."""
        if isinstance(event, yaml.AliasEvent):
            size = self.anchors.get(event.anchor or "")
            if any(size.anchor == event.anchor for size in self.open):
                self.why = "a value that contains itself"
            elif size is not None:
                self._add(size)
        elif isinstance(event, yaml.ScalarEvent):
            size = _Size(1, len(event.value))
            if event.anchor:
                self.anchors[event.anchor] = size
            self._add(size)
        elif isinstance(event, yaml.CollectionStartEvent):
            self.open.append(_Size(anchor=event.anchor))
            if len(self.open) > DEEPEST + 1:
                raise _TooDeepError(_place(event.start_mark))
        elif isinstance(event, yaml.CollectionEndEvent):
            size = self.open.pop()
            if size.anchor:
                self.anchors[size.anchor] = size
            self._add(size)

    def _add(self, size: _Size) -> None:
        parent = self.open[-1]
        parent.values += size.values
        parent.text += size.text
        if parent.values > MOST_VALUES:
            self.why = f"more than {MOST_VALUES:,} values once its aliases are written out"
        elif parent.text > MOST_TEXT:
            self.why = f"more than {MOST_TEXT:,} characters once its aliases are written out"


def _measured(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each document begins and ends, and why it is not to be built.

    Raises:
        yaml.YAMLError: from here on the file is no YAML.
        _TooDeepError: libyaml itself would take minutes or fall over.
    """
    document: _Document | None = None
    for event in yaml.parse(text, Loader=SigmaYAMLLoader):
        if isinstance(event, yaml.DocumentStartEvent):
            document = _Document(_place(event.start_mark))
        elif isinstance(event, yaml.DocumentEndEvent) and document is not None:
            yield document.start, _place(event.end_mark), document.why
        elif document is not None:
            document.take(event)


def _place(mark: Any) -> int:
    return int(mark.index)
