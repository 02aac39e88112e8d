"""Film every recording of the catalogue once and keep the frames as one compact sparse array.

    python -m watchfloor.lab.corpus ../shared/data OUT.npz [--range FOLDER ...]

A row is a distinct frame of one owner in one scene of one recording, in the order of its first appearance;
a scene's rows are its film. Training reads only this file, so it runs wherever numpy does. Simplification: the
clean-up of labels happens in training, not here.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from watchfloor.base.events import Row, to_batch
from watchfloor.base.settings import Settings
from watchfloor.film.cast import Owner
from watchfloor.film.filming import Reel, film
from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.screen import blank
from watchfloor.film.strip import Runs
from watchfloor.intake.reader import Reader
from watchfloor.lab.catalogue import ORDINARY_UNTIL, Recording, materialise, ordinary_part, recordings
from watchfloor.lab.commands import Staged, command_rows
from watchfloor.lab.told import told
from watchfloor.lab.transplant import surroundings, transplanted
from watchfloor.lab.truth import Truth, truth_of
from watchfloor.rules.cache import ruleset
from watchfloor.rules.hunting import Hunt
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
    hosts: int = 0
    hunt: Hunt | None = None  # one for all recordings: preparing the rules takes longer than most of them

    def add(
        self, reel: Reel, facts: list[dict[str, Any]], number: Numbering, truth: dict[str, Truth] | None = None
    ) -> int:
        """Add a reel's distinct frames; returns how many.

        ``number`` says which of ``facts`` an owner belongs to; ``truth`` what each record of a recording with
        truth is, by its event id.
        """
        rows = _Rows(reel, truth, self.hunt if len(facts) == 1 else None)
        owner = rows.owner
        place = np.asarray([number(o) for o in reel.cast.owners], np.int64)[owner] if len(owner) else owner
        self._column("recording", (place + len(self.recordings)).astype(np.int32))
        self._column("scene", reel.casting.scene[owner] + self.scenes)
        self._column("owner", owner + self.owners)
        parents = np.asarray([_parent(reel, o) for o in reel.cast.owners], np.int64)[owner] if len(owner) else owner
        self._column("parent", np.where(parents >= 0, parents + self.owners, -1))
        places = {name: i for i, name in enumerate(sorted({o.host for o in reel.cast.owners}))}
        hosts = np.asarray([places[o.host] for o in reel.cast.owners], np.int64)[owner] if len(owner) else owner
        self._column("host", hosts + self.hosts)
        self.hosts += len(places)
        for name, values in rows.columns.items():
            self._column(name, values)
        self.pixels.append(rows.frames)
        self.scenes += len(reel.casting.roots)
        self.owners += len(reel.cast.owners)
        metadata = _metadata(reel)
        size = np.bincount(place, minlength=len(facts))
        for known, count in zip(facts, size.tolist(), strict=True):
            staged = {"frames": count, "events": count, "launches": count}
            self.recordings.append(known | (staged if len(facts) > 1 else staged | metadata))
        return len(owner)

    def _column(self, name: str, values: np.ndarray[Any, Any]) -> None:
        self.columns.setdefault(name, []).append(values)

    def save(self, path: Path) -> None:
        """Write CSR pixels (``indptr``, ``indices``, ``places`` in the frame), columns, and recordings as JSON."""
        counts = np.concatenate([(p != 0).sum(axis=1) for p in self.pixels])
        indices = np.concatenate([p[p != 0] for p in self.pixels])
        places = np.concatenate([np.nonzero(p)[1].astype(np.uint8) for p in self.pixels])
        columns = {n: np.concatenate(v) for n, v in self.columns.items()}
        columns["indptr"], columns["indices"], columns["places"] = np.r_[0, np.cumsum(counts)], indices, places
        columns["recordings"] = np.frombuffer(json.dumps(self.recordings).encode(), np.uint8)
        np.savez(path, **columns)  # type: ignore[arg-type]  # numpy's stub takes the last keyword's type for all


class _Rows:
    """A reel's distinct frames of each owner in time order, with what training knows of them."""

    def __init__(self, reel: Reel, truth: dict[str, Truth] | None, hunt: Hunt | None) -> None:
        runs = reel.runs[np.argsort(reel.runs["time"], kind="stable")]
        key = np.stack([runs["owner"].astype(np.uint64), runs["pattern"]], axis=1)
        _, first, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
        inverse = inverse.ravel()
        order = np.argsort(first, kind="stable")
        chosen = runs[first[order]]
        self.owner = chosen["owner"].astype(np.int64)
        last = np.full(len(first), np.iinfo(np.int64).min)
        np.maximum.at(last, inverse, runs["time"])
        repeats = np.bincount(inverse, weights=runs["repeats"], minlength=len(first)).astype(np.int32)
        self.frames = np.zeros((0, ROWS * CHANNELS), np.uint32)
        launch = np.zeros(len(chosen), np.bool_)
        if len(chosen):
            table = reel.event_rows(chosen["batch"], chosen["row"])
            self.frames = np.concatenate([reel.camera.encode(b).reshape(len(b), -1) for b in table.to_batches()])
            launch = np.asarray([a == "process.launch" for a in table.column("action").to_pylist()])
        self.columns: dict[str, npt.NDArray[Any]] = {
            "time": chosen["time"],
            "last": last[order],
            "action": chosen["action"],
            "pattern": chosen["pattern"],
            "repeats": repeats[order],
            "launch": launch,
        } | self._truth(reel, runs, inverse, len(first), order, truth)
        said = told(reel, hunt)
        each = [said.get(key) for key in zip(chosen["owner"].tolist(), chosen["pattern"].tolist(), strict=True)]
        self.columns["rule"] = np.asarray([one.level if one else 0 for one in each], np.int8)
        self.columns["rule_techniques"] = np.asarray([" ".join(one.techniques) if one else "" for one in each], "S64")

    @staticmethod
    def _truth(
        reel: Reel,
        runs: Runs,
        inverse: npt.NDArray[np.int64],
        size: int,
        order: npt.NDArray[np.int64],
        truth: dict[str, Truth] | None,
    ) -> dict[str, npt.NDArray[Any]]:
        """``truth``: 1 intrusion, 0 ordinary, -1 unknown; ``technique`` and ``intrusion`` of the intruder's frames."""
        known = np.full(size, -1 if truth is None else 0, np.int8)
        technique, intrusion = np.zeros(size, "S12"), np.zeros(size, "S64")
        if truth is not None:
            for number in np.unique(runs["batch"]):
                mine = np.flatnonzero(runs["batch"] == number)
                names = reel.spool.batch(int(number)).column("record").to_pylist()
                for run, row in zip(mine.tolist(), runs["row"][mine].tolist(), strict=True):
                    found = truth.get(names[row])
                    if found is not None and found.intrusion:
                        at = inverse[run]
                        known[at], technique[at], intrusion[at] = 1, found.technique, found.intrusion
        return {"truth": known[order], "technique": technique[order], "intrusion": intrusion[order]}


