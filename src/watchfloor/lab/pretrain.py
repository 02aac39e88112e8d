"""Teach the backbone: layers of all-MiniLM-L6-v2 under words of our own, three lessons at once on security text.

Simplifications: one pass bounded by time, not by tokens; texts of at most 96 words; the teacher knows English alone.

    watchfloor lab pretrain --data SHARED_DATA --out FOLDER --minutes 40

* distillation: a projection of the text's vector is to equal MiniLM's vector of the same text (Reimers & Gurevych,
  arXiv 2004.09813), while some of the words are hidden from the student;
* the hidden words are guessed (BERT, arXiv 1810.04805);
* what the training parts of the tasks are labelled with is told from the text's vector by linear heads.

Texts of development and test parts are never read.
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from watchfloor.lab.encoder import Encoder, Shape, from_minilm, pooled
from watchfloor.lab.minilm import TOKENS as TEACHER_TOKENS
from watchfloor.lab.minilm import Teacher
from watchfloor.lab.prose import LONGEST, prose
from watchfloor.lab.tasks import TASKS
from watchfloor.lab.vocabulary import FIRST, LAST, MASK, SPECIAL, WORDS, first_vectors, learn

#: Which of the teacher's six layers the student begins with.
LAYERS: Final = (0, 1, 3, 5)
TOKENS: Final = 96
BATCH: Final = 64
#: Share of words hidden, rates of learning, and the weight of each lesson.
HIDDEN, RATE, RATE_WORDS = 0.12, 2e-4, 5e-4
WEIGHT: Final = {"teacher": 4.0, "words": 0.25, "labels": 0.5}
#: A label needs this many texts to be a lesson.
LEAST: Final = 20
_SAVED_EVERY_S: Final = 240.0
_SHOWN_EVERY: Final = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """Texts to read; ``lessons`` maps a lesson to a label number a text ``(texts,)``, -1 for none."""

    texts: list[str]
    lessons: dict[str, npt.NDArray[np.int64]]
    sizes: dict[str, int]


def reading(data: Path) -> Reading:
    """All prose, and the training parts of all tasks with their labels as lessons."""
    texts = list(prose(data))
    place = {text: number for number, text in enumerate(texts)}
    told: dict[str, dict[int, str]] = {}
    for name in sorted(TASKS):
        for example in TASKS[name](data):
            number = place.get(" ".join(example.text.split())[:LONGEST])
            if number is None or example.part != "train":
                continue
            for label in example.labels:
                lesson = f"{name} {label.partition(':')[0]}" if ":" in label else name
                told.setdefault(lesson, {})[number] = label
    lessons, sizes = {}, {}
    for lesson, labels in told.items():
        names = sorted(name for name, count in Counter(labels.values()).items() if count >= LEAST)
        numbers = np.full(len(texts), -1)
        for where, label in labels.items():
            if label in names:
                numbers[where] = names.index(label)
        lessons[lesson], sizes[lesson] = numbers, len(names)
    return Reading(texts, lessons, sizes)


class Pupil(nn.Module):
    """The encoder with what only training needs: the projection to the teacher and the heads of the lessons."""

    def __init__(self, encoder: Encoder, sizes: dict[str, int]) -> None:
        super().__init__()
        width = encoder.shape.width
        self.encoder = encoder
        self.teacher = nn.Linear(width, width)
        nn.init.eye_(self.teacher.weight)
        nn.init.zeros_(self.teacher.bias)
        self.guess = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.heads = nn.ModuleDict({name.replace(" ", "_"): nn.Linear(width, size) for name, size in sizes.items()})

    def loss(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The three lessons' losses on one batch."""
        words, there = batch["words"], batch["there"]
        hidden = (torch.rand(words.shape) < HIDDEN) & there & (words >= len(SPECIAL))
        x = self.encoder(words.masked_fill(hidden, SPECIAL.index(MASK)), there)
        vector = pooled(x, there)
        found = {}
        if hidden.any():
            guessed = self.guess(x[hidden]) @ self.encoder.trunk.words.weight.T
            found["words"] = functional.cross_entropy(guessed, words[hidden])
        if "teacher" in batch:
            found["teacher"] = 1 - functional.cosine_similarity(self.teacher(vector), batch["teacher"]).mean()
        labels = []
        for name, head in self.heads.items():
            told = batch[name]
            if (known := told >= 0).any():
                # Tasks with few texts in a batch weigh as little: a sum over texts, not a mean over tasks.
                labels.append(functional.cross_entropy(head(vector[known]), told[known], reduction="sum") / len(told))
        if labels:
            found["labels"] = torch.stack(labels).sum()
        return found


def encoded(tokenizer: Tokenizer, texts: list[str]) -> list[npt.NDArray[np.int32]]:
    """Word numbers of each text between its first and last mark, cut to ``TOKENS``."""
    first, last = tokenizer.token_to_id(FIRST), tokenizer.token_to_id(LAST)
    found = []
    for start in range(0, len(texts), 4096):
        several = tokenizer.encode_batch(texts[start : start + 4096], add_special_tokens=False)
        found += [np.asarray([first, *each.ids[: TOKENS - 2], last], dtype=np.int32) for each in several]
    return found


