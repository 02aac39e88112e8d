"""Labels of a customer's own recordings: what a file of them says, and which scenes and frames it speaks of.

A label names a scene, an event or a whole source. The nearer one counts: a malicious event makes its scene malicious,
a scene's own label outweighs that of its source. Two labels of one kind that disagree are an error, never a vote.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import zstandard

from watchfloor.base.errors import InputError
from watchfloor.film.filming import Reel

Ints = npt.NDArray[np.int64]
Kind = Literal["event_id", "scene_id", "source"]

#: Words for a label; ``intrusion`` is what the truth of our own recordings says.
WORDS: Final = {"malicious": True, "intrusion": True, "benign": False}
#: What a line may name, the nearest first.
KINDS: Final[tuple[Kind, ...]] = ("event_id", "scene_id", "source")
TRUTH: Final = "truth.csv.zst"
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Label:
    """One line: what it names and what it says. ``folder`` limits it to sources in there, empty for any."""

    kind: Kind
    name: str
    malicious: bool
    where: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Marked:
    """What labels say of a reel: 1 malicious, 0 benign, -1 nothing.

    ``scene`` is ``(scenes,)``, ``owner`` ``(owners,)``. ``events`` lists labelled frames, ``(n, 2)``: scene and truth,
    with their ``pattern`` ``(n,)``. ``unmatched`` are labels of nothing in the reel.
    """

    scene: Ints
    owner: Ints
    events: Ints
    pattern: npt.NDArray[np.uint64]
    unmatched: list[Label]


def read_labels(path: Path) -> list[Label]:
    """Labels of a CSV file, a file of JSON lines, or of every ``truth.csv.zst`` in a folder.

    Raises:
        InputError: it cannot be read, a line makes no sense, or no line has a label.
    """
    files = sorted(path.rglob(TRUTH)) if path.is_dir() else [path]
    labels: list[Label] = []
    faults: list[str] = []
    for file in files:
        folder = str(file.parent) if path.is_dir() else ""
        for where, row in _rows(file):
            try:
                label = _label(row, where, folder)
            except ValueError as error:
                faults.append(f"{where}: {error}")
                continue
            if label is not None:
                labels.append(label)
    if faults:
        more = f"; and {len(faults) - _SHOWN:,} more lines" if len(faults) > _SHOWN else ""
        raise InputError(f"labels cannot be used: {'; '.join(faults[:_SHOWN])}{more}.")
    if not labels:
        raise InputError(
            f"{path} holds no label.", hint="Each line needs a label and one of event_id, scene_id or source."
        )
    return labels


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows with where they stand."""
    try:
        raw = path.read_bytes()
        if path.suffix == ".zst":
            raw = zstandard.ZstdDecompressor().stream_reader(raw).read()
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, zstandard.ZstdError) as error:
        raise InputError(f"labels {path} cannot be read: {error}.") from None
    if not text.lstrip().startswith("{"):
        yield from _csv_rows(path, text)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        yield f"line {number}", row if isinstance(row, dict) else {"label": "", "": "no JSON object"}


