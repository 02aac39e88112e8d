"""Teaching the watching network: what is asked of it in each epoch, from truth where there is some, else from belief.

Labels of recordings say that an attack is inside, not where (multiple-instance learning). The linear screen of the
same training data is the first teacher: its posteriors are the frames' targets; later epochs ask the network itself
(expectation-maximisation, as in ``lab.mil``).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from watchfloor.film import usual
from watchfloor.film.clips import BUDGET, Batch, Ints, Stock, Vocabulary, chosen_rows, padded, portions
from watchfloor.film.clips import vocabulary as vocabulary_of
from watchfloor.film.net import UNSEEN
from watchfloor.film.pixels import Pixels
from watchfloor.lab import mil
from watchfloor.lab.bags import Bags, shared_pixels
from watchfloor.lab.clips import Hardship, Trainer
from watchfloor.lab.labels import Labels
from watchfloor.lab.net import Shape, Watcher

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a network is taught. ``clips_a_recording`` limits what one attack recording shows in an epoch.

    Words learn ten times faster than the rest: most are rare and have few occasions to. ``context``, ``strange`` and
    ``stacked`` are there to be left out: attention and kinship, what is usual on the host, the first look's logit.
    """

    epochs: int = 6
    tokens: int = 1024
    rate: float = 1.5e-3
    word_rate: float = 1.5e-2
    decay: float = 0.02
    word_decay: float = 0.02
    label_share: float = 0.5
    clips_a_recording: int = 12
    ask_itself_from: int = 4
    hardship: Hardship = field(default_factory=Hardship)
    context: bool = True
    strange: bool = True
    stacked: bool = True
    seed: int = 0


@dataclass(slots=True)
class Taught:
    """A network with what it needs to watch: its words and the linear first look that chooses frames."""

    net: Watcher
    vocabulary: Vocabulary
    weights: Floats
    bias: float
    labels: tuple[str, ...]
    lesson: Lesson

    def first_look(self, bags: Bags) -> Floats:
        """Linear logit of every row."""
        return np.asarray(bags.x @ self.weights + self.bias)


@dataclass(frozen=True, slots=True)
class Course:
    """Scenes of a corpus as clips: ``clips[i]`` the rows of scene number ``scene[i]``, of ``recording[i]``."""

    clips: list[Ints]
    recording: Ints
    rows: Ints  # every row in some clip
    scene: Ints


def course(bags: Bags, logit: Floats, rows: npt.NDArray[np.bool_], budget: int = BUDGET) -> Course:
    """Clips of every scene that has rows among ``rows``, frames chosen by ``logit``."""
    places = np.flatnonzero(rows)
    picked = places[chosen_rows(bags.scene[places], bags.owner[places], logit[places], budget)]
    picked = picked[np.argsort(bags.scene[picked], kind="stable")]
    scenes, starts = np.unique(bags.scene[picked], return_index=True)
    clips = np.split(picked, starts[1:])
    first = np.asarray([c[0] for c in clips], np.int64)
    return Course(clips, bags.recording[first].astype(np.int64), picked, scenes)


def stock_of(taught: Taught, bags: Bags, pixels: Pixels, look: Floats, plan: Course) -> Stock:
    """All rows as stock for the plan's clips; on Unix with how strange the watched frames are on their host."""
    strange = np.zeros((len(bags.recording), usual.NUMBERS), np.float32)
    if taught.lesson.strange:
        unix = bags.unix()[bags.recording[plan.rows]]
        host = np.where(unix, bags.host[plan.rows], -1)
        strange[plan.rows] = usual.strangeness(pixels[plan.rows], bags.scene[plan.rows], host)
    words = taught.vocabulary.words(pixels)
    told = look if taught.lesson.stacked else np.zeros_like(look)
    return Stock(words, bags.owner, bags.parent, bags.time, bags.repeats, told, strange)


