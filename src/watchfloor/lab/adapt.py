"""Adapt a screen to labelled recordings of one's own: ``watchfloor lab film`` runs this module.

    python -m watchfloor.lab.adapt --recordings DIR --labels FILE --out PACK [--base PACK] [--seed N]

The first look's weights change a little and each opinion is trusted anew (``lab.adapt_fit``), on the customer's scenes
and on those of the recording that shipped. What that is worth is measured on scenes held out of all of it, and a pack
that is no better is not written (``lab.adapt_gate``).
"""

import argparse
import math
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.errors import InputError, RefusedError, UsageError
from watchfloor.base.settings import Settings, from_environment
from watchfloor.film import screen as screens
from watchfloor.film.filming import film
from watchfloor.film.screen import FAMILIES, FILES, FORMAT_VERSION, NAME
from watchfloor.intake.reader import Reader
from watchfloor.lab import adapt_report
from watchfloor.lab.adapt_footage import Footage, footage
from watchfloor.lab.adapt_gate import (
    Judged,
    counts,
    figures,
    objections,
    replay_objections,
    stray_objections,
    too_little,
)
from watchfloor.lab.adapt_labels import mark, read_labels
from watchfloor.lab.adapt_learned import learned
from watchfloor.lab.adapt_work import Work, joined
from watchfloor.lab.outputs import Say, command, free, save, save_json, whole_folder
from watchfloor.store.packs import open_pack, sha256_of, write_pack
from watchfloor.store.spool import Spool

Flags = npt.NDArray[np.bool_]

#: The recording in the wheel: what the adapted screen must still know.
REPLAY: Final = screens.BUNDLED.parent / "recording"


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for. ``replay`` is a folder of logs with their truth."""

    recordings: Path
    labels: Path
    out: Path
    base: Path = screens.BUNDLED
    replay: Path = REPLAY
    seed: int = 0
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the summary, as JSON has it, and held-out verdicts by family. Refused if not ``promoted``."""

    found: dict[str, Any]
    judged: dict[str, Judged]

    @property
    def promoted(self) -> bool:
        """Whether the pack was written."""
        return bool(self.found["promoted"])


def adapt(task: Task, say: Say = print) -> Outcome:
    """Adapt, measure, and write the pack if the gate lets it pass.

    Raises:
        UsageError: the pack's place is taken.
        InputError: recordings or labels cannot be used.
        PackError: the base pack cannot be loaded.
    """
    _free(task.out, task.recordings)
    labels = read_labels(task.labels)
    screen = screens.load(task.base)
    settings = task.settings
    with (
        Spool(settings.spool_bytes, settings.temp_dir) as ours,
        Spool(settings.spool_bytes, settings.temp_dir) as theirs,
    ):
        reader = Reader([str(task.recordings)], settings)
        reel = film(reader.batches(), screen, ours)
        if not reader.account.kept:
            why = "; ".join(sorted({rejection.why for rejection in reader.account.rejections})[:3])
            raise InputError(f"{task.recordings} holds no event that can be read: {why or 'it is empty'}.")
        marked = mark(reel, labels)
        mine = footage(reel, marked, task.seed)
        say(f"{reader.account.kept:,} events in {mine.shown:,} scenes; {_of(mine.label == 1)} malicious, "
            f"{_of(mine.label == 0)} benign, held out by {mine.held_out_by}.")  # fmt: skip
        if marked.unmatched:
            names = ", ".join(label.name for label in marked.unmatched[:3])
            say(f"{len(marked.unmatched):,} labels match nothing in the recordings, {names} among them.")
        if reader.account.rejections:
            say(f"{len(reader.account.reasons):,} files or kinds of record could not be read; `watch` lists them.")
        data = _data(task, mine, len(marked.unmatched), reader.account.kept)
        reasons = {name: _reason(mine, number) for number, name in enumerate(FAMILIES)}
        chosen = [number for number, name in enumerate(FAMILIES) if not reasons[name]]
        if not chosen:
            return _refused(task, data, reasons)
        logs = sorted(str(p) for p in task.replay.glob("*.log*"))
        old = film(Reader(logs, settings).batches(), screen, theirs)
        replay = footage(old, mark(old, read_labels(task.replay)), task.seed)
        return _decided(task, mine, Work(screen, [mine, replay], chosen, say), data, reasons)


def _free(out: Path, recordings: Path) -> None:
    free(out)
    if out.resolve().is_relative_to(recordings.resolve()):
        raise UsageError(f"{out} lies among the recordings.", hint="Write the pack to a place that is not read.")


def _of(flags: Flags) -> str:
    return f"{int(flags.sum()):,}"


