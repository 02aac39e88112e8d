"""Make an expert from a file of labelled texts: ``watchfloor lab finetune`` runs this module.

    python -m watchfloor.lab.finetune --task NAME --data FILE [--out PACK] [--report FILE.html] [--sign-with KEY]

read -> check -> split -> learn -> ask it the held-out texts -> ask baselines -> write pack and report. An expert that
is not better than always answering the commonest label is not written.
"""

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from watchfloor.base.errors import RefusedError, UsageError
from watchfloor.experts import bundled
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.packs import ARRAYS, Plugged, load
from watchfloor.experts.packs import save as save_expert
from watchfloor.lab import baselines, finetune_report
from watchfloor.lab.answers import Answers, answers, asked
from watchfloor.lab.examples import Example
from watchfloor.lab.finetune_checks import Refusal
from watchfloor.lab.finetune_data import NONE, Read, read
from watchfloor.lab.finetune_fit import VISITS
from watchfloor.lab.finetune_full import full_finetune
from watchfloor.lab.finetune_make import Made, Options, again, make_expert
from watchfloor.lab.finetune_measure import EXPERT, FULL, Measured, on_card
from watchfloor.lab.finetune_split import Parts, described, split
from watchfloor.lab.finetune_words import Speaking, speaking
from watchfloor.lab.outputs import Say, command, free, progress, save, save_json, whole_folder
from watchfloor.lab.sketch import TEXTS, sketch
from watchfloor.store.packs import sha256_of, write_pack
from watchfloor.store.signatures import sign

#: Labels for nothing to see; of two labels, the other one raises the alarm.
QUIET: Final = frozenset({
    "benign", "safe", "normal", "clean", "ham", "legitimate", "legit", "harmless", "negative", "no", "false", "0",
    "正常", "良性", "安全",
})  # fmt: skip
FULL_MINUTES: Final = 5.0
#: False alarms that development texts must have room for, and rejections that are listed.
_TO_BOUND, _REJECTIONS = 2, 50
#: Texts that are measured on at most: more would narrow no interval anybody looks at.
MOST_TEST: Final = 4_000


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for. ``columns`` names columns by what they are for; ``baselines`` are names of ``baselines``."""

    options: Options
    data: Path
    out: Path
    columns: dict[str, str] = field(default_factory=dict)
    backbone: Path = bundled.BACKBONE
    key: Path | None = None
    full_minutes: float = FULL_MINUTES
    baselines: tuple[str, ...] = baselines.NAMES
    leave_out_rare: bool = False
    keep_contradictions: bool = False
    refit: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the summary as JSON has it, everybody's answers, and the words that speak for each label."""

    found: dict[str, Any]
    measured: Measured | None
    words: Speaking | None

    @property
    def made(self) -> bool:
        """Whether the pack was written."""
        return bool(self.found["made"])


def finetune(task: Task, say: Say = print) -> Outcome:
    """Make an expert, measure it, and write its pack if it is worth anything.

    Raises:
        UsageError: the pack's place is taken, columns or labels are not there, or ``unmask`` has no alarm.
        InputError: the file cannot be used.
        PackError: the backbone or the signing key cannot be read.
    """
    free(task.out)
    taken = read(task.data, task.columns, task.options.kind)
    say(taken.words())
    parts = split(taken, leave_out_rare=task.leave_out_rare, keep_contradictions=task.keep_contradictions)
    found = _found(task, taken, parts)
    if parts.refusals:
        return Outcome(found, None, None)
    parts.test = drawn(parts.test, task.options.seed)
    parts.facts["texts in test"] = len(parts.test)
    say(f"{len(parts.train):,} texts to learn from, {len(parts.dev):,} to choose by, {len(parts.test):,} to measure on")
    say(f"split {parts.facts['split']}")
    options = chosen(replace(task.options, kind=taken.kind), parts, say)
    if options.unmask and not options.alarm:
        raise UsageError("--unmask is for an alarm.", hint="Name the label that raises it: --alarm LABEL.")
    backbone = Backbone(task.backbone)
    began = time.monotonic()
    made = make_expert(backbone, parts.train, parts.dev, options, say)
    found |= {"history": made.history, "alarm": options.alarm, "seconds": {"learning": time.monotonic() - began}}
    with tempfile.TemporaryDirectory(prefix="watchfloor-") as name:
        # What is measured is what is written: read back from its pack, halved numbers and all.
        save_expert(Path(name), made.plugged.card, made.plugged.adapter, made.plugged.domain)
        expert = load(Path(name), base=backbone.version)
        measured = _measured(task, options, backbone, expert, parts, found, say)
        found |= measured.found()
        found["reasons"] = [Refusal(each, "The labels may be wrong, or not to be told from the texts; the report shows "
                                    "where it fails.").record() for each in measured.objections()]  # fmt: skip
        if not found["reasons"]:
            if task.refit:
                say("learning again, from all texts")
                made = again(backbone, made, [*parts.train, *parts.dev, *parts.test, *parts.twins], options, say)
                found["data"]["figures"] = "of a twin that never saw the test texts; what ships learned from them too"
            _write(task, made, parts, found)
        say("which words speak for which label")
        words = speaking(backbone, expert, [each.text for each in parts.train])
    return Outcome(found, measured, words)


