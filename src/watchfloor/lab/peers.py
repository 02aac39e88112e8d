"""Who is measured beside a shipped expert, on the parts it was made from and never learned from.

All learn from the same training part and are calibrated on the same development part; what one learned is kept in a
folder, so that it is learned once. Knows nothing of figures.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.errors import RefusedError
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.packs import Plugged
from watchfloor.experts.pieces import Window
from watchfloor.lab import baselines
from watchfloor.lab.answers import asked
from watchfloor.lab.base_weights import encoder_of
from watchfloor.lab.examples import Example
from watchfloor.lab.finetune import drawn
from watchfloor.lab.finetune_data import read
from watchfloor.lab.finetune_full import RATE, Plan, learned, windows_of
from watchfloor.lab.finetune_split import split
from watchfloor.lab.outputs import Say, save
from watchfloor.lab.sketch import sketch_of, stood_in
from watchfloor.store.packs import sha256_of

PACK, MAJORITY, WORDS, OWN_WORDS = "pack", "majority", "words", "own-words"
MINILM, FULL, MINILM_FULL = "minilm", "full", "minilm-full"
#: Systems by the name that the command line takes, and as a table has them.
SYSTEMS: Final = {
    PACK: "shipped pack", MAJORITY: "majority", WORDS: "TF-IDF + linear", OWN_WORDS: "TF-IDF + linear, own texts alone",
    MINILM: "MiniLM, frozen, + linear", FULL: "full fine-tune of the backbone", MINILM_FULL: "full fine-tune of MiniLM",
}  # fmt: skip
#: MiniLM knows more than the backbone and has more to lose: it learns half as fast.
_RATES: Final = {FULL: RATE, MINILM_FULL: RATE / 2}
#: Share of test texts that may stand in a pack's sketch by chance of their hashes.
_CHANCE: Final = 0.001

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bench:
    """A pack beside the parts it was made from. ``most``: training texts that frozen MiniLM reads; ``minutes``: of

    processor time that a whole encoder learns; ``voice``: sources the pack speaks for; ``folder``: what is kept.
    """

    pack: Plugged
    backbone: Backbone
    train: list[Example]
    dev: list[Example]
    test: list[Example]
    twins: list[Example]
    folder: Path
    false_alarms: float = 0.02
    voice: tuple[str, ...] = ()
    most: int = 12_000
    minutes: float = 15.0
    seed: int = 0

    @property
    def alarm(self) -> str:
        """The label that raises an alarm, if one does."""
        return self.pack.card.windows.alarm_label

    @property
    def held(self) -> list[Example]:
        """What is asked: development texts, test texts, and those that are like texts learned from."""
        return [*self.dev, *self.test, *self.twins]

    def task(self) -> baselines.Task:
        """As baselines take it; all that is held is asked."""
        card = self.pack.card
        return baselines.Task(self.train, self.dev, self.held, card.labels, card.kind, self.alarm, self.false_alarms,
                              self.seed)  # fmt: skip

    def own(self, examples: Sequence[Example]) -> list[int]:
        """Places of texts by sources the pack speaks for; of all where it speaks for nobody."""
        return [place for place, each in enumerate(examples) if not self.voice or each.source in self.voice]


def parts_of(pack: Plugged, data: Path, folder: Path, seed: int = 0) -> dict[str, list[Example]]:
    """The parts as they were when the pack was made; kept in ``folder``, for finding near-duplicates takes minutes.

    Raises:
        RefusedError: the pack learned from its test texts too, or is of other data.
        InputError: the data cannot be read.
    """
    facts = pack.card.data
    if "figures" in facts:
        raise RefusedError(f"the pack {pack.name!r} is no peer here: it learned from its test texts too (--refit).",
                           hint="Compare its twin: `watchfloor lab finetune` without --refit.")  # fmt: skip
    sha = sha256_of(data)
    if facts.get("sha256") != sha:
        raise RefusedError(f"{data} is not what the pack {pack.name!r} was made from: sha256 {sha[:12]}, and the pack "
                           f"says {str(facts.get('sha256'))[:12]}.", hint="Its card names the command.")  # fmt: skip
    kept = folder / f"parts-{sha[:12]}-{seed}.json"
    if not kept.is_file():
        taken = read(data, dict(facts["columns"]), pack.card.kind)
        parts = split(taken, leave_out_rare="rare labels, left out" in facts,
                      keep_contradictions="texts with contradicting labels" in facts)  # fmt: skip
        there = {"train": parts.train, "dev": parts.dev, "test": drawn(parts.test, seed), "twins": parts.twins}
        save(str(kept), json.dumps({name: [asdict(each) for each in part] for name, part in there.items()}))
    found = {
        name: [
            Example(each["text"], tuple(each["labels"]), each["group"], each["source"], each["weight"]) for each in part
        ]
        for name, part in json.loads(kept.read_text("utf-8")).items()
    }
    _unseen(pack, found)
    return found


def _unseen(pack: Plugged, parts: dict[str, list[Example]]) -> None:
    """Refuse where the pack was cut otherwise, or where its own sketch of what it learned from holds test texts."""
    facts = pack.card.data
    for name in ("train", "dev"):
        if len(parts[name]) != facts.get(f"texts in {name}"):
            raise RefusedError(f"{pack.name!r} was made from {facts.get(f'texts in {name}')} {name} texts and the same "
                               f"file is cut into {len(parts[name])} now.", hint="Make the pack again.")  # fmt: skip
    known = sketch_of(pack.folder)
    test = [each.text for each in parts["test"]]
    if known is None or (stood := int(stood_in(test, known)[0].sum())) > _CHANCE * len(test):
        what = "does not say what it learned from" if known is None else f"learned from {stood:,} of its test texts"
        raise RefusedError(f"the pack {pack.name!r} is no peer here: it {what}.", hint="Make it without --refit.")


def answered(bench: Bench, name: str, say: Say) -> tuple[Floats, dict[str, Any]]:
    """Probabilities ``(held, labels)`` of a system, and what it learned from; out of the folder where they are there.

    Raises:
        UsageError: MiniLM's weights are not installed.
    """
    detail = {PACK: bench.pack.version[:12], MINILM: bench.most, FULL: bench.minutes, MINILM_FULL: bench.minutes}
    sha = str(bench.pack.card.data["sha256"])[:12]
    kept = bench.folder / f"{name}-{sha}-{detail.get(name, '')}-{bench.seed}.npz"
    if not kept.is_file():
        say(f"{SYSTEMS[name]} learns")
        began = time.process_time()
        logits, facts = _ASKED[name](bench, say)
        facts["processor seconds"] = round(time.process_time() - began, 1)
        np.savez_compressed(kept.with_suffix(".part.npz"), logits=logits.astype(np.float32), facts=json.dumps(facts))
        kept.with_suffix(".part.npz").replace(kept)
    with np.load(kept) as found:
        logits, facts = found["logits"].astype(np.float64), json.loads(str(found["facts"]))
    if name in (PACK, MAJORITY):
        return np.exp(logits), facts
    return bench.task().probabilities(logits[: len(bench.dev)], logits), facts


def _pack(bench: Bench, say: Say) -> tuple[Floats, dict[str, Any]]:
    """The logarithms of what it says. Development texts are asked only of one that raises alarms."""
    floor = ExpertFloor(bench.backbone)
    floor.plug(bench.pack)
    first = 0 if bench.alarm else len(bench.dev)
    given = asked(floor, bench.pack.name, bench.held[first:]).probability
    found = np.full((len(bench.held), given.shape[1]), 1 / given.shape[1])
    found[first:] = given
    return _logs(found), {"learned from": len(bench.train)}


def _majority(bench: Bench, say: Say) -> tuple[Floats, dict[str, Any]]:
    return _logs(baselines.majority(bench.task()).probability), {"learned from": len(bench.train)}


def _words(bench: Bench, say: Say) -> tuple[Floats, dict[str, Any]]:
    return baselines.word_logits(bench.task())[1], {"learned from": len(bench.train)}


def _own_words(bench: Bench, say: Say) -> tuple[Floats, dict[str, Any]]:
    train = [bench.train[place] for place in bench.own(bench.train)]
    return baselines.word_logits(replace(bench.task(), train=train))[1], {"learned from": len(train)}


def _minilm(bench: Bench, say: Say) -> tuple[Floats, dict[str, Any]]:
    some = np.sort(np.random.default_rng(bench.seed).permutation(len(bench.train))[: bench.most])
    train = [bench.train[place] for place in some.tolist()]
    task = replace(bench.task(), train=train)
    kept = bench.folder / f"vectors-{str(bench.pack.card.data['sha256'])[:12]}-{bench.most}-{bench.seed}.npy"
    if not kept.is_file():
        say(f"MiniLM reads {len(train) + len(bench.held):,} texts")
        np.save(kept, baselines.minilm_vectors([*train, *bench.held]).astype(np.float32))
    vectors = np.load(kept).astype(np.float64)
    say("logistic regression")
    held = vectors[len(train) :]
    return baselines.vector_logits(task, vectors[: len(train)], held[: len(bench.dev)], held)[1], {
        "learned from": len(train)
    }


def _whole(name: str) -> Callable[[Bench, Say], tuple[Floats, dict[str, Any]]]:
    def of(bench: Bench, say: Say) -> tuple[Floats, dict[str, Any]]:
        card, examples = bench.pack.card, [*bench.train, *bench.held]
        if name == FULL:
            encoder, windows = encoder_of(bench.backbone), windows_of(bench.backbone, card, examples)
        else:
            from watchfloor.lab.minilm import Teacher

            teacher = Teacher()
            cut = teacher.tokenizer
            cut.no_padding()
            encoder = teacher.encoder
            windows = [Window(np.asarray(each.ids, dtype=np.int32), b"")
                       for each in cut.encode_batch([e.text[:2_000] for e in examples])]  # fmt: skip
        many = len(bench.train)
        plan = Plan(bench.minutes, _RATES[name], bool(bench.alarm), bench.seed, time.process_time)
        probability, shown = learned(encoder, card, bench.train, windows[:many], windows[many:], plan, say)
        return _logs(probability), {"learned from": min(shown, many), "texts shown": shown, "minutes": bench.minutes}

    return of


def _logs(probability: npt.NDArray[Any]) -> Floats:
    return np.asarray(np.log(np.clip(probability, 1e-9, 1.0)), dtype=np.float64)


_ASKED: Final[dict[str, Callable[[Bench, Say], tuple[Floats, dict[str, Any]]]]] = {
    PACK: _pack, MAJORITY: _majority, WORDS: _words, OWN_WORDS: _own_words, MINILM: _minilm, FULL: _whole(FULL),
    MINILM_FULL: _whole(MINILM_FULL),
}  # fmt: skip
