"""The truth of a recording made by ``range/``: what each event is, from its ``truth.csv.zst``."""

import csv
from dataclasses import dataclass
from pathlib import Path

import zstandard


@dataclass(frozen=True, slots=True)
class Truth:
    """One event: the intrusion it belongs to (empty: ordinary work) and the technique and tactic it shows."""

    intrusion: str
    technique: str
    tactic: str


def truth_of(folder: Path) -> dict[str, Truth]:
    """Truth by event id. Recordings with one intrusion do not name it: it gets the folder's name."""
    with zstandard.open(folder / "truth.csv.zst", "rt", encoding="utf-8") as file:
        return {
            row["event_id"]: Truth(
                (row.get("intrusion") or folder.name) if row["label"] == "intrusion" else "",
                row["technique"],
                row["tactic"],
            )
            for row in csv.DictReader(file)
        }


def intrusion_events(folder: Path) -> set[str]:
    """Event ids of the intrusions in a recording made by ``range/``."""
    return {event for event, known in truth_of(folder).items() if known.intrusion}
