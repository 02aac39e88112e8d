"""A small screen and staged hosts to adapt it on: a customer's, whose attacks it does not know, and a replayed one."""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
import zstandard

from tests.film.staged import batch, launch
from watchfloor.base.account import Account
from watchfloor.base.events import Row
from watchfloor.base.settings import Settings
from watchfloor.film.frames import Camera
from watchfloor.film.pixels import PIXELS
from watchfloor.film.screen import FILES, FORMAT_VERSION, NAME, POOLED
from watchfloor.lab.export import export
from watchfloor.lab.net import Shape, Watcher
from watchfloor.store.packs import write_pack

WORDS = [a + b for a in ("lo", "mi", "ka", "te", "su", "ra", "po") for b in ("nar", "bex", "dom", "fil", "gun", "hap")]
LABELS = ("T1059", "TA0002")
#: Launches of a scene, and which of them is the attack in a malicious one.
LAUNCHES, ATTACK = 3, 1


@dataclass
class Host:
    """Staged scenes: launches of one root each, and which of them are attacks."""

    name: str
    seed: int
    attack_word: str
    attacks: int = 16
    benign: int = 44
    os: str = "linux"
    rows: list[Row] = field(default_factory=list)
    bad_roots: set[str] = field(default_factory=set)
    roots: list[str] = field(default_factory=list)
    bad_records: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        kinds = rng.permutation([True] * self.attacks + [False] * self.benign)
        for number, bad in enumerate(kinds.tolist()):
            self._scene(rng, number, bad)

    def _scene(self, rng: np.random.Generator, number: int, bad: bool) -> None:
        folder, end = ("/usr/bin/", "") if self.os == "linux" else ("C:\\Windows\\", ".exe")
        root = f"{self.name}-{number}"
        self.roots.append(root)
        commands = [" ".join(["run", *rng.choice(WORDS, 3)]) for _ in range(LAUNCHES)]
        if bad:
            self.bad_roots.add(root)
            commands[ATTACK] = f"{self.attack_word} {rng.choice(WORDS)} {rng.choice(WORDS)}"
        for place, command in enumerate(commands):
            record = str(len(self.rows) + 1)
            if bad and place == ATTACK:
                self.bad_records.add(record)
            uid, parent = (root, "") if not place else (f"{root}.{place}", f"{root} {folder}sh{end}")
            more = {"device.hostname": self.name, "device.os": self.os, "process.pid": len(self.rows), "record": record}
            image = f"{folder}{'sh' if not place else command.split()[0]}{end}"
            more["source"] = f"{self.name}.log"
            self.rows.append(launch(uid, parent, image, command, number * 45 + place, **more))

    def labels(self, flip: bool = False) -> str:
        """CSV by scene; ``flip`` deals the labels out anew."""
        bad = [root in self.bad_roots for root in self.roots]
        if flip:
            bad = np.random.default_rng(1).permutation(bad).tolist()
        lines = (
            f"{self.name}/{root},{'malicious' if b else 'benign'}" for root, b in zip(self.roots, bad, strict=True)
        )
        return "\n".join(["scene_id,label", *lines]) + "\n"

    def batch(self) -> pa.RecordBatch:
        return batch(*self.rows)


def stage(hosts: dict[str, list[Host]]) -> type:
    """A reader of hosts, by the name of the file or folder they stand for."""

    class Reader:
        def __init__(self, inputs: list[str], settings: Settings = Settings(), **_: Any) -> None:  # noqa: B008
            self.hosts = hosts[Path(inputs[0]).name]
            self.account = Account(kept=sum(len(h.rows) for h in self.hosts))

        def batches(self) -> list[pa.RecordBatch]:
            return [host.batch() for host in self.hosts]

    return Reader


def replay_folder(folder: Path, host: Host) -> Path:
    """A folder with the truth of a host, and a log that only has a name."""
    folder.mkdir()
    (folder / f"{host.name}.log").touch()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("event_id", "label"))
    for row in host.rows:
        row["source"] = str(folder / f"{host.name}.log")
        writer.writerow((row["record"], "intrusion" if row["record"] in host.bad_records else "benign"))
    (folder / "truth.csv.zst").write_bytes(zstandard.compress(text.getvalue().encode()))
    return folder


def small_pack(folder: Path, known: Host) -> Path:
    """A screen that knows the attacks of one host; its network, untaught, says what the first look says."""
    folder.mkdir()
    frames = Camera().encode(known.batch()).reshape(len(known.rows), -1)
    bad = np.asarray([row["record"] in known.bad_records for row in known.rows])
    weights = np.zeros(PIXELS, np.float32)
    weights[np.setdiff1d(frames[bad], frames[~bad])] = 1.0
    weights[0] = 0
    np.savez_compressed(folder / FILES[0], pixels=weights.astype(np.float16))
    vocabulary = np.zeros(PIXELS, np.uint16)
    vocabulary[1:20] = np.arange(1, 20)
    np.savez_compressed(folder / FILES[1], pixels=vocabulary)
    torch.manual_seed(0)
    export(Watcher(Shape(20, len(LABELS))), LABELS, folder / "watcher.onnx")
    family = {
        "scenes": {"weights": [0.5, 0.0, 0.0, 0.5, 0.0, 0.0], "bias": 0.0},
        "processes": {"weights": [0.5, 0.0, 0.0, 0.5, 0.0], "bias": 0.0},
        "thresholds": {"suspicious": 0.4, "malicious": 0.6, "unfamiliar": 1.0},
    }
    facts = {"name": NAME, "format": FORMAT_VERSION, "bias": -3.0, "pooled": POOLED, "labels": list(LABELS)}
    write_pack(folder, facts | {"families": {"windows": family, "unix": family}, "card": {}}, FILES)
    return folder
