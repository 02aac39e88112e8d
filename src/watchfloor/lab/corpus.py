"""Film every recording of the catalogue once and keep the frames as one compact sparse array.

    python -m watchfloor.lab.corpus ../shared/data OUT.npz [--background FOLDER ...]

A row is a distinct frame of one owner in one scene of one recording. Training reads only this file, so it
runs wherever numpy does. Simplification: the clean-up of labels happens in training, not here.
"""

import argparse
import csv
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zstandard

from watchfloor.base.events import Row, to_batch
from watchfloor.base.settings import Settings
from watchfloor.film.cast import Owner
from watchfloor.film.filming import Reel, film
from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.screen import blank
from watchfloor.intake.reader import Reader
from watchfloor.lab.catalogue import Recording, materialise, recordings
from watchfloor.lab.commands import Staged, command_rows
from watchfloor.lab.transplant import surroundings, transplanted
from watchfloor.store.spool import Spool

#: Which recording of a reel an owner belongs to.
Numbering = Callable[[Owner], int]


@dataclass(slots=True)
class Corpus:
    """Rows gathered so far, column by column."""

    recordings: list[dict[str, Any]] = field(default_factory=list)
    pixels: list[np.ndarray[Any, Any]] = field(default_factory=list)
    columns: dict[str, list[np.ndarray[Any, Any]]] = field(default_factory=dict)
    scenes: int = 0
    owners: int = 0

    def add(self, reel: Reel, facts: list[dict[str, Any]], number: Numbering, left_out: set[str] | None = None) -> int:
        """Add a reel's distinct frames; returns how many.

        ``number`` says which of ``facts`` an owner belongs to; Events whose record is in ``left_out`` and the
        frames they share with others of their owner are not added.
        """
        runs = reel.runs[_kept(reel, left_out)] if left_out else reel.runs
        key = np.stack([runs["owner"].astype(np.uint64), runs["pattern"]], axis=1)
        _, first, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
        repeats = np.bincount(inverse.ravel(), weights=runs["repeats"])
        chosen = runs[first]
        frames = np.zeros((0, ROWS * CHANNELS), np.uint32)
        launch = np.zeros(len(chosen), np.bool_)
        if len(chosen):
            table = reel.event_rows(chosen["batch"], chosen["row"])
            frames = np.concatenate([reel.camera.encode(b).reshape(len(b), -1) for b in table.to_batches()])
            launch = np.asarray([a == "process.launch" for a in table.column("action").to_pylist()])
        owner = chosen["owner"].astype(np.int64)
        place = np.asarray([number(o) for o in reel.cast.owners], np.int64)[owner] if len(chosen) else owner
        self._column("recording", (place + len(self.recordings)).astype(np.int32))
        self._column("scene", reel.casting.scene[owner] + self.scenes)
        self._column("owner", owner + self.owners)
        self._column("action", chosen["action"])
        self._column("pattern", chosen["pattern"])
        self._column("repeats", repeats.astype(np.int32))
        self._column("launch", launch)
        self.pixels.append(frames)
        self.scenes += len(reel.casting.roots)
        self.owners += len(reel.cast.owners)
        metadata = _metadata(reel)
        size = np.bincount(place, minlength=len(facts))
        for known, count in zip(facts, size.tolist(), strict=True):
            staged = {"frames": count, "events": count, "launches": count}
            self.recordings.append(known | (staged if len(facts) > 1 else staged | metadata))
        return len(chosen)

    def _column(self, name: str, values: np.ndarray[Any, Any]) -> None:
        self.columns.setdefault(name, []).append(values)

    def save(self, path: Path) -> None:
        """Write everything: CSR pixels (``indptr``, ``indices``), columns, and recordings as JSON."""
        counts = np.concatenate([(p != 0).sum(axis=1) for p in self.pixels])
        indices = np.concatenate([p[p != 0] for p in self.pixels])
        columns = {n: np.concatenate(v) for n, v in self.columns.items()}
        columns["indptr"], columns["indices"] = np.r_[0, np.cumsum(counts)], indices
        columns["recordings"] = np.frombuffer(json.dumps(self.recordings).encode(), np.uint8)
        np.savez(path, **columns)  # type: ignore[arg-type]  # numpy's stub takes the last keyword's type for all


def _metadata(reel: Reel) -> dict[str, Any]:
    """What the metadata-only baseline may look at: hosts, channels, launches."""
    launches, hosts, channels = 0, set(), set()
    for batch in reel.spool:
        launches += sum(a == "process.launch" for a in batch.column("action").to_pylist())
        hosts |= set(batch.column("device.hostname").unique().to_pylist())
        channels |= set(batch.column("metadata.log_name").unique().to_pylist())
    known = {"hosts": sorted(filter(None, hosts))[:8], "channels": sorted(filter(None, channels))[:16]}
    return {"launches": launches, "events": reel.spool.rows} | known


