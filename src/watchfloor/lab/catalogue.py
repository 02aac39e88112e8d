"""The open data as a catalogue of recordings: where each lies, what is known of it, which lab made it.

Reads ``edr/index.csv`` of a data folder (columns are described in that folder's README). Knows nothing of
frames or models.
"""

import csv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.base import attack

#: Sources that hold no endpoint events, or events without the process that did them.
_LEFT_OUT = frozenset(("ait_ads", "secrl", "linux_adfa_ld"))

#: Unlabelled sources nobody attacked: parser samples and one workstation. They serve as background.
_BACKGROUND = frozenset(("msticpy/mde_proc_cs1.csv.gz", "linux_ait_audit/Audit_2k.log", "msticpy/linux_events.csv.gz"))

#: Recordings that stop being ordinary work at a moment. The workstation of mde_proc_cs1 counts as unlabelled
#: background, but an archive opened there starts mshta, a script, rundll32 on socks.dat and an operator's commands.
ORDINARY_UNTIL: Final = {"msticpy/mde_proc_cs1.csv.gz": datetime(2021, 6, 23, 3, 8, 14, tzinfo=UTC)}


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording: ``label`` is malicious (cropped to the attack), mixed, benign or background."""

    name: str
    path: Path
    member: str
    source: str
    lab: str
    label: str
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    events: int


def recordings(data: Path) -> Iterator[Recording]:
    """Recordings of ``data/edr`` that can train or test a screen, duplicates left out."""
    with (data / "edr" / "index.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found = _recording(data, row)
            if found is not None:
                yield found


def ordinary_part(recording: Recording, batch: pa.RecordBatch, *, after: bool = False) -> pa.RecordBatch:
    """What comes before the attack that ends a recording, or ``after`` it; other recordings are left as they are."""
    moment = ORDINARY_UNTIL.get(recording.name)
    if moment is None:
        return batch
    ends = pa.scalar(moment, pa.timestamp("us", tz="UTC"))
    times = batch.column("time")
    return batch.filter(pc.greater_equal(times, ends) if after else pc.less(times, ends))


def _recording(data: Path, row: dict[str, str]) -> Recording | None:
    source, path = row["source"], row["path"]
    if source in _LEFT_OUT or row["dup_of"] or "alertlist" in path or path.endswith("/all"):
        return None
    outer, _, member = path.partition("::")
    label = row["label"]
    if label == "unlabelled":
        label = "background"
    techniques = tuple(sorted({t for t in map(attack.normalise, _ids(row["techniques"])) if t}))
    tactics = tuple(sorted({t for t in map(attack.normalise_tactic, _ids(row["tactics"])) if t}))
    return Recording(
        name=path,
        path=data / "edr" / outer,
        member=member,
        source=source,
        lab=_lab(source, row["lab"], path),
        label=label,
        techniques=techniques,
        tactics=tactics,
        events=int(float(row["n_events"] or 0)),
    )


def _lab(source: str, lab: str, path: str) -> str:
    """The lab a recording was made in: never train and test on the same."""
    if source == "otrf":
        return f"otrf:{lab}" if lab not in ("", "?") else "otrf:other"
    if source == "hayabusa_extra":
        return "hayabusa:" + path.partition("::")[2].partition("/")[0]
    if source.startswith("unlabelled_"):
        return "background"
    return source


def _ids(text: str) -> list[str]:
    return [part.strip() for part in text.replace(",", ";").split(";") if part.strip()]


def materialise(recording: Recording, folder: Path) -> Path:
    """A file that holds just this recording: the original, or its archive member unpacked into ``folder``."""
    if not recording.member:
        return recording.path
    out = folder / Path(recording.member).name
    with zipfile.ZipFile(recording.path) as archive, archive.open(recording.member) as member:
        out.write_bytes(member.read())
    return out
