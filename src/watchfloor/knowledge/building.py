"""Building: files of public knowledge or own documents into one edition, then vectors for what is new.

The edition is all or nothing; vectors are kept batch by batch, so an interrupted build goes on where it stopped.
"""

import csv
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson

from watchfloor.base.account import Account
from watchfloor.base.embeddings import TextEncoder
from watchfloor.base.errors import InputError, UsageError
from watchfloor.base.settings import Settings
from watchfloor.intake.sources import Input, Source, find_inputs, open_sources, printable
from watchfloor.knowledge import vectors
from watchfloor.knowledge.database import connect, transaction
from watchfloor.knowledge.documents import WITNESSES, Origin, Piece
from watchfloor.knowledge.readers.own import MOST_BYTES, document_of
from watchfloor.knowledge.reading import Library
from watchfloor.knowledge.writing import Changes, Edition

#: Says where the files of a folder that was downloaded are from.
SOURCES_FILE: Final = ".watchfloor-sources.json"
INDEX_FILE: Final = "index.csv"
#: What to encode: everything, nothing, or all but CVEs that nobody is known to exploit and no technique is mapped to.
ENCODE: Final = ("known", "all", "none")

#: What is being done, how far, of how much (0: unknown).
OnProgress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Built:
    """What a build did. ``passages_left`` have no vector and are found by their words and ids alone."""

    account: Account
    passed_over: list[str]
    changes: Changes
    edition: int = 0
    passages: int = 0
    encoded: int = 0
    passages_left: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)


def build(
    target: Path,
    paths: Sequence[str],
    settings: Settings,
    encoder: TextEncoder | None,
    *,
    encode: str = "known",
    keep: Callable[[Piece], bool] | None = None,
    on_progress: OnProgress | None = None,
) -> Built:
    """Read public knowledge into a knowledge base; ``keep`` leaves pieces out (the lab holds some back).

    Raises:
        InputError: none of the paths can be read.
        UsageError: the target is something else.
    """
    return _run(target, paths, settings, encoder, encode, on_progress, _PublicShelf(settings, keep))


def add(
    target: Path,
    paths: Sequence[str],
    settings: Settings,
    encoder: TextEncoder | None,
    *,
    on_progress: OnProgress | None = None,
) -> Built:
    """Read own documents into a knowledge base.

    Raises:
        InputError: none of the paths can be read.
        UsageError: the target is something else.
    """
    return _run(target, paths, settings, encoder, "known", on_progress, _OwnShelf(settings))


def _run(
    target: Path, paths: Sequence[str], settings: Settings, encoder: TextEncoder | None, encode: str,
    on_progress: OnProgress | None, shelf: "_PublicShelf | _OwnShelf",
) -> Built:  # fmt: skip
    for path in paths:
        if not Path(path).exists():
            raise InputError(f"{printable(path)}: no such file or folder.")
        if target.resolve() == Path(path).resolve() or target.resolve().is_relative_to(Path(path).resolve()):
            raise UsageError(f"the knowledge base {target} lies in {printable(path)}, which is to be read.")
    base = connect(target, write=True)
    try:
        with transaction(base):
            edition = Edition(base, ", ".join(map(printable, paths))[:500])
            shelf.fill(edition, paths, on_progress)
            edition.close()
        built = Built(shelf.account, shelf.passed_over, edition.changes, edition.number if edition.changes.any else 0)
        if encoder is not None and encode != "none":
            built.encoded = _encode(base, target, encoder, encode, on_progress)
        _count(base, built)
    finally:
        base.close()
    return built


