"""Shipped experts beside what they must beat, on the texts that were held out of making them.

    python -m watchfloor.lab.measure_peers NAME DATA.jsonl --work FOLDER --json OUT.json [--systems LIST]
        [--voice SOURCES] [--false-alarms SHARE] [--most TEXTS] [--minutes MINUTES]

DATA is what the expert was made from (``python -m watchfloor.lab.tasks NAME ../shared/data DATA.jsonl``), told by its
sha256; it is cut as it was then, by what the pack says of itself. A pack that learned from its test texts is refused.
Each system has a process of its own; what OUT holds already is not measured again, and what FOLDER holds is not learned
again. Minutes are of processor time.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from watchfloor.base.errors import InputError, UsageError
from watchfloor.experts import bundled
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.packs import load
from watchfloor.lab.finetune_make import MOST_DEV
from watchfloor.lab.finetune_measure import rounded
from watchfloor.lab.outputs import Say, command, progress, save
from watchfloor.lab.peers import MAJORITY, OWN_WORDS, PACK, SYSTEMS, Bench, answered, parts_of
from watchfloor.lab.peers_figures import figures
from watchfloor.store.packs import sha256_of

#: Figures of one line, the first that there is.
_SHOWN: Final = ("ROC AUC", "off", "right")


def run(options: argparse.Namespace, say: Say) -> int:
    """Measure what is asked for and missing; one system here, several each in a process of its own."""
    names = [name for name in options.systems.split(",") if name]
    for name in names:
        if name not in SYSTEMS:
            raise UsageError(f"there is no system {name!r}.", hint=f"There are: {', '.join(SYSTEMS)}.")
    if OWN_WORDS in names and not options.voice:
        raise UsageError(
            f"{OWN_WORDS} learns from the sources the pack speaks for.", hint="Name them: --voice SOURCES."
        )
    bench = _bench(options)
    held = _held(options, bench)
    missing = [name for name in names if SYSTEMS[name] not in held["systems"]]
    if len(names) == 1:
        for name in missing:
            _one(bench, options, name, say)
        return 0
    failed = [name for name in missing if _apart(options.words, name) != 0]
    for name in failed:
        say(f"{options.name}: {SYSTEMS[name]} was not measured")
    return 1 if failed else 0


def _bench(options: argparse.Namespace) -> Bench:
    backbone = Backbone(options.backbone or bundled.BACKBONE)
    pack = load(options.pack or bundled.EXPERTS / options.name, base=backbone.version)
    options.work.mkdir(parents=True, exist_ok=True)
    parts = parts_of(pack, options.data, options.work, options.seed)
    voice = tuple(filter(None, options.voice.split(",")))
    dev = parts["dev"]
    if not pack.card.windows.alarm_label:  # a bound on false alarms needs them all
        dev = [dev[place] for place in np.random.default_rng(options.seed).permutation(len(dev))[:MOST_DEV]]
    return Bench(pack, backbone, parts["train"], dev, parts["test"], parts["twins"], options.work, options.false_alarms,
                 voice, options.most, options.minutes, options.seed)  # fmt: skip


def _apart(words: Sequence[str], name: str) -> int:
    """Measure one system in a process of its own, whose memory and threads end with it."""
    asked = [sys.executable, "-m", "watchfloor.lab.measure_peers", *words, "--systems", name]
    return subprocess.run(asked, check=False).returncode


def _one(bench: Bench, options: argparse.Namespace, name: str, say: Say) -> None:
    shown = progress()
    pack, _ = answered(bench, PACK, shown)
    said, facts = answered(bench, name, shown)
    found = facts | figures(bench, said, pack, majority=name == MAJORITY)
    if name == PACK:
        for part in found.values():
            if isinstance(part, dict):
                part.pop("gain of the pack", None)
    held = _held(options, bench)
    held["systems"][SYSTEMS[name]] = rounded(found)
    everything = _read(options.json)
    everything[options.name] = held
    save(options.json, json.dumps(everything, indent=1) + "\n")
    first = next((key for key in _SHOWN if key in found["test"]), "texts")
    say(f"{options.name}, {SYSTEMS[name]}: {first} {rounded(found['test'][first])}")


def _held(options: argparse.Namespace, bench: Bench) -> dict[str, Any]:
    """What the file of figures says of this pack and data; nothing where it is of others."""
    facts = {
        "command": f"measure_peers {options.name} {options.data.name} --false-alarms {bench.false_alarms:g}"
                   + (f" --voice {','.join(bench.voice)}" if bench.voice else ""),
        "pack": bench.pack.version, "data": sha256_of(options.data), "seed": bench.seed,
        "texts": {name: len(getattr(bench, name)) for name in ("train", "dev", "test", "twins")},
    }  # fmt: skip
    before = _read(options.json).get(options.name, {})
    same = all(before.get(key) == value for key, value in facts.items())
    return facts | {"systems": before["systems"] if same else {}}


def _read(path: str) -> dict[str, Any]:
    if not Path(path).is_file():
        return {}
    try:
        found = json.loads(Path(path).read_text("utf-8"))
        if not isinstance(found, dict) or any("systems" not in each for each in found.values()):
            raise ValueError("it holds no systems")
    except (ValueError, TypeError) as error:
        raise InputError(f"{path} is no file of figures: {error}.", hint="Name another, or take it away.") from None
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of this module: an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--json", required=True)
    parser.add_argument("--systems", default="pack,majority,words,minilm,full")
    parser.add_argument("--pack", type=Path)
    parser.add_argument("--backbone", type=Path)
    parser.add_argument("--voice", default="")
    parser.add_argument("--false-alarms", type=float, default=0.02)
    parser.add_argument("--most", type=int, default=12_000)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    options.words = sys.argv[1:] if argv is None else list(argv)
    return command(run, options, options.json)


if __name__ == "__main__":
    sys.exit(main())
