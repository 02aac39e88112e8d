"""Film every recording of the catalogue once and keep the frames as one compact sparse array.

    python -m watchfloor.lab.corpus ../shared/data OUT.npz [--linux-recording FOLDER]

A row is a distinct frame of one owner in one scene of one recording. Training reads only this file, so it
runs wherever numpy does. Simplification: the clean-up of labels happens in training, not here.
"""

import argparse
import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zstandard

from watchfloor.base.events import Row, to_batch
from watchfloor.base.settings import Settings
from watchfloor.film.filming import Reel, film
from watchfloor.film.screen import blank
from watchfloor.intake.reader import Reader
from watchfloor.lab.catalogue import Recording, materialise, recordings
from watchfloor.lab.sigma_rows import sigma_rows
from watchfloor.store.spool import Spool


@dataclass(slots=True)
class Corpus:
    """Rows gathered so far, column by column."""

    recordings: list[dict[str, Any]] = field(default_factory=list)
    pixels: list[np.ndarray[Any, Any]] = field(default_factory=list)
    columns: dict[str, list[np.ndarray[Any, Any]]] = field(default_factory=dict)
    scenes: int = 0
    owners: int = 0

    def add(self, reel: Reel, facts: dict[str, Any], truth: dict[str, str] | None = None) -> int:
        """Add a reel's distinct frames; returns how many. ``truth`` maps record → technique of bad events."""
        runs = reel.runs
        key = np.stack([runs["owner"].astype(np.uint64), runs["pattern"]], axis=1)
        _, first, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
        repeats = np.bincount(inverse.ravel(), weights=runs["repeats"])
        chosen = runs[first]
        frames = np.zeros((0, 128), np.uint32)
        if len(chosen):
            table = reel.event_rows(chosen["batch"], chosen["row"])
            frames = np.concatenate([reel.camera.encode(b).reshape(len(b), -1) for b in table.to_batches()])
        launch = np.asarray(["process.launch"]) == np.asarray(table.column("action").to_pylist() if len(chosen) else [])
        bad = np.full(len(chosen), -1, np.int8)
        if truth is not None and len(chosen):
            bad_runs = self._bad_runs(reel, truth)
            bad = np.zeros(len(chosen), np.int8)
            np.maximum.at(bad, inverse.ravel(), bad_runs)
        self._column("recording", np.full(len(chosen), len(self.recordings), np.int32))
        self._column("scene", reel.runs_scene[first] + self.scenes)
        self._column("owner", chosen["owner"].astype(np.int64) + self.owners)
        self._column("action", chosen["action"])
        self._column("pattern", chosen["pattern"])
        self._column("repeats", repeats.astype(np.int32))
        self._column("launch", np.asarray(launch, np.bool_).reshape(-1))
        self._column("truth", bad)
        self.pixels.append(frames)
        self.scenes += len(reel.casting.roots)
        self.owners += len(reel.cast.owners)
        self.recordings.append(facts | {"frames": len(chosen), "events": int(reel.spool.rows)} | _metadata(reel))
        return len(chosen)

    def _bad_runs(self, reel: Reel, truth: dict[str, str]) -> np.ndarray[Any, Any]:
        records = np.zeros(len(reel.runs), np.int8)
        for number in np.unique(reel.runs["batch"]):
            mine = np.flatnonzero(reel.runs["batch"] == number)
            names = reel.spool.batch(int(number)).column("record").to_pylist()
            for i in mine:
                records[i] = names[int(reel.runs["row"][i])] in truth
        return records

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
    return {"launches": launches} | known


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


def film_files(paths: Iterable[str], corpus: Corpus, facts: dict[str, Any], truth: dict[str, str] | None = None) -> int:
    """Film files as one recording and add them."""
    reader = Reader(list(paths), Settings(workers=1))
    with Spool(2 << 30) as spool:
        return corpus.add(film(reader.batches(), blank(), spool), facts, truth)


def film_rows(rows: list[Row], corpus: Corpus, facts: dict[str, Any]) -> int:
    """Film hand-made rows (commands of a text corpus) as one recording and add them."""
    with Spool(2 << 30) as spool:
        return corpus.add(film([to_batch(rows)], blank(), spool), facts)