class _PublicShelf:
    """Files of public knowledge, by path."""

    def __init__(self, settings: Settings, keep: Callable[[Piece], bool] | None) -> None:
        self._settings, self._keep = settings, keep
        self.account = Account()
        self._library = Library(settings, self.account)
        self.passed_over = self._library.passed_over

    def fill(self, edition: Edition, paths: Sequence[str], on_progress: OnProgress | None) -> None:
        """Read everything; collections that were read whole lose what they no longer tell."""
        told: dict[str, bool] = {}
        for root in paths:
            origins = Origins.of(Path(root))
            inputs = _ordered([each for each in find_inputs([root], self.account) if not _is_ours(each.path)])
            for place, item in enumerate(inputs):
                if on_progress is not None:
                    on_progress(Path(item.path).name, place, len(inputs))
                collection = origins.collection(item.path)
                before = len(self.account.rejections)
                for source in open_sources(item, self._settings, self.account, lambda _: None):
                    self._read(edition, source, origins.of_file(item.path, collection), told)
                whole = len(self.account.rejections) == before
                if collection in told:
                    told[collection] = told[collection] and whole
        edition.withdraw(name for name, whole in told.items() if whole)

    def _read(self, edition: Edition, source: Source, origin: Origin, told: dict[str, bool]) -> None:
        reading = self._library.read(source)
        if reading is None:
            return
        if reading.version and not origin.version:
            origin = Origin(origin.collection, origin.repository, reading.version, origin.licence, origin.address)
        pieces: Iterable[Piece] = reading.pieces
        edition.take(pieces if self._keep is None else filter(self._keep, pieces), origin)
        told.setdefault(origin.collection, True)


