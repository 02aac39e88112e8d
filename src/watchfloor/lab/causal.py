"""A LoRA adapter on any local causal language model, from labelled texts: an expert to be served behind an endpoint.

    python -m watchfloor.lab.causal --model FOLDER|FILE.gguf --data FILE --name NAME --instruction TEXT --out FOLDER

The model learns to answer the very question ``experts.endpoint`` asks; only the answer counts (LoRA, arXiv
2106.09685, through PEFT). It stops when the loss on held-out texts rises, and keeps the best. The folder holds the
adapter as PEFT and vLLM read it and ``endpoint.json``, the manifest of the expert.
"""

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from watchfloor.base.errors import RefusedError, UsageError
from watchfloor.experts.endpoint_config import Endpoint
from watchfloor.experts.endpoint_server import versioned
from watchfloor.lab.causal_base import Base, library, load, without_foresight
from watchfloor.lab.causal_learning import Pace, learn
from watchfloor.lab.causal_scoring import score
from watchfloor.lab.causal_texts import Question, Texts, fitting, most_tokens
from watchfloor.lab.examples import Example
from watchfloor.lab.finetune_data import read
from watchfloor.lab.finetune_split import split
from watchfloor.lab.outputs import Say, command, free, progress, save_json, whole_folder

#: The manifest beside the adapter.
MANIFEST: Final = "endpoint.json"
#: Projections of attention, as Llama, Qwen, Mistral, Gemma and SmolLM name them; others are adapted in all layers.
_ATTENTION: Final = ("q_proj", "k_proj", "v_proj", "o_proj")


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it: the folder, the version's name for the server, and what was measured."""

    folder: Path
    version: str
    found: dict[str, Any] = field(default_factory=dict)


def train_causal(base_path: Path, examples: Sequence[Example] | Texts, out: Path, labels: Sequence[str] = (), *,
                 name: str, instruction: str, url: str = "http://127.0.0.1:8000/v1", pace: Pace | None = None,
                 say: Say = print) -> Trained:  # fmt: skip
    """Train an adapter and write it with its manifest; ``labels`` are the texts' own where none are given.

    Raises:
        UsageError: the model or the texts cannot be used, the place is taken, or a library is missing.
    """
    free(out)
    pace = pace or Pace()
    texts = examples if isinstance(examples, Texts) else Texts.drawn(examples)
    question = Question(instruction, tuple(labels) or texts.labels)
    texts.check(question.labels)
    began = time.monotonic()
    base = load(base_path)
    say(f"loaded {base_path.name} on {base.device}: {base.model.num_parameters() / 1e6:.0f} million weights")
    most, texts = most_tokens(base, question), _short(base, question, texts, pace.longest, say)
    model = _adapted(base, pace)
    held_out = texts.test or texts.dev
    with model.disable_adapter():
        before = measure(base, question, held_out, model=model)
    say(f"before: held-out loss {before['loss']:.4f}  accuracy {before['accuracy']:.4f}")
    history = learn(base, model, question, texts, pace, say)
    after = measure(base, question, held_out, model=model)
    say(f"after: held-out loss {after['loss']:.4f}  accuracy {after['accuracy']:.4f}")
    trained = {
        "base": base_path.name, "base_sha256": base.sha256, "rank": pace.rank, "seed": pace.seed,
        "texts": {"train": len(texts.train), "dev": len(texts.dev), "test": len(texts.test)},
        "measured_on": "test" if texts.test else "dev", "before": before, "after": after, "history": history,
        "seconds": round(time.monotonic() - began, 1), "device": base.device,
    }  # fmt: skip
    version = _write(out, model, base, trained, name=name, question=question, url=url, max_tokens=most + 8)
    return Trained(out, version, trained)


def measure(base: Base, question: Question, part: Sequence[Example], *, model: Any = None) -> dict[str, float]:
    """Mean loss (natural log, over the labels alone) and accuracy on texts, and how many there were."""
    draw, answers = random.Random(0), question.answers(base)
    loss, right = 0.0, 0
    for each in part:
        scored = score(base, question.prompt(base, each.text, draw), answers, model=model)
        totals = [one.total for one in scored]
        place = question.labels.index(each.labels[0])
        most = max(totals)
        loss += most + math.log(sum(math.exp(one - most) for one in totals)) - totals[place]
        right += totals.index(most) == place
    count = max(len(part), 1)
    return {"loss": round(loss / count, 6), "accuracy": round(right / count, 6), "texts": len(part)}


