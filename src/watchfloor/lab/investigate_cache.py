"""Recordings read, filmed and matched once, kept beside the lab: tuning the investigator reads no log again.

python -m watchfloor.lab.investigate_cache RECORDINGS CACHE --hosts build-07,forge-02 [--workers N]
"""

import argparse
import json
import pickle
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from watchfloor.agent.recording import Recording, from_reel
from watchfloor.base.settings import Settings
from watchfloor.film.watching import watch
from watchfloor.rules.cache import ruleset
from watchfloor.rules.hunting import Hunt
from watchfloor.rules.shipped import OWN_RULES
from watchfloor.rules.tuning import Tuning


@dataclass(frozen=True, slots=True)
class Kept:
    """One recording as the product sees it: Events with owners, scene lines, match lines, seconds of reading."""

    recording: Recording
    scenes: list[dict[str, Any]]
    matches: list[dict[str, Any]]
    seconds: float


def make(log: Path, folder: Path, workers: int) -> None:
    """Read one log and keep what was found under ``folder/HOST.*``."""
    began = time.monotonic()
    settings = Settings(workers=workers)
    watched = watch([str(log)], settings)
    try:
        recording = from_reel(watched.reel)
        hunt = Hunt(ruleset([str(OWN_RULES)], settings, {}), Tuning())
        matches = [finding.to_json() for finding in hunt.over_spooled(watched.reel.spool, watched.reel.table)]
        scenes = [scene.to_json() for scene in watched.scenes]
    finally:
        watched.close()
    host = log.parent.name
    with ipc.new_file(str(folder / f"{host}.arrow"), recording.table.schema) as out:
        out.write_table(recording.table)
    facts = {"scenes": scenes, "matches": matches, "seconds": time.monotonic() - began, "date": str(date.today())}
    (folder / f"{host}.json").write_text(json.dumps(facts), "utf-8")
    (folder / f"{host}.owners").write_bytes(pickle.dumps(recording.processes))


def load(folder: Path, host: str) -> Kept:
    """What ``make`` kept of a host; its files are our own, so unpickling them is safe."""
    with pa.memory_map(str(folder / f"{host}.arrow")) as source:
        table = ipc.open_file(source).read_all()
    facts = json.loads((folder / f"{host}.json").read_text("utf-8"))
    processes = pickle.loads((folder / f"{host}.owners").read_bytes())
    return Kept(Recording(table, processes), facts["scenes"], facts["matches"], facts["seconds"])


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--hosts", required=True)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    for host in options.hosts.split(","):
        make(options.recordings / host / f"{host}.audit.log.zst", options.cache, options.workers)
        print(host, "read", flush=True)


if __name__ == "__main__":
    main()