class _OwnShelf:
    """A customer's own documents; a file is a collection, so reading it again replaces what it said."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.account = Account()
        self.passed_over: list[str] = []

    def fill(self, edition: Edition, paths: Sequence[str], on_progress: OnProgress | None) -> None:
        """Read every file; one that is no document is a rejection."""
        inputs = [each for each in find_inputs(paths, self.account) if not _is_ours(each.path)]
        for place, item in enumerate(inputs):
            if on_progress is not None:
                on_progress(Path(item.path).name, place, len(inputs))
            file = printable(str(Path(item.path).resolve()))
            seen = len(self.account.rejections)
            for source in open_sources(item, self._settings, self.account, lambda _: None):
                member = source.name.partition("::")[2]
                id = f"{file}::{member}" if member else file
                self._read(edition, source, id, Origin(file, "own", "", "", id))
            if len(self.account.rejections) == seen:
                edition.withdraw([file])
        edition.withdraw(_gone(edition.base, paths))

    def _read(self, edition: Edition, source: Source, id: str, origin: Origin) -> None:
        content = source.stream.read(MOST_BYTES + 1)
        if source.guard.damage:
            self.account.reject_source(source.name, f"byte {source.guard.position}", source.guard.damage)
            return
        try:
            pieces = list(document_of(id, source.name, content))
        except (ValueError, RecursionError) as error:
            self.account.reject_record(source.name, "file", str(error) or type(error).__name__)
            return
        edition.take(pieces, origin)
        self.account.kept += 1


def _gone(base: sqlite3.Connection, paths: Sequence[str]) -> list[str]:
    """Own documents of folders that are read again and whose files are no longer there."""
    known = [row[0] for row in base.execute("SELECT DISTINCT collection FROM origins WHERE repository = 'own'")]
    folders = [str(Path(path).resolve()) + "/" for path in paths if Path(path).is_dir()]
    return [each for each in known if each.startswith(tuple(folders)) and not Path(each).exists()]


def _is_ours(path: str) -> bool:
    return Path(path).name in (SOURCES_FILE, INDEX_FILE)


def _ordered(inputs: list[Input]) -> list[Input]:
    """The first to tell of a document is believed: what repeats a part of a catalogue comes after it."""
    return sorted(inputs, key=lambda item: "csaf" in Path(item.path).name)


@dataclass(slots=True)
class Origins:
    """Where the files below one path are from, as an index or a downloader says, or else as the path says."""

    root: Path
    known: dict[str, Origin]

    @classmethod
    def of(cls, root: Path) -> "Origins":
        """Read what is known of a folder, or of the folder a path stands in."""
        for folder in (root, *root.resolve().parents[:2]):
            if (folder / SOURCES_FILE).is_file():
                return cls(folder.resolve(), dict(_fetched(folder / SOURCES_FILE)))
            if (folder / INDEX_FILE).is_file():
                return cls(folder.resolve(), dict(_indexed(folder / INDEX_FILE)))
        return cls(root.resolve(), {})

    def collection(self, path: str) -> str:
        """What a later reading of the same source replaces: the top folder or file below the root."""
        place = Path(path).resolve()
        relative = place.relative_to(self.root).parts if place.is_relative_to(self.root) else (place.name,)
        top = relative[0] if relative else place.name
        return printable(top if self.known else str(self.root / top) if relative else str(place))

    def of_file(self, path: str, collection: str) -> Origin:
        """The origin of one file."""
        place = Path(path).resolve()
        relative = place.relative_to(self.root).as_posix() if place.is_relative_to(self.root) else place.name
        found = self.known.get(relative) or self.known.get(relative.partition("/")[0])
        if found is None:
            return Origin(collection, Path(collection).name, "", "", printable(str(place)))
        return Origin(collection, found.repository, found.version, found.licence, found.address)


def _indexed(path: Path) -> Iterator[tuple[str, Origin]]:
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            origin, name = row.get("origin") or "", row.get("path") or ""
            repository, _, version = origin.partition(";")[0].removeprefix("github:").partition("@")
            address = f"https://github.com/{repository}" if origin.startswith("github:") else ""
            yield name, Origin(name, repository, version.strip(), row.get("licence") or "", address)


def _fetched(path: Path) -> Iterator[tuple[str, Origin]]:
    try:
        raw = orjson.loads(path.read_bytes())
        for name, facts in raw["files"].items():
            yield name, Origin(name, facts["repository"], facts["version"], facts["licence"], facts["address"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged.", hint="Delete it and build again.") from error


def _encode(
    base: sqlite3.Connection, folder: Path, encoder: TextEncoder, encode: str, on_progress: OnProgress | None
) -> int:
    known = base.execute("SELECT value FROM meta WHERE name = 'encoder'").fetchone()
    if known is None or known[0] != encoder.version:
        vectors.forget(base, folder)
        base.execute("INSERT OR REPLACE INTO meta VALUES ('encoder', ?)", (encoder.version,))

    def report(done: int, total: int) -> None:
        if on_progress is not None:
            on_progress("vectors of passages", done, total)

    return vectors.encode(base, folder, encoder, _unplaced(base, everything=encode == "all"), report)


def _unplaced(base: sqlite3.Connection, *, everything: bool) -> list[tuple[int, str]]:
    """Passages in force without a vector, and what the encoder is to read of each."""
    quiet = "" if everything else (
        "AND NOT (d.kind = 'vulnerability'"
        " AND NOT EXISTS (SELECT 1 FROM documents e WHERE e.id = d.id AND e.kind = 'exploited')"
        " AND NOT EXISTS (SELECT 1 FROM edges g WHERE g.start = d.id AND g.relation <> 'has-weakness')"
        " AND NOT EXISTS (SELECT 1 FROM edges g WHERE g.end = d.id AND g.relation = 'exploits'))"
    )  # fmt: skip
    rows = base.execute(
        "SELECT p.n, d.kind, d.title, p.text FROM passages p JOIN documents d ON d.n = p.document "
        f"WHERE d.until IS NULL AND NOT EXISTS (SELECT 1 FROM placed v WHERE v.passage = p.n) {quiet}"
    )
    return [(n, text if kind in WITNESSES else vectors.spoken(title, text)) for n, kind, title, text in rows]


def _count(base: sqlite3.Connection, built: Built) -> None:
    rows = base.execute("SELECT kind, count(*) FROM documents WHERE until IS NULL GROUP BY kind ORDER BY kind")
    built.by_kind = dict(rows.fetchall())
    built.passages, built.passages_left = base.execute(
        "SELECT count(*), count(*) - count(v.passage) FROM passages p JOIN documents d ON d.n = p.document "
        "LEFT JOIN placed v ON v.passage = p.n WHERE d.until IS NULL"
    ).fetchone()