def batches(lengths: npt.NDArray[np.int64], seed: int) -> list[npt.NDArray[np.int64]]:
    """Batches of texts of like length, in an order that is drawn."""
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(lengths))
    found: list[npt.NDArray[np.int64]] = []
    for start in range(0, len(order), 64 * BATCH):
        part = order[start : start + 64 * BATCH]
        part = part[np.argsort(lengths[part], kind="stable")]
        found += [part[each : each + BATCH] for each in range(0, len(part), BATCH)]
    return [found[place] for place in draw.permutation(len(found))]


def teach(pupil: Pupil, read: Reading, tokenizer: Tokenizer, teacher: Teacher, minutes: float, out: Path,
          seed: int = 0, texts_read: int = 0) -> None:  # fmt: skip
    """Teach until the time is over; the rate of learning falls with the time that is left."""
    words = encoded(tokenizer, read.texts)
    lengths = np.asarray([len(each) for each in words])
    slow = [p for name, p in pupil.named_parameters() if "trunk.words" not in name and name.startswith("encoder")]
    fast = [p for name, p in pupil.named_parameters() if "trunk.words" in name or not name.startswith("encoder")]
    optimizer = torch.optim.AdamW([{"params": slow, "lr": RATE}, {"params": fast, "lr": RATE_WORDS}], weight_decay=0.01)
    rates = [group["lr"] for group in optimizer.param_groups]
    began = saved = time.monotonic()
    seen: Counter[str] = Counter()
    sums: defaultdict[str, float] = defaultdict(float)
    order: list[npt.NDArray[np.int64]] = []
    step, epoch = 0, 1000 * seed
    while (done := (time.monotonic() - began) / (60 * minutes)) < 1:
        if not order:
            order, epoch = batches(lengths, epoch), epoch + 1
        chosen = order.pop()
        pace = min(1.0, (step + 1) / 200) * (0.03 + 0.97 * (1 - done) ** 1.0)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * pace
        batch = _batch(read, words, chosen)
        if step % 2 == 0:
            batch["teacher"] = teacher.vectors([read.texts[i] for i in chosen])
        losses = pupil.loss(batch)
        loss = torch.stack([WEIGHT[name] * value for name, value in losses.items()]).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(pupil.parameters(), 1.0)
        optimizer.step()
        for name, value in losses.items():
            sums[name] += float(value.detach())
            seen[name] += 1
        step += 1
        if step % _SHOWN_EVERY == 0:
            shown = "  ".join(f"{name} {sums[name] / seen[name]:.3f}" for name in sorted(sums))
            print(f"{done:4.0%}  {step * BATCH:>9,} texts  {shown}", flush=True)
            sums.clear()
            seen.clear()
        if time.monotonic() - saved > _SAVED_EVERY_S:
            save(pupil, tokenizer, out, texts_read + step * BATCH)
            saved = time.monotonic()
    save(pupil, tokenizer, out, texts_read + step * BATCH)


def _batch(read: Reading, words: list[npt.NDArray[np.int32]], chosen: npt.NDArray[np.int64]) -> dict[str, Tensor]:
    longest = max(len(words[i]) for i in chosen)
    table = np.zeros((len(chosen), longest), dtype=np.int64)
    for row, i in enumerate(chosen):
        table[row, : len(words[i])] = words[i]
    found = {"words": torch.from_numpy(table), "there": torch.from_numpy(table != 0)}
    for name, numbers in read.lessons.items():
        found[name.replace(" ", "_")] = torch.from_numpy(numbers[chosen])
    return found


def save(pupil: Pupil, tokenizer: Tokenizer, out: Path, texts_read: int) -> None:
    """Write the encoder, its words and its projection to the teacher's space."""
    out.mkdir(parents=True, exist_ok=True)
    state: dict[str, Any] = {"shape": pupil.encoder.shape.facts(), "encoder": pupil.encoder.state_dict(),
                             "teacher": pupil.teacher.state_dict(), "texts_read": texts_read}  # fmt: skip
    torch.save(state, out / "encoder.tmp")
    (out / "encoder.tmp").replace(out / "encoder.pt")
    tokenizer.save(str(out / "words.json"))


def load(folder: Path) -> tuple[Encoder, Tokenizer, dict[str, Any]]:
    """What ``save`` wrote: encoder, words, and the rest of the state."""
    state = torch.load(folder / "encoder.pt", weights_only=True)
    encoder = Encoder(Shape(**state["shape"]))
    encoder.load_state_dict(state["encoder"])
    return encoder.eval(), Tokenizer.from_file(str(folder / "words.json")), state


def main() -> None:
    """Read the corpora, learn the words, teach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on from what the folder holds, with another seed")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    read = reading(options.data)
    sizes = json.dumps(read.sizes)
    print(f"{len(read.texts):,} texts; labels a lesson: {sizes}", flush=True)
    teacher = Teacher(TEACHER_TOKENS)
    if options.resume:
        encoder, tokenizer, state = load(options.out)
    else:
        tokenizer = learn(read.texts, WORDS)
        words = first_vectors(tokenizer, teacher.tokenizer, teacher.tensors["embeddings.word_embeddings.weight"])
        encoder = from_minilm(Shape(len(words), blocks=len(LAYERS)), teacher.tensors, LAYERS, words)
        state = {}
    pupil = Pupil(encoder.train(), read.sizes)
    if state:
        pupil.teacher.load_state_dict(state["teacher"])
    teach(pupil, read, tokenizer, teacher, options.minutes, options.out, options.seed, state.get("texts_read", 0))


if __name__ == "__main__":
    main()