def _text_lines(path: Path) -> Iterator[dict[str, Any]]:
    with zstandard.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def command_rows(data: Path) -> Iterator[tuple[dict[str, Any], list[Row]]]:
    """Commands of the text corpora as process launches: ``(facts, rows)`` a command."""
    text = data / "text"
    for entry in _text_lines(text / "atomic_red_team" / "atomics.jsonl.zst"):
        for platform in entry["platforms"]:
            facts = _command_facts("atomic_red_team", entry["technique"], "malicious", entry["technique"])
            rows = [_launch(platform, entry["executor"], line) for line in _commands(entry["command"])]
            if rows:
                yield facts, rows
            break
    for entry in _text_lines(text / "lolbas" / "lolbas_commands.jsonl.zst"):
        facts = _command_facts("lolbas", entry["name"], "malicious", entry["mitre"])
        yield facts, [_launch("windows", "command_prompt", entry["command"])]
    for entry in _text_lines(text / "gtfobins" / "gtfobins.jsonl.zst"):
        yield _command_facts("gtfobins", entry["binary"], "malicious", ""), [_launch("linux", "bash", entry["code"])]
    for entry in _text_lines(text / "aegish" / "harmless_commands.jsonl.zst"):
        yield (
            _command_facts("aegish", entry["command"][:40], "benign", ""),
            [_launch("linux", "bash", entry["command"])],
        )
    yield from _amides_rows(data)
    yield from sigma_rows(data / "sigma" / "sigmahq_rules.zip")


def _amides_rows(data: Path) -> Iterator[tuple[dict[str, Any], list[Row]]]:
    import zipfile

    with zipfile.ZipFile(data / "edr" / "amides" / "data.zip") as archive:
        lines = archive.read("data/socbed/process_creation/all").decode("utf-8", "replace").splitlines()
        for number, line in enumerate(lines):
            try:
                command = json.loads(line)
            except ValueError:
                command = line
            facts = _command_facts("amides", f"socbed {number}", "benign", "")
            yield facts, [_launch("windows", "", str(command))]


def _command_facts(source: str, name: str, label: str, technique: str) -> dict[str, Any]:
    from watchfloor.base import attack

    present = attack.normalise(technique) if technique else None
    return {
        "name": f"{source}:{name}", "source": source, "lab": "text", "label": label,
        "techniques": [present] if present else [], "tactics": [],
    }  # fmt: skip


def _commands(text: str) -> list[str]:
    return [
        line.strip()
        for line in text.splitlines()
        if len(line.strip()) > 3 and not line.strip().startswith(("#", "REM "))
    ][:12]


_SHELLS = {
    "command_prompt": "C:\\Windows\\System32\\cmd.exe",
    "powershell": "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
    "bash": "/usr/bin/bash",
    "sh": "/usr/bin/dash",
}


def _launch(platform: str, executor: str, command: str) -> Row:
    """A process launch that shows ``command``: run by the shell, which an executor's one-liner is passed to."""
    windows = platform == "windows"
    shell = _SHELLS.get(executor, "")
    first = next(csv.reader(io.StringIO(command.strip().replace("\n", " ")), delimiter=" "), [""])[0]
    program = first.replace("\\", "/").rpartition("/")[2].lower()
    if windows and executor == "powershell":
        image, line = shell, f"powershell.exe {command}"
    elif windows:
        image = (
            first
            if "\\" in first
            else f"C:\\Windows\\System32\\{program if program.endswith('.exe') else program + '.exe'}"
        )
        line = command
    else:
        image, line = (first if first.startswith("/") else f"/usr/bin/{program}"), command
    return {
        "action": "process.launch", "device.os": "windows" if windows else "linux", "record": "1", "source": "text",
        "actor.process.file.path": shell or None, "process.uid": "text", "process.file.path": image,
        "process.cmd_line": line,
    }  # fmt: skip


def linux_truth(folder: Path) -> dict[str, str]:
    """Record → technique of the intrusion's events, from a recording's ``truth.csv.zst``."""
    with zstandard.open(folder / "truth.csv.zst", "rt", encoding="utf-8") as file:
        return {row["event_id"]: row["technique"] for row in csv.DictReader(file) if row["label"] == "intrusion"}


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--linux-recording", type=Path)
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
    if not options.source:
        for facts, rows in command_rows(options.data):
            film_rows(rows, corpus, facts)
    if options.linux_recording:
        facts = {"name": "range", "source": "range", "lab": "range", "label": "mixed", "techniques": [], "tactics": []}
        logs = [str(p) for p in sorted(options.linux_recording.glob("*.log.zst"))]
        film_files(logs, corpus, facts, linux_truth(options.linux_recording))
    corpus.save(options.out)
    print(f"{corpus.scenes} scenes, {len(corpus.recordings)} recordings")


if __name__ == "__main__":
    main()
