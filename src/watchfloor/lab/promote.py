"""Put a new expert in the place of an old one, if a paired test says so: ``watchfloor lab promote`` runs this module.

python -m watchfloor.lab.promote NEW_PACK --over OLD_PACK_OR_NAME --data HELD_OUT --into FOLDER [--sign-with KEY]
"""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from watchfloor.base.errors import RefusedError, UsageError
from watchfloor.base.settings import from_environment
from watchfloor.experts import bundled
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.card import FORMAT_VERSION, NAME
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.packs import Plugged, load
from watchfloor.experts.shelf import Shelf
from watchfloor.lab import finetune_report, paired, scores
from watchfloor.lab.answers import Answers, asked
from watchfloor.lab.finetune_measure import Measured
from watchfloor.lab.held_out import held_out, pack_of
from watchfloor.lab.outputs import Say, command, progress, save_json, whole_folder
from watchfloor.store.packs import MANIFEST, open_pack
from watchfloor.store.signatures import SIGNATURE, sign

#: How far the recall of one label, and the share of right answers it stands by, may fall. One text may always change.
MARGIN: Final = 0.05
NEW, OLD = "new", "old"


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for. ``into`` is the folder of experts: the pack goes to a folder there of the expert's name."""

    new: Path
    old: Path
    data: Path
    into: Path
    columns: dict[str, str]
    backbone: Path = bundled.BACKBONE
    key: Path | None = None
    margin: float = MARGIN
    seed: int = 0


def promote(task: Task, say: Say = print) -> dict[str, Any]:
    """Compare both on texts neither was made from; copy the new one's pack if it is better. Says what came of it.

    Raises:
        PackError: a pack is damaged or made for another backbone.
        UsageError: the two do not answer the same question.
        RefusedError: too few texts are left to say anything.
    """
    backbone = Backbone(task.backbone)
    new, old = (load(folder, base=backbone.version) for folder in (task.new, task.old))
    _comparable(new, old)
    texts = held_out(task.data, task.columns, [new, old])
    given = {}
    for name, expert in ((NEW, new), (OLD, old)):
        say(f"asking the {name} {expert.name} {len(texts.examples):,} texts")
        floor = ExpertFloor(backbone)
        floor.plug(expert)
        given[name] = asked(floor, expert.name, texts.examples)
    alarm = new.card.windows.alarm_label
    measured = Measured(texts.examples, given, alarm, seed=task.seed)
    weight = paired.evened(given[NEW].truth[:, 0]) if alarm else None
    result = paired.compared(given[NEW].right, given[OLD].right, task.seed, weight)
    reasons = objections(given[NEW], given[OLD], result, task.margin)
    found = {
        "type": "promotion", "expert": new.name, "promoted": not reasons, "reasons": reasons, "margin": task.margin,
        "new": {"pack": str(task.new), "version": new.version}, "old": {"pack": str(task.old), "version": old.version},
        "data": {"file": task.data.name} | texts.facts, "comparison": result, "scores": measured.figures(),
        "weighed": "every label the same" if alarm else "every text the same",
    }  # fmt: skip
    if not reasons:
        found["pack"] = str(_copied(task, new))
    return found


def _comparable(new: Plugged, old: Plugged) -> None:
    if new.version == old.version:
        raise UsageError("both are the same pack.")
    if new.card.kind != old.card.kind or not set(new.card.labels) & set(old.card.labels):
        raise UsageError(
            f"{new.name} and {old.name} do not answer the same question.",
            hint=f"The new one answers {', '.join(new.card.labels[:6])}; the old one {', '.join(old.card.labels[:6])}.",
        )


def objections(new: Answers, old: Answers, result: dict[str, Any], margin: float) -> list[str]:
    """What speaks against putting the new one in the old one's place."""
    said = []
    if result["p"] > paired.LEVEL or result["difference"] <= 0:
        said.append(f"it is not better beyond chance (p must be at most {paired.LEVEL}): {paired.said(result)}")
    before = {row["label"]: row for row in scores.classes(old)}
    for row in scores.classes(new):
        label, known = row["label"], before.get(row["label"])
        if not row["texts"] or known is None or not known["texts"]:
            continue
        lost = known["hits"] - row["hits"]
        if lost > max(1, margin * row["texts"]):
            said.append(
                f"recall of {label!r} falls by more than {margin:.0%}: from {known['hits']:,} to {row['hits']:,} of "
                f"{row['texts']:,} texts"
            )
    mine, theirs = (float(each.right[~each.abstained].sum()) for each in (new, old))
    if theirs - mine > max(1.0, margin * len(new)):
        said.append(
            f"it stands by fewer right answers, for it abstains more: {mine:,.0f}, and the old one {theirs:,.0f}"
        )
    return said


def _copied(task: Task, new: Plugged) -> Path:
    """The new pack in its place, all its files or none of them; signed anew where there is a key."""
    task.into.mkdir(parents=True, exist_ok=True)
    place = task.into / new.name
    if place.resolve() == task.new.resolve():
        raise UsageError(f"{place} is the new pack itself.", hint="Promote it into another folder.")
    files = open_pack(task.new, name=NAME, format_version=FORMAT_VERSION).manifest["files"]
    with whole_folder(place) as folder:
        for name in (MANIFEST, *files, *([SIGNATURE] if (task.new / SIGNATURE).is_file() else [])):
            shutil.copyfile(task.new / name, folder / name)
        if task.key is not None:
            sign(folder, task.key)
    return place


def words(found: dict[str, Any]) -> Iterator[str]:
    """The result in lines for a terminal."""
    for name, value in found["data"].items():
        yield f"{name}: {value}"
    yield ""
    yield from finetune_report.columns(list(finetune_report.comparison(found["scores"])))
    yield ""
    yield f"new against old, {found['weighed']}: {paired.said(found['comparison'])} ({found['comparison']['test']})"
    if found["promoted"]:
        yield f"Promoted: {found['pack']}."
        return
    yield "Refused, nothing was written:"
    for reason in found["reasons"]:
        yield f"  - {reason}"


def run(options: argparse.Namespace, say: Say) -> int:
    """Compare, decide, and write what was asked for."""
    columns = {name: value for name in ("text", "label", "split") if (value := getattr(options, name))}
    key = Path(options.sign_with) if options.sign_with else None
    if key is not None and not key.is_file():
        raise UsageError(f"there is no key {key}.", hint="Make one with `watchfloor lab key`.")
    shelf = Shelf.at(from_environment().experts_dir)
    task = Task(pack_of(options.pack, shelf), pack_of(options.over, shelf), options.data, options.into, columns,
                Path(options.backbone or bundled.BACKBONE), key, options.margin, options.seed)  # fmt: skip
    found = promote(task, progress())
    for line in words(found):
        say(line)
    save_json(options.json, found)
    return 0 if found["promoted"] else RefusedError.exit_code


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of this module: an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("pack")
    add("--over", required=True)
    add("--data", type=Path, required=True)
    add("--into", type=Path, required=True)
    for name in ("sign-with", "json", "backbone", "text", "label", "split"):
        add(f"--{name}", default="")
    add("--margin", type=float, default=MARGIN)
    add("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    return command(run, options, str(options.into))


if __name__ == "__main__":
    sys.exit(main())