class Teacher:
    """Targets and weights of clips and frames; ``believe`` renews them from logits."""

    def __init__(self, bags: Bags, rows: npt.NDArray[np.bool_], plan: Course, logit: Floats, labels: Labels) -> None:
        self.bags, self.plan, self.labels = bags, plan, labels
        self._prior = np.where(mil.background(bags), 0.0, bags.prior())
        weight = np.zeros(len(rows))
        weight[rows] = mil.frame_weights(bags, rows, self._prior[rows], mil.Settings())
        self.frame_weight = (weight / max(weight[plan.rows].mean(), 1e-9)).astype(np.float32)
        self._bag = np.unique(bags.bag()[plan.rows], return_inverse=True)[1]
        self._kind = bags.label()[plan.recording]
        self._truth = np.asarray([bags.truth[c].max() for c in plan.clips])
        self.clip_weight = self._weights().astype(np.float32)
        self.label_row = np.full(len(rows), -1, np.int64)
        self.label_row[labels.rows] = np.arange(len(labels.rows))
        self.believe(logit, None)

    def _weights(self) -> Floats:
        """Attack and ordinary clips share evenly; labs within a class by the square root of their recordings."""
        bags, r = self.bags, self.plan.recording
        lab = bags.lab[r]
        bad = (self._truth == 1) | ((self._truth < 0) & np.isin(self._kind, ("malicious", "mixed")))
        weight = np.zeros(len(r))
        for value in (False, True):
            for number in np.unique(lab[bad == value]):
                mine = np.flatnonzero((bad == value) & (lab == number))
                alone = not value or bags.labs[number].startswith("range:")
                _, inverse, count = np.unique(mine if alone else r[mine], return_inverse=True, return_counts=True)
                weight[mine] = 1 / count[inverse] / np.sqrt(len(count))
            weight[bad == value] *= 0.5 * len(r) / max(weight[bad == value].sum(), 1e-9)
        return weight

    def believe(self, frame: Floats, scene: Floats | None) -> None:
        """New targets from logits of rows and of clips, ``scene`` None before the network has spoken."""
        rows, plan = self.plan.rows, self.plan
        q = np.zeros(len(frame))
        q[rows] = mil.expect(frame[rows], self._prior[rows], self._bag)
        q = np.where((self.bags.truth == 1) & (self._prior > 0), np.maximum(q, 0.95), q)
        self.frame_target = q.astype(np.float32)
        best = np.asarray([q[c].max() for c in plan.clips])
        strength = best if scene is None else 1 / (1 + np.exp(-np.clip(scene, -30, 30)))
        top = np.full(len(self.bags.facts), -1.0)
        np.maximum.at(top, plan.recording, strength)
        attacked = np.isin(self._kind, ("malicious", "mixed"))
        target = np.where(self._kind == "malicious", np.maximum(best, 0.5), best)
        target = np.where((strength >= top[plan.recording] - 1e-9) & attacked, 1.0, target)
        target = np.where(attacked, target, 0.0)
        self.clip_target = np.where(self._truth >= 0, self._truth, target).astype(np.float32)

    def chosen(self, rng: np.random.Generator, lesson: Lesson) -> Ints:
        """Clips of an epoch: all ordinary ones, all with truth, the believed and some more of an attack recording."""
        plan = self.plan
        order = np.lexsort((rng.random(len(plan.clips)) - 2 * (self.clip_target >= 0.5), plan.recording))
        r = plan.recording[order]
        starts = np.flatnonzero(np.r_[True, r[1:] != r[:-1]])
        rank = np.arange(len(r)) - np.repeat(starts, np.diff(np.r_[starts, len(r)]))
        whole = np.isin(self._kind[order], ("benign", "background"))
        return order[(rank < lesson.clips_a_recording) | whole]

    def loss(self, net: Watcher, clips: Ints, batch: Batch, lesson: Lesson) -> Tensor:
        """What the network is blamed for in one batch: scenes, frames, labels."""
        scene, frame, labels = net(*inputs(batch))
        target, weight = torch.from_numpy(self.clip_target[clips]), torch.from_numpy(self.clip_weight[clips])
        loss = (weight * functional.binary_cross_entropy_with_logits(scene, target, reduction="none")).mean()
        rows, shown = batch.rows[batch.shown], torch.from_numpy(batch.shown)
        wanted, heavy = torch.from_numpy(self.frame_target[rows]), torch.from_numpy(self.frame_weight[rows])
        each = functional.binary_cross_entropy_with_logits(frame[shown], wanted, reduction="none")
        loss = loss + (heavy * each).mean()
        said = self._said(clips, target, weight, frame.detach(), labels)
        return loss + lesson.label_share * (said + self._pointed(rows, labels[shown]))

    def _said(self, clips: Ints, target: Tensor, weight: Tensor, frame: Tensor, labels: Tensor) -> Tensor:
        """Labels of recordings: some frame shows each."""
        table = torch.from_numpy(self.labels.recordings[self.plan.recording[clips]])
        told = (table.sum(1) > 0) & (target > 0.3)
        if not bool(told.any()):
            return torch.zeros(())
        share = shares(labels[told], frame[told], self.labels.techniques)
        part = _missed(share, table[told], self.labels.techniques)
        return (weight[told] * part).mean() * told.float().mean()

    def _pointed(self, rows: Ints, labels: Tensor) -> Tensor:
        """Labels of single frames."""
        place = self.label_row[rows]
        told = np.flatnonzero(place >= 0)
        if not len(told):
            return torch.zeros(())
        logits, cut = labels[torch.from_numpy(told)], self.labels.techniques
        share = torch.cat([logits[:, :cut].log_softmax(-1), logits[:, cut:].log_softmax(-1)], -1)
        part = _missed(share, torch.from_numpy(self.labels.frames[place[told]]), cut)
        return part.mean() * min(1.0, 8 * len(told) / len(rows))