def chosen(options: Options, parts: Parts, say: Say) -> Options:
    """The options with what was left open: which label raises the alarm.

    Raises:
        UsageError: a label or a source that is named is not among the texts'.
    """
    labels = sorted(parts.labels)
    heard = {each.source for each in parts.train} & {each.source for each in parts.dev}
    for name in options.voice:
        if name not in heard:
            raise UsageError(f"no text to learn from and to choose by is from {name!r}.",
                             hint=f"There are: {', '.join(sorted(heard)[:12])}.")  # fmt: skip
    for name in (options.alarm, options.none_label):
        if name and name != NONE and name not in labels:
            raise UsageError(f"no text is labelled {name!r}.", hint=f"There are: {', '.join(labels[:12])}.")
    if options.alarm == NONE:
        return replace(options, alarm="")
    loud = [label for label in labels if label.casefold() not in QUIET]
    if options.alarm or options.kind != "choice" or len(labels) != 2 or len(loud) != 1:
        return options
    quiet, needed = sum(each.labels[0] != loud[0] for each in parts.dev), math.ceil(_TO_BOUND / options.false_alarms)
    if quiet < needed:
        # The loudest single text would set the threshold, and one wrong label would silence the alarm.
        say(f"{loud[0]!r} is no alarm: {quiet:,} ordinary texts to choose by cannot bound false ones to "
            f"{options.false_alarms:.1%}, {needed:,} can")  # fmt: skip
        return options
    say(f"{loud[0]!r} is taken for an alarm: at most {options.false_alarms:.1%} false ones; --alarm none for none")
    return replace(options, alarm=loud[0])


def drawn(test: list[Example], seed: int) -> list[Example]:
    """At most ``MOST_TEST`` of the test texts, drawn."""
    if len(test) <= MOST_TEST:
        return test
    return [test[place] for place in np.random.default_rng(seed).permutation(len(test))[:MOST_TEST]]


def _found(task: Task, taken: Read, parts: Parts) -> dict[str, Any]:
    books = taken.account
    return {
        "type": "finetune", "task": task.options.name, "made": False, "pack": str(task.out), "seed": task.options.seed,
        "reasons": [each.record() for each in parts.refusals],
        "data": {"file": task.data.name, "sha256": sha256_of(task.data), "form": taken.form, "encoding": taken.encoding,
                 "columns": taken.columns} | parts.facts,
        "rejected": [each.to_json() for each in books.rejections[:_REJECTIONS]],
        "rejected_why": {why: count for (_, why), count in books.reasons.items()},
        "texts": described(parts),
    }  # fmt: skip


def _measured(task: Task, options: Options, backbone: Backbone, expert: Plugged, parts: Parts, found: dict[str, Any],
              say: Say) -> Measured:  # fmt: skip
    """Ask the expert and the baselines the texts held out."""
    floor = ExpertFloor(backbone)
    floor.plug(expert)
    say(f"asking the expert {len(parts.test):,} texts it never saw")
    began = time.monotonic()
    ours = asked(floor, expert.name, parts.test)
    found["seconds"]["asking"] = time.monotonic() - began
    found["texts_a_second"] = len(parts.test) / max(found["seconds"]["asking"], 1e-9)
    everybody = {EXPERT: ours}
    card = expert.card
    rest = baselines.Task(parts.train, parts.dev, parts.test, card.labels, card.kind, options.alarm,
                          options.false_alarms, options.seed)  # fmt: skip
    names = [name for name in baselines.NAMES if name in task.baselines or name == baselines.MAJORITY]
    given, missing = baselines.measured(rest, names, say)
    everybody |= given
    if task.full_minutes > 0:
        say(f"full fine-tune of the whole encoder, at most {task.full_minutes:g} minutes")
        try:
            probability = full_finetune(
                backbone, card, parts.train, parts.test, minutes=task.full_minutes, balance=bool(options.alarm),
                seed=options.seed, say=say,
            )  # fmt: skip
            everybody[FULL] = answers(card.labels, card.kind, parts.test, probability)
        except (MemoryError, RuntimeError) as error:  # a machine too small for it must not cost the expert
            missing[FULL] = f"left out: {error}"
    else:
        missing[FULL] = "left out: --full-minutes 0"
    measured = Measured(parts.test, everybody, options.alarm, options.false_alarms, options.seed, missing)
    if parts.twins:
        both = _joined(ours, asked(floor, expert.name, parts.twins))
        found["with near-duplicates"] = measured.of(both)
    return measured


