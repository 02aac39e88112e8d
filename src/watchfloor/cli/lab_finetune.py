"""``watchfloor lab finetune``: hands over to ``watchfloor.lab.finetune`` in a process of its own."""

import argparse
from pathlib import Path

from watchfloor.base.errors import UsageError
from watchfloor.cli import lab_process, outputs

NAME = "finetune"
SUMMARY = "make an expert from a CSV or JSON lines of labelled texts"
DESCRIPTION = """Make an expert from labelled texts of your own, on this machine, in minutes. The file has a column of
texts and one of labels; which they are is found out by their names. A tenth to a fifth of the texts is held out, the
expert is asked about them, and so are baselines. Data that is too small, leaks or is one-sided is refused with its
numbers (exit code 4), and so is an expert that is no better than always giving the commonest answer.

examples:
  watchfloor lab finetune --task phishing --data mails.csv --report phishing.html
  watchfloor lab finetune --task tickets --data t.jsonl --text body --label team --leave-out-rare
  watchfloor lab key maker.key && watchfloor lab finetune --task phishing --data mails.csv --sign-with maker.key
  watchfloor experts add phishing.expert
  watchfloor lab finetune --task phishing --data mails.csv --causal models/smollm2 \\
      --instruction 'Is this mail phishing?'     # a PEFT LoRA on a local language model, to be served by vLLM"""

#: What ``watchfloor.lab.finetune`` needs beside the running system.
_NEEDED = ("torch", "sklearn", "scipy", "onnx")
_TAKEN = (
    "task", "data", "out", "report", "json", "about", "text", "label", "group", "source", "split", "kind", "alarm",
    "none-label", "false-alarms", "leave-out-rare", "keep-contradictions", "refit", "most-texts", "baselines",
    "full-minutes", "sign-with", "backbone", "seed", "unmask", "visits", "weight", "voice", "deep",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--task", metavar="NAME", required=True, help="the expert's name: letters, digits, - and _")
    add("--data", metavar="FILE", required=True, help="labelled texts: CSV, JSON lines or a JSON list")
    add("--out", metavar="PACK", help="folder to write the pack to; must not exist yet; default NAME.expert")
    add("--report", metavar="FILE.html", help="write what it is worth: one page that opens in any browser, offline")
    add("--json", metavar="FILE", help="write one JSON line; - is standard output")
    add("--about", metavar="TEXT", help="what it answers, for its card")
    columns = parser.add_argument_group("columns; each is found by its common names where it is not given")
    columns.add_argument("--text", metavar="COLUMN", help="the texts")
    columns.add_argument("--label", metavar="COLUMN", help="the labels")
    columns.add_argument("--group", metavar="COLUMN", help="texts of one group are never in two parts; none for none")
    columns.add_argument("--source", metavar="COLUMN", help="where a text is from, for the report; none for none")
    columns.add_argument("--split", metavar="COLUMN", help="train, dev or test; none to let the lab draw it")
    columns.add_argument("--weight", metavar="COLUMN", help="what a text counts in learning, beside others of 1")
    task = parser.add_argument_group("task")
    facets = "one label a text, or one of each facet such as AV:N/AC:L; default: as the labels look"
    task.add_argument("--kind", choices=("choice", "facets"), help=facets)
    bounded = "whose false alarms are bounded; default: of two labels the one that is not benign, safe, normal, …"
    task.add_argument("--alarm", metavar="LABEL", help=f"the label {bounded}; none for none")
    task.add_argument("--none-label", metavar="LABEL", help="the label that means no label fits: it abstains then")
    task.add_argument(
        "--false-alarms", metavar="SHARE", type=_share, help="share of false alarms at most; default 0.02"
    )
    task.add_argument("--leave-out-rare", action="store_true", help="leave out labels with too few texts to learn")
    several = "one text may rightly bear several labels: keep such texts"
    task.add_argument("--keep-contradictions", action="store_true", help=several)
    masks = "read what a text says under a disguise too: look-alike letters, spaced words, base64 …; for an alarm"
    task.add_argument("--unmask", action="store_true", help=masks)
    voices = "where sources label alike texts differently: answer as these would; names by commas"
    task.add_argument("--voice", metavar="SOURCES", help=voices)
    how = parser.add_argument_group("how")
    again = "when it is worth keeping, learn again from the test texts too; the figures stay those of its twin"
    how.add_argument("--refit", action="store_true", help=again)
    how.add_argument(
        "--most-texts", metavar="N", type=lab_process.whole, help="texts to learn from at most; default all"
    )
    visits = "texts the upper block learns from, repeats counted; default 8000; fewer is faster"
    how.add_argument("--visits", metavar="N", type=lab_process.whole, help=visits)
    deep = "change every block, not the last alone: it learns several times slower and is asked by a pass of its own"
    how.add_argument("--deep", action="store_true", help=deep)
    how.add_argument(
        "--baselines", metavar="LIST", help="of majority, words, minilm; default all; none for majority alone"
    )
    full = "minutes a full fine-tune of the whole encoder may take to compare with; 0 leaves it out; default 5"
    how.add_argument("--full-minutes", metavar="M", type=_minutes, help=full)
    how.add_argument("--sign-with", metavar="KEY", help="sign the pack with this private key: see `watchfloor lab key`")
    how.add_argument("--backbone", metavar="PACK", help="another backbone than the one that ships")
    causal = parser.add_argument_group("on a local language model instead (docs/endpoint-experts.md)")
    causal.add_argument("--causal", metavar="MODEL", help="Hugging Face folder or GGUF file to train a PEFT LoRA on")
    causal.add_argument("--instruction", metavar="TEXT", help="what the model is asked about each text")
    how.add_argument("--seed", metavar="N", type=lab_process.whole, default=0, help="how it begins to learn; default 0")


def run(options: argparse.Namespace) -> int:
    """Check what can be checked at once, then let the lab work."""
    if not options.task.isascii() or not options.task.replace("-", "").replace("_", "").isalnum():
        raise UsageError(f"--task {options.task!r} is no name.", hint="Use letters, digits, - and _.")
    files = [name for name in (options.report, None if options.json == "-" else options.json) if name is not None]
    outputs.check(files, [options.data])
    out = Path(options.out or f"{options.task}.expert")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already.", hint="Name a new folder for the pack: --out PACK.")
    if options.causal:
        return _causal(options, out)
    if options.instruction:
        raise UsageError("--instruction is for a language model.", hint="Name the model: --causal MODEL.")
    return lab_process.hand_over("finetune", lab_process.words(options, _TAKEN), needed=_NEEDED)


def _causal(options: argparse.Namespace, out: Path) -> int:
    """A LoRA on a causal language model: only what both ways of making an expert have is handed over."""
    if not options.instruction:
        raise UsageError("--causal needs --instruction: what the model is asked about each text.")
    if options.report:
        raise UsageError("--causal writes no report.", hint="Its figures are in endpoint.json and --json.")
    words = [f"--model={options.causal}", f"--name={options.task}", f"--instruction={options.instruction}"]
    words += [f"--out={out}", *lab_process.words(options, ("data", "json", "seed"))]
    return lab_process.hand_over("causal", words, needed=("torch", "transformers", "peft"))


def _share(text: str) -> float:
    value = _number(text)
    if not 0 < value < 1:
        raise UsageError(f"a share between 0 and 1 is needed, not {text!r}.")
    return value


def _minutes(text: str) -> float:
    value = _number(text)
    if not 0 <= value < 1e6:
        raise UsageError(f"minutes are needed, not {text!r}.")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"a number is needed, not {text!r}.") from None