def _data(task: Task, mine: Footage, unmatched: int, events: int) -> dict[str, Any]:
    return {
        "events": events,
        "scenes": mine.shown,
        "malicious scenes": int((mine.label == 1).sum()),
        "benign scenes": int((mine.label == 0).sum()),
        "scenes not judged, the same in several folds": int(((mine.fold >= 0) & ~mine.counted).sum()),
        "labels that match nothing": unmatched,
        "held out by": mine.held_out_by,
        "seed": task.seed,
    }


def _reason(mine: Footage, number: int) -> str:
    """Why a family cannot be adapted, empty if it can."""
    here = (mine.family == number) & (mine.fold >= 0)
    if not here.any():
        return "no label speaks of it"
    attack, benign = here & mine.counted & (mine.label == 1), here & mine.counted & (mine.label == 0)
    twins = int((here & ~mine.counted).sum())
    folds = min(len(np.unique(mine.fold[kind])) for kind in (attack, benign))
    return too_little(int(attack.sum()), int(benign.sum()), twins, folds)


def _refused(task: Task, data: dict[str, Any], reasons: dict[str, str]) -> Outcome:
    families = {name: {"reason": reason, "figures": None} for name, reason in reasons.items()}
    told = [f"{name}: {reason}" for name, reason in reasons.items() if reason != "no label speaks of it"]
    found = _found(task, data, families, told or ["no scene with a label holds a frame"])
    return Outcome(found, {})


def _decided(task: Task, mine: Footage, work: Work, data: dict[str, Any], reasons: dict[str, str]) -> Outcome:
    """Measure, decide, write."""
    both = [work.judged(number) for number in range(len(FAMILIES))]
    judged = {name: both[number][0] for number, name in enumerate(FAMILIES) if not reasons[name]}
    made = {name: figures(one, task.seed) for name, one in judged.items()}
    families = {name: {"reason": reason, "figures": made.get(name)} for name, reason in reasons.items()}
    replay = joined([each[1] for each in both])
    told = [f"{name}: {one}" for name, known in made.items() for one in objections(known)]
    told += replay_objections(replay) + stray_objections(*work.strayed())
    found = _found(task, data, families, told) | {"replay": counts(replay), "learned": learned(mine, work.weights)}
    found["pull"] = None if math.isinf(work.pull) else work.pull
    if not told:
        facts = {name: work.facts(number) for number, name in enumerate(FAMILIES) if name in judged}
        _write(task, work.weights, facts, found)
    return Outcome(found, judged)


def _found(task: Task, data: dict[str, Any], families: dict[str, Any], reasons: list[str]) -> dict[str, Any]:
    return {
        "type": "adaptation",
        "promoted": not reasons,
        "reasons": reasons,
        "pack": str(task.out),
        "base": sha256_of(task.base / "pack.json"),
        "data": data,
        "families": families,
        "replay": None,
        "learned": {},
        "pull": None,
    }


def _write(task: Task, weights: npt.NDArray[np.float64], families: dict[str, Any], found: dict[str, Any]) -> None:
    """The pack, complete or absent."""
    facts = dict(open_pack(task.base, name=NAME, format_version=FORMAT_VERSION).manifest)
    facts["families"] = dict(facts["families"])
    for name, new in families.items():
        old = facts["families"][name]
        facts["families"][name] = old | new | {"thresholds": old["thresholds"] | new["thresholds"]}
    facts["adapted"] = {"base": found["base"], "data": found["data"], "pull": found["pull"], "seed": task.seed}
    with whole_folder(task.out) as folder:
        for file in FILES[1:]:
            shutil.copyfile(task.base / file, folder / file)
        np.savez_compressed(folder / FILES[0], pixels=weights.astype(np.float16))
        write_pack(folder, facts, FILES)


def run(options: argparse.Namespace, say: Say) -> int:
    """Adapt and write what was asked for."""
    settings = from_environment()
    base = Path(options.base or settings.model_pack or screens.BUNDLED)
    task = Task(options.recordings, options.labels, options.out, base, REPLAY, options.seed, settings)
    outcome = adapt(task, say)
    for line in adapt_report.words(outcome.found):
        say(line)
    if options.report:
        save(options.report, adapt_report.page(outcome.found, outcome.judged))
    save_json(options.json, outcome.found)
    return 0 if outcome.promoted else RefusedError.exit_code


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of this module: an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--base", default="")
    parser.add_argument("--report", default="")
    parser.add_argument("--json", default="")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    return command(run, options, str(options.out))


if __name__ == "__main__":
    sys.exit(main())