def _joined(a: Answers, b: Answers) -> Answers:
    truth, probability = np.concatenate([a.truth, b.truth]), np.concatenate([a.probability, b.probability])
    return Answers(a.labels, a.facets, truth, probability, np.concatenate([a.abstained, b.abstained]))


def _write(task: Task, made: Made, parts: Parts, found: dict[str, Any]) -> None:
    """The pack with its figures and the hashes of what it was made from, signed where there is a key."""
    card = replace(made.plugged.card, measured=on_card(found) | {"seed": task.options.seed},
                   data=found["data"] | {"labels": dict(list(found["texts"].items())[:100])})  # fmt: skip
    with whole_folder(task.out) as folder:
        save_expert(folder, card, made.plugged.adapter, made.plugged.domain)
        learned = (*parts.train, *parts.dev, *((*parts.test, *parts.twins) if task.refit else ()))
        np.save(folder / TEXTS, sketch(each.text for each in learned))
        write_pack(folder, card.manifest(), (ARRAYS, TEXTS))
        if task.key is not None:
            sign(folder, task.key)
        found["bytes"] = sum(path.stat().st_size for path in folder.iterdir())
        found["version"] = sha256_of(folder / "pack.json")
        found["signed"] = task.key is not None
    found["made"] = True


def run(options: argparse.Namespace, say: Say) -> int:
    """Make an expert and write what was asked for."""
    task = _task(options)
    outcome = finetune(task, progress())
    for line in finetune_report.words(outcome.found):
        say(line)
    if options.report:
        save(options.report, finetune_report.page(outcome.found, outcome.measured, outcome.words))
    save_json(options.json, outcome.found)
    return 0 if outcome.made else RefusedError.exit_code


def _task(options: argparse.Namespace) -> Task:
    wanted = {what: getattr(options, what) for what in ("text", "label", "group", "source", "split", "weight")}
    made = Options(
        name=options.task, task=options.about, kind=options.kind, seed=options.seed, alarm=options.alarm,
        none_label=options.none_label, false_alarms=options.false_alarms, most_texts=options.most_texts,
        unmask=options.unmask, visits=options.visits or VISITS, voice=tuple(filter(None, options.voice.split(","))),
        deep=options.deep,
    )  # fmt: skip
    key = Path(options.sign_with) if options.sign_with else None
    if key is not None and not key.is_file():
        raise UsageError(f"there is no key {key}.", hint="Make one with `watchfloor lab key`.")
    names = tuple(options.baselines.split(",")) if options.baselines else baselines.NAMES
    short = {"majority": baselines.MAJORITY, "words": baselines.WORDS, "minilm": baselines.MINILM, NONE: ""}
    unknown = [name for name in names if name not in short and name not in baselines.NAMES]
    if unknown:
        raise UsageError(f"there is no baseline {unknown[0]!r}.", hint="There are: majority, words, minilm, none.")
    return Task(
        made, options.data, Path(options.out or f"{options.task}.expert"), {k: v for k, v in wanted.items() if v},
        Path(options.backbone or bundled.BACKBONE), key, options.full_minutes,
        tuple(short.get(name, name) for name in names), options.leave_out_rare, options.keep_contradictions,
        options.refit,
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of this module: an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--task", required=True)
    add("--data", type=Path, required=True)
    for name in ("out", "report", "json", "about", "kind", "alarm", "none-label", "sign-with", "backbone", "baselines",
                 "text", "label", "group", "source", "split", "weight", "voice"):  # fmt: skip
        add(f"--{name}", default="")
    add("--false-alarms", type=float, default=0.02)
    add("--full-minutes", type=float, default=FULL_MINUTES)
    add("--most-texts", type=int, default=0)
    add("--visits", type=int, default=0)
    add("--seed", type=int, default=0)
    add("--leave-out-rare", action="store_true")
    add("--keep-contradictions", action="store_true")
    add("--refit", action="store_true")
    add("--unmask", action="store_true")
    add("--deep", action="store_true")
    options = parser.parse_args(argv)
    return command(run, options, options.out)


if __name__ == "__main__":
    sys.exit(main())