def _missed(share: Tensor, wanted: Tensor, cut: int) -> Tensor:
    """Cross-entropy of log shares against wanted labels, techniques and tactics apart, ``(B,)``."""
    part = torch.zeros(len(share))
    for mine in (slice(0, cut), slice(cut, None)):
        goal = wanted[:, mine]
        part = part - (goal * share[:, mine]).sum(1) / goal.sum(1).clamp(min=1)
    return part


def shares(logits: Tensor, frame: Tensor, cut: int) -> Tensor:
    """Log share of each label in a clip, ``(B, labels)``: a mixture over frames weighted by how malicious they look."""
    weight = frame.clamp(-8, 8).softmax(-1)[..., None]
    parts = [(weight * part.softmax(-1)).sum(1) for part in (logits[..., :cut], logits[..., cut:])]
    return (torch.cat(parts, -1) + 1e-6).log()


def inputs(batch: Batch) -> tuple[Tensor, ...]:
    """What the network is called with."""
    arrays = (batch.words.astype(np.int64), batch.place, batch.shown, batch.owner, batch.parent, batch.numbers)
    return tuple(torch.from_numpy(a) for a in arrays)


#: Batches come out a little fuller or emptier than counted.
_SLACK: Final = 1.3


def teach(
    bags: Bags,
    pixels: Pixels,
    recordings: npt.NDArray[np.bool_],
    lesson: Lesson,
    labels: Labels,
    linear: tuple[Floats, float],
    look: Floats,
    say: Callable[[str], None] = lambda _: None,
) -> Taught:
    """Teach a network on ``recordings`` (``(recordings,)`` bool).

    ``linear`` is the first look it will have; ``look`` ``(rows,)`` what first looks said that never saw the rows' labs.
    """
    torch.manual_seed(lesson.seed)
    rng = np.random.default_rng(lesson.seed)
    rows = recordings[bags.recording]
    known = vocabulary_of(shared_pixels(bags, recordings))
    net = Watcher(Shape(known.size, len(labels.names), context=lesson.context))
    taught = Taught(net, known, *linear, labels.names, lesson)
    plan = course(bags, look, rows)
    teacher = Teacher(bags, rows, plan, look, labels)
    stock = stock_of(taught, bags, pixels, look, plan)
    trainer = Trainer(stock, plan.clips, np.flatnonzero(teacher.clip_target == 0), lesson.hardship, rng, lesson.tokens)
    frames = sum(len(plan.clips[int(i)]) for i in teacher.chosen(rng, lesson))
    steps = int(_SLACK * lesson.epochs * max(frames / lesson.tokens, 1)) + 10 * lesson.epochs
    words = net.naming.words.weight
    others = [p for p in net.parameters() if p is not words]
    optimiser = torch.optim.AdamW(
        [{"params": others, "weight_decay": lesson.decay}, {"params": [words], "weight_decay": lesson.word_decay}],
        lr=lesson.rate,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [lesson.rate, lesson.word_rate], total_steps=steps, pct_start=0.15
    )
    for epoch in range(lesson.epochs):
        if epoch == lesson.ask_itself_from:
            scene, frame, _ = watch(taught, bags, stock, plan)
            teacher.believe(np.where(frame > UNSEEN, frame, look), scene)
        net.train()
        losses = []
        for clips, batch in trainer.epoch(teacher.chosen(rng, lesson)):
            loss = teacher.loss(net, clips, batch, lesson)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            if schedule.last_epoch < steps - 1:
                schedule.step()
            losses.append(float(loss.detach()))
        say(f"epoch {epoch + 1}/{lesson.epochs}: loss {np.mean(losses):.4f}")
    return taught


@torch.no_grad()
def watch(
    taught: Taught, bags: Bags, stock: Stock, plan: Course
) -> tuple[Floats, Floats, npt.NDArray[np.floating[Any]]]:
    """Logits of the plan's scenes ``(clips,)``, of rows ``(rows,)`` and log shares of labels ``(clips, labels)``.

    Rows that were not watched get ``UNSEEN``.
    """
    taught.net.eval()
    cut = sum(not label.startswith("TA") for label in taught.labels)
    scene = np.zeros(len(plan.clips))
    share = np.zeros((len(plan.clips), len(taught.labels)), np.float32)
    frame = np.full(len(bags.recording), UNSEEN)
    for part in portions(np.asarray([len(c) for c in plan.clips])):
        batch = padded(stock, [plan.clips[int(i)] for i in part])
        s, f, labels = taught.net(*inputs(batch))
        scene[part] = s.numpy()
        share[part] = shares(labels, f, cut).numpy()
        frame[batch.rows[batch.shown]] = f.numpy()[batch.shown]
    return scene, frame, share