def facts_of(recording: Recording) -> dict[str, Any]:
    """What training may know of a recording, JSON-ready."""
    return {
        "name": recording.name,
        "source": recording.source,
        "lab": recording.lab,
        "label": recording.label,
        "techniques": recording.techniques,
        "tactics": recording.tactics,
    }


def film_files(paths: Iterable[str], corpus: Corpus, facts: dict[str, Any]) -> int:
    """Film files as one recording and add them."""
    reader = Reader(list(paths), Settings(workers=1))
    with Spool(2 << 30) as spool:
        return corpus.add(film(reader.batches(), blank(), spool), [facts], lambda _: 0)


def film_commands(staged: Iterable[Staged], corpus: Corpus) -> int:
    """Film hand-made Events, each command on a host of its own, and add them as recordings of their own."""
    facts: list[dict[str, Any]] = []
    rows: list[Row] = []
    for number, (known, events) in enumerate(staged):
        facts.append(known)
        rows.extend(_alone(row, number) for row in events)
    batches = (to_batch(rows[i : i + 8192]) for i in range(0, len(rows), 8192))
    with Spool(2 << 30) as spool:
        return corpus.add(film(batches, blank(), spool), facts, lambda owner: int(owner.host))


def _alone(row: Row, number: int) -> Row:
    """The Event on a host and in a process that no other command shares."""
    uids = {c: f"{number}/{row[c]}" for c in ("process.uid", "actor.process.uid") if row.get(c)}
    return row | uids | {"device.hostname": str(number)}


def _kept(reel: Reel, left_out: set[str]) -> np.ndarray[Any, Any]:
    kept = np.ones(len(reel.runs), np.bool_)
    for number in np.unique(reel.runs["batch"]):
        mine = np.flatnonzero(reel.runs["batch"] == number)
        names = reel.spool.batch(int(number)).column("record").to_pylist()
        kept[mine] = [names[row] not in left_out for row in reel.runs["row"][mine].tolist()]
    return kept


def intrusion_events(folder: Path) -> set[str]:
    """Records of the intrusion in a recording made by ``range/``, from its ``truth.csv.zst``."""
    with zstandard.open(folder / "truth.csv.zst", "rt", encoding="utf-8") as file:
        return {row["event_id"] for row in csv.DictReader(file) if row["label"] == "intrusion"}


def film_background(folder: Path, corpus: Corpus) -> list[Row]:
    """Film our own benign work: a folder of audit logs; returns the surroundings of its launches.

    Where truth lies beside the logs, the intrusion is left out.
    """
    facts = {"name": folder.name, "source": "range", "lab": f"range:{folder.name}", "label": "background"}
    logs = [str(p) for p in sorted(folder.glob("*.log*"))]
    bad = intrusion_events(folder) if (folder / "truth.csv.zst").is_file() else None
    with Spool(2 << 30) as spool:
        reel = film(Reader(logs, Settings(workers=1)).batches(), blank(), spool)
        corpus.add(reel, [facts | {"techniques": [], "tactics": []}], lambda _: 0, bad)
        return surroundings(reel)


def film_intrusion(folder: Path, corpus: Corpus) -> int:
    """Film the intrusion of a recording made by ``range/``: its Events alone, each process an attack of its own."""
    bad = intrusion_events(folder)
    facts = {"source": "range", "lab": f"range:{folder.name}", "label": "intrusion", "techniques": [], "tactics": []}
    with Spool(2 << 30) as spool:
        logs = [str(p) for p in sorted(folder.glob("*.log*"))]
        reel = film(Reader(logs, Settings(workers=1)).batches(), blank(), spool)
        good = {r for batch in spool for r in batch.column("record").to_pylist()} - bad
        place = {owner.uid: number for number, owner in enumerate(reel.cast.owners)}
        each = [facts | {"name": f"{folder.name}:{owner.uid}"} for owner in reel.cast.owners]
        return corpus.add(reel, each, lambda owner: place[owner.uid], good)


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--background", type=Path, action="append", default=[], help="folder of benign audit logs")
    parser.add_argument("--intrusion", type=Path, action="append", default=[], help="recording made by range/")
    parser.add_argument("--source", action="append", help="only these sources")
    options = parser.parse_args()
    corpus = Corpus()
    with tempfile.TemporaryDirectory() as folder:
        for recording in recordings(options.data):
            if options.source and recording.source not in options.source:
                continue
            path = materialise(recording, Path(folder))
            frames = film_files([str(path)], corpus, facts_of(recording))
            print(f"{frames:7d} frames  {recording.lab}  {recording.name}", flush=True)
            if recording.member:
                path.unlink()
    places = [place for own in options.background for place in film_background(own, corpus)]
    for own in options.intrusion:
        print(f"{film_intrusion(own, corpus):7d} frames  intrusion of {own.name}", flush=True)
    if not options.source:
        staged = transplanted(command_rows(options.data), places)
        print(f"{film_commands(staged, corpus):7d} frames  commands and rules", flush=True)
    corpus.save(options.out)
    print(f"{corpus.scenes} scenes, {len(corpus.recordings)} recordings")


if __name__ == "__main__":
    main()