def _parent(reel: Reel, owner: Owner) -> int:
    number = reel.cast.number_of(owner.parent_uid) if owner.parent_uid else None
    return -1 if number is None else number


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


def film_files(
    paths: Iterable[str], corpus: Corpus, facts: dict[str, Any], keep: Callable[[pa.RecordBatch], pa.RecordBatch]
) -> int:
    """Film what ``keep`` leaves of files as one recording and add it."""
    reader = Reader(list(paths), Settings(workers=1))
    with Spool(2 << 30) as spool:
        return corpus.add(film(map(keep, reader.batches()), blank(), spool), [facts], lambda _: 0)


def film_recording(recording: Recording, path: Path, corpus: Corpus) -> int:
    """Film one recording of the catalogue; one that an attack ends becomes two, before and after."""
    facts, moment = facts_of(recording), ORDINARY_UNTIL.get(recording.name)
    frames = film_files([str(path)], corpus, facts, lambda batch: ordinary_part(recording, batch))
    if moment is None:
        return frames
    attacked = facts | {"name": f"{recording.name}@{moment:%Y-%m-%dT%H:%M}", "label": "mixed"}
    return frames + film_files([str(path)], corpus, attacked, lambda b: ordinary_part(recording, b, after=True))


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


def film_range(folder: Path, corpus: Corpus) -> list[Row]:
    """Film Linux work of our own: a folder of audit logs, its truth beside them; returns the surroundings of launches.

    Without a table of truth the folder holds ordinary work alone.
    """
    facts = {"name": folder.name, "source": "range", "lab": f"range:{folder.name}", "label": "background"}
    logs = [str(p) for p in sorted(folder.glob("*.log*"))]
    truth = truth_of(folder) if (folder / "truth.csv.zst").is_file() else {}
    with Spool(2 << 30) as spool:
        reel = film(Reader(logs, Settings(workers=1)).batches(), blank(), spool)
        corpus.add(reel, [facts | {"techniques": [], "tactics": []}], lambda _: 0, truth)
        return surroundings(reel, frozenset(event for event, known in truth.items() if known.intrusion))


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--range", type=Path, action="append", default=[], help="audit logs of our own, with truth")
    parser.add_argument("--rules", action="append", default=[], help="Sigma rules, whose matches become weak labels")
    parser.add_argument("--source", action="append", help="only these sources")
    options = parser.parse_args()
    corpus = Corpus(hunt=Hunt(ruleset(options.rules, Settings())) if options.rules else None)
    with tempfile.TemporaryDirectory() as folder:
        for recording in recordings(options.data):
            if options.source and recording.source not in options.source:
                continue
            path = materialise(recording, Path(folder))
            frames = film_recording(recording, path, corpus)
            print(f"{frames:7d} frames  {recording.lab}  {recording.name}", flush=True)
            if recording.member:
                path.unlink()
    places = [place for own in options.range for place in film_range(own, corpus)]
    if not options.source:
        staged = transplanted(command_rows(options.data), places)
        print(f"{film_commands(staged, corpus):7d} frames  commands and rules", flush=True)
    corpus.save(options.out)
    print(f"{corpus.scenes} scenes, {len(corpus.recordings)} recordings")


if __name__ == "__main__":
    main()