def _csv_rows(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = reader.fieldnames or []
    if "label" not in columns or not set(KINDS) & set(columns):
        raise InputError(
            f"labels {path} have the columns {', '.join(columns) or 'none'}.",
            hint="The first line must name label and one of event_id, scene_id or source.",
        )
    try:
        for row in reader:
            yield f"line {reader.line_num}", row
    except csv.Error as error:
        raise InputError(f"labels {path}, line {reader.line_num}: {error}.") from None


def _label(row: dict[str, Any], where: str, folder: str) -> Label | None:
    """One row's label, None where it has none: lines of ``watch --json`` that nobody labelled."""
    if row.get(""):
        raise ValueError(row[""])
    word = str(row.get("label") or "").strip().lower()
    if not word:
        return None
    if word not in WORDS:
        raise ValueError(f"label {word[:40]!r} is neither malicious nor benign")
    for kind in KINDS:
        name = str(row.get(kind) or "").strip()
        if name:
            return Label(kind, name, WORDS[word], where, folder)
    raise ValueError("no event_id, scene_id or source")


def mark(reel: Reel, labels: list[Label]) -> Marked:
    """Lay labels beside a reel.

    Raises:
        InputError: labels contradict each other, or none of them matches anything.
    """
    scenes = len(reel.casting.roots)
    unmatched: list[Label] = []
    own, whole = _named(reel, labels, unmatched), _sourced(reel, labels, unmatched)
    owner, pattern, said = _events(reel, labels, unmatched)
    if len(unmatched) == len(labels):
        named = ", ".join(label.name for label in unmatched[:_SHOWN])
        raise InputError(
            f"none of the {len(labels):,} labels matches anything in the recordings: {named}.",
            hint="Take scene_id from `watch --json --all-scenes`, event_id from its key_frames.",
        )
    scene_of = reel.casting.scene[owner]
    marks = np.where(own >= 0, own, whole)
    hit = np.full(scenes, -1, np.int64)
    np.maximum.at(hit, scene_of, said)
    clash = np.flatnonzero((hit == 1) & (own == 0))
    if len(clash):
        name = reel.scene_ids()[int(clash[0])]
        raise InputError(f"labels contradict each other: scene {name} is benign, but holds malicious events.")
    marks = np.where((hit == 1) | ((hit == 0) & (own < 0)), hit, marks)
    owners = np.where(marks[reel.casting.scene] == 0, 0, -1)
    np.maximum.at(owners, owner, said)
    return Marked(marks, owners, np.stack([scene_of, said], axis=1), pattern, unmatched)


def _agreed(found: dict[int, Label], place: int, label: Label) -> None:
    other = found.setdefault(place, label)
    if other.malicious != label.malicious:
        raise InputError(
            f"labels contradict each other: {label.name} is malicious and benign ({other.where}, {label.where})."
        )


def _filled(found: dict[int, Label], size: int) -> Ints:
    values = np.full(size, -1, np.int64)
    for place, label in found.items():
        values[place] = label.malicious
    return values


def _named(reel: Reel, labels: list[Label], unmatched: list[Label]) -> Ints:
    """What labels of scenes say of each."""
    place = {name: number for number, name in enumerate(reel.scene_ids())}
    found: dict[int, Label] = {}
    for label in labels:
        if label.kind != "scene_id":
            continue
        if label.name in place:
            _agreed(found, place[label.name], label)
        else:
            unmatched.append(label)
    return _filled(found, len(reel.casting.roots))


def _sourced(reel: Reel, labels: list[Label], unmatched: list[Label]) -> Ints:
    """What labels of sources say of each scene; a scene belongs to the source of its first member."""
    scenes = len(reel.casting.roots)
    first = np.full(scenes, len(reel.cast.owners), np.int64)
    np.minimum.at(first, reel.casting.scene, np.arange(len(reel.casting.scene)))
    source = [reel.cast.sources[i] for i in first.tolist()]
    found: dict[int, Label] = {}
    for label in labels:
        if label.kind != "source":
            continue
        mine = [s for s in range(scenes) if same_source(label.name, source[s])]
        if not mine:
            unmatched.append(label)
        for s in mine:
            _agreed(found, s, label)
    return _filled(found, scenes)


def same_source(name: str, source: str) -> bool:
    """Whether a name means a source: the same path, or the end of it, whichever of them is longer."""
    if name == source:
        return True
    short, long = sorted((name.removeprefix("./"), source.removeprefix("./")), key=len)
    return bool(short) and (long.endswith("/" + short) or long.endswith("::" + short) or long == short)


def _events(reel: Reel, labels: list[Label], unmatched: list[Label]) -> tuple[Ints, npt.NDArray[np.uint64], Ints]:
    """Owner, pattern and truth of each labelled event."""
    wanted: dict[str, list[tuple[str, Label]]] = {}
    for label in labels:
        if label.kind == "event_id":
            source, _, record = label.name.rpartition("#")
            wanted.setdefault(record, []).append((source, label))
    batches, rows, hits = [], [], []
    keys = pa.array(list(wanted), pa.string())
    met: set[int] = set()
    for number, batch in enumerate(reel.spool if wanted else ()):
        here = np.flatnonzero(pc.is_in(batch.column("record"), keys).to_numpy(zero_copy_only=False))
        part = batch.select(["source", "record"]).take(pa.array(here)).to_pylist()
        for row, event in zip(here.tolist(), part, strict=True):
            mine: dict[int, Label] = {}
            for source, label in wanted[event["record"]]:
                inside = not label.folder or event["source"].startswith(label.folder + "/")
                if inside and (not source or same_source(source, event["source"])):
                    _agreed(mine, 0, label)
                    met.add(id(label))
            if mine:
                batches.append(number)
                rows.append(row)
                hits.append(mine[0].malicious)
    unmatched += [label for label in labels if label.kind == "event_id" and id(label) not in met]
    runs = reel.frames_of(np.asarray(batches, np.int32), np.asarray(rows, np.int32))
    return runs["owner"].astype(np.int64), runs["pattern"].copy(), np.asarray(hits, np.int64)