def _short(base: Base, question: Question, texts: Texts, longest: int, say: Say) -> Texts:
    kept = Texts(*(fitting(base, question, part, longest) for part in (texts.train, texts.dev, texts.test)))
    for name in ("train", "dev", "test"):
        left = len(getattr(texts, name)) - len(getattr(kept, name))
        if left:
            say(f"{left:,} texts of {name} are left out: longer than {longest:,} tokens")
    kept.check(question.labels)
    return kept


def _adapted(base: Base, pace: Pace) -> Any:
    peft = library("peft")
    library("torch").manual_seed(pace.seed)
    names = {each.rpartition(".")[2] for each, _ in base.model.named_modules()}
    targets = [each for each in _ATTENTION if each in names]
    config = peft.LoraConfig(r=pace.rank, lora_alpha=2 * pace.rank, lora_dropout=0.0, bias="none",
                             task_type="CAUSAL_LM", target_modules=targets or "all-linear")  # fmt: skip
    with without_foresight():
        return peft.get_peft_model(base.model, config)


def _write(out: Path, model: Any, base: Base, trained: dict[str, Any], *, name: str, question: Question, url: str,
           max_tokens: int) -> str:  # fmt: skip
    with whole_folder(out) as folder:
        model.save_pretrained(str(folder), save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)  # a form to be filled in, not a card
        config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
        config["base_model_name_or_path"] = base.path.name  # no path of this machine leaves it
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
        version = versioned(name, folder)
        endpoint = Endpoint(name, url, version, question.labels, question.instruction, max_tokens=max_tokens)
        manifest = endpoint.manifest() | {"trained": trained}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return version


def texts_of(path: Path, *, anyway: bool, say: Say) -> Texts:
    """Texts of a customer's file, in parts that share nothing; ``anyway``: as few or as alike as they are.

    Raises:
        RefusedError: the lab's checks speak against learning from them.
        InputError: the file cannot be read.
    """
    taken = read(path, {}, "choice")
    say(taken.words())
    parts = split(taken)
    for each in parts.refusals:
        say(f"{each.what}. {each.then}")
    if not parts.refusals:
        return Texts(parts.train, parts.dev, parts.test)
    if not anyway:
        raise RefusedError(
            "no adapter is made of these texts; see above.", hint="--anyway learns from them all the same."
        )
    texts = Texts()
    for line in taken.lines:
        example = line.example(line.group or f"line {line.number}")
        getattr(texts, line.part or example.part).append(example)
    return texts


def run(options: argparse.Namespace, say: Say) -> int:
    """Train, write, and say what it is worth."""
    if not options.name.replace("-", "").replace("_", "").isalnum():
        raise UsageError(f"--name {options.name!r} is no name.", hint="Use letters, digits, - and _.")
    free(options.out)
    texts = texts_of(options.data, anyway=options.anyway, say=progress())
    labels = [each.strip() for each in options.labels.split(",") if each.strip()]
    pace = Pace(rounds=options.rounds, rate=options.rate, batch=options.batch, longest=options.longest,
                seed=options.seed)  # fmt: skip
    made = train_causal(options.model, texts, options.out, labels, name=options.name, pace=pace, url=options.url,
                        instruction=options.instruction, say=progress())  # fmt: skip
    before, after = made.found["before"], made.found["after"]
    gained = ", ".join(f"{each} {before[each]:.3f} -> {after[each]:.3f}" for each in ("accuracy", "loss"))
    say(f"Wrote {options.out}: {made.version}; {made.found['measured_on']} {gained}; {made.found['seconds']:.0f} s.")
    save_json(options.json, {"type": "causal", "version": made.version, "out": str(options.out)} | made.found)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of this module: an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add, pace = parser.add_argument, Pace()
    add("--model", type=Path, required=True, help="Hugging Face folder or GGUF file")
    add("--data", type=Path, required=True, help="labelled texts: CSV, JSON lines or a JSON list")
    add("--name", required=True, help="the expert's name")
    add("--instruction", required=True, help="what is asked about each text")
    add("--out", type=Path, required=True, help="folder to write; must not exist yet")
    add("--labels", default="", help="labels with commas between them; default: those of the texts")
    add("--url", default="http://127.0.0.1:8000/v1", help="address the expert will be asked at")
    add("--json", default="", help="write one JSON line; - is standard output")
    add("--rounds", type=int, default=pace.rounds)
    add("--rate", type=float, default=pace.rate)
    add("--batch", type=int, default=pace.batch)
    add("--longest", type=int, default=pace.longest, help="tokens of question and answer; longer texts are left out")
    add("--seed", type=int, default=pace.seed)
    add("--anyway", action="store_true", help="learn though the checks of the data speak against it")
    options = parser.parse_args(argv)
    return command(run, options, str(options.out))


if __name__ == "__main__":
    sys.exit(main())
