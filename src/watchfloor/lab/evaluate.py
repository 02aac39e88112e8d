"""Measure an expert on labelled texts it was not made from: ``watchfloor lab evaluate`` runs this module.

python -m watchfloor.lab.evaluate EXPERT_OR_PACK --data FILE [--report FILE.html] [--json FILE]
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from watchfloor.base.settings import from_environment
from watchfloor.experts import bundled
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.packs import load
from watchfloor.experts.shelf import Shelf
from watchfloor.lab import drawing, finetune_report
from watchfloor.lab.answers import asked
from watchfloor.lab.finetune_measure import EXPERT, Measured
from watchfloor.lab.held_out import held_out, pack_of
from watchfloor.lab.outputs import Say, command, progress, save, save_json


def evaluate(
    pack: Path, data: Path, columns: dict[str, str], backbone: Path, say: Say
) -> tuple[dict[str, Any], Measured]:
    """Ask the expert every text it was not made from, and measure its answers.

    Raises:
        PackError: the pack is damaged or made for another backbone.
        RefusedError: too few texts are left to say anything.
    """
    floor = ExpertFloor(Backbone(backbone))
    # To measure is not to trust: whose signature a pack bears is asked where it is plugged in to work.
    expert = load(pack, base=floor.backbone.version)
    floor.plug(expert)
    texts = held_out(data, columns, [expert])
    say(f"asking {expert.name} {len(texts.examples):,} texts")
    alarm = expert.card.windows.alarm_label
    measured = Measured(texts.examples, {EXPERT: asked(floor, expert.name, texts.examples)}, alarm)
    found = {"type": "evaluation", "expert": expert.name, "version": expert.version, "pack": str(pack),
             "data": {"file": data.name} | texts.facts}  # fmt: skip
    return found | measured.found(), measured


def words(found: dict[str, Any]) -> Iterator[str]:
    """The result in lines for a terminal."""
    for name, value in found["data"].items():
        yield f"{name}: {value}"
    yield ""
    yield f"{found['expert']} ({found['version'][:16]}) on {found['data']['texts to measure on']:,} texts"
    for name, value in found["scores"][EXPERT].items():
        if name != "texts":
            yield f"  {name:<34}{finetune_report.number(value)}"


def page(found: dict[str, Any], measured: Measured) -> str:
    """The report as HTML."""
    title = f"{found['expert']} measured"
    lead = f"<h1>{drawing.text(title)}</h1><p>Version <code>{drawing.text(found['version'])}</code></p>"
    data = drawing.table((), list(found["data"].items()))
    return drawing.page(title, [lead, *finetune_report.charts(found, measured), "<h2>Data</h2>", data])


def run(options: argparse.Namespace, say: Say) -> int:
    """Measure and write what was asked for."""
    columns = {name: value for name in ("text", "label", "split") if (value := getattr(options, name))}
    backbone = Path(options.backbone or bundled.BACKBONE)
    pack = pack_of(options.expert, Shelf.at(from_environment().experts_dir))
    found, measured = evaluate(pack, options.data, columns, backbone, progress())
    for line in words(found):
        say(line)
    if options.report:
        save(options.report, page(found, measured))
    save_json(options.json, found)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of this module: an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("expert")
    parser.add_argument("--data", type=Path, required=True)
    for name in ("report", "json", "backbone", "text", "label", "split"):
        parser.add_argument(f"--{name}", default="")
    options = parser.parse_args(argv)
    return command(run, options, options.report)


if __name__ == "__main__":
    sys.exit(main())
