"""Scores of every recording from models that never saw its group: what calibration and honest figures rest on.

    python -m watchfloor.lab.cross CORPUS.npz FOLDER --by lab|source|fold [--seed 0]

Figures are made by lab or source; labs dealt to five folds are quicker and do for calibration. One linear first look
and one network are trained for each group left out; each group's scores are kept in FOLDER, and a run that was broken
off goes on where it stopped.
"""

import argparse
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.film import usual
from watchfloor.film.net import UNSEEN
from watchfloor.film.pixels import Pixels
from watchfloor.lab import mil
from watchfloor.lab.bags import TEXT, Bags, load, shared_pixels
from watchfloor.lab.clips import Hardship, load_pixels
from watchfloor.lab.labels import Labels, labels_of
from watchfloor.lab.teach import Lesson, Taught, course, stock_of, teach, watch

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scores:
    """Out-of-group scores of a corpus.

    ``look`` and ``frame`` are logits of rows ``(rows,)``, of the linear first look and of the network; ``scene`` is the
    network's logit of each row's scene ``(rows,)``; ``share`` the probability of each label in each row's scene
    ``(scenes, labels)`` by ``place`` ``(rows,)``; ``unfamiliar`` the share of unknown words of each row's scene
    ``(rows,)``. Rows of groups that always train hold ``UNSEEN``.
    """

    look: Floats
    frame: Floats
    scene: Floats
    share: npt.NDArray[np.float32]
    place: npt.NDArray[np.int64]
    unfamiliar: Floats


#: Parts that can be left out, to see what each is worth.
WITHOUT: Final[dict[str, dict[str, Any]]] = {
    "context": {"context": False},
    "usual": {"strange": False},
    "first look": {"stacked": False},
    "hardship": {"hardship": Hardship(forget=0.0, rename=0.0, skip=0.0, paste=0.0)},
}
#: Folds that labs are dealt to.
FOLDS: Final = 5


def dealt(bags: Bags, unit: npt.NDArray[np.int64], recordings: npt.NDArray[np.bool_], seed: int) -> Ints:
    """Fold of each recording, units of like number staying together; -1 outside ``recordings``.

    Hosts of our own go round the folds first: one recording of theirs holds thousands of scenes, and a fold that held
    most hosts would be judged by models that hardly know any.
    """
    rng = np.random.default_rng(seed)
    known, first, place = np.unique(unit[recordings], return_index=True, return_inverse=True)
    size = np.bincount(place)
    ours = np.asarray([f["source"] == "range" for f in bags.facts])[recordings][first]
    hand, held = np.zeros(len(known), np.int64), np.zeros(FOLDS)
    for turn, number in enumerate(np.lexsort((rng.random(len(known)), -size, ~ours)).tolist()):
        hand[number] = turn % FOLDS if ours[number] else int(np.argmin(held))
        held[hand[number]] += size[number]
    fold = np.full(len(bags.facts), -1)
    fold[recordings] = hand[place]
    return fold


def groups_of(bags: Bags, by: str) -> tuple[Ints, list[str]]:
    """Group number of each recording and the groups' names; text corpora have the number -1: they always train."""
    text = np.asarray([f["lab"] == TEXT for f in bags.facts])
    if by == "fold":
        return dealt(bags, bags.lab, ~text, seed=0), [f"fold {number}" for number in range(FOLDS)]
    names = [f["lab"] if by == "lab" or f["source"] == "range" else f["source"] for f in bags.facts]
    known = sorted({name for name, written in zip(names, text, strict=True) if not written})
    place = {name: i for i, name in enumerate(known)}
    return np.asarray([-1 if written else place[name] for name, written in zip(names, text, strict=True)]), known


def honest_look(bags: Bags, recordings: npt.NDArray[np.bool_], seed: int = 0) -> Floats:
    """First-look logits of all rows of ``recordings`` from linear models that saw nothing of their labs.

    Single texts, which are no lab, are held out one by one.
    """
    alone = np.asarray([f["lab"] == TEXT for f in bags.facts])
    fold = dealt(bags, np.where(alone, len(bags.labs) + np.arange(len(bags.facts)), bags.lab), recordings, seed)
    look = np.zeros(len(bags.recording))
    for number in range(FOLDS):
        seen = recordings & (fold != number)
        if not seen.any():
            continue  # a single lab: nobody else can be asked
        w, b = mil.fit(bags, seen[bags.recording], shared_pixels(bags, seen), mil.Settings())
        rows = (fold == number)[bags.recording]
        look[rows] = bags.x[rows] @ w + b
    return look


def score(taught: Taught, bags: Bags, pixels: Pixels, rows: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[Any]]:
    """What a model says about ``rows``: as ``Scores``, with the row and scene numbers it speaks of."""
    look = taught.first_look(bags)
    plan = course(bags, look, rows)
    stock = stock_of(taught, bags, pixels, look, plan)
    scene, frame, share = watch(taught, bags, stock, plan)
    mine = np.flatnonzero(rows)
    place = np.searchsorted(plan.scene, bags.scene[mine])
    number = np.searchsorted(plan.scene, bags.scene[plan.rows])
    unknown = usual.unfamiliar(pixels[plan.rows], taught.vocabulary.number > 0, number, len(plan.scene))
    return {
        "rows": mine,
        "look": look[mine],
        "frame": frame[mine],
        "scene": scene[place],
        "place": place,
        "unfamiliar": unknown[place],
        "share": np.exp(share),
    }


def _file(name: str) -> str:
    return re.sub(r"\W+", "_", name) + ".npz"


def cross(
    bags: Bags, pixels: Pixels, by: str, lesson: Lesson, labels: Labels, folder: Path, only: list[str] | None = None
) -> None:
    """Train and score group by group, into ``folder``; groups that are there already are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    group, names = groups_of(bags, by)
    for number, name in enumerate(names):
        path = folder / _file(name)
        if path.exists() or (only and name not in only):
            continue
        began = time.monotonic()
        recordings = group != number
        w, b = mil.fit(bags, recordings[bags.recording], shared_pixels(bags, recordings), mil.Settings())
        taught = teach(bags, pixels, recordings, lesson, labels, (w, b), honest_look(bags, recordings))
        found = score(taught, bags, pixels, ~recordings[bags.recording])
        np.savez(path.with_suffix(".part.npz"), **found)  # type: ignore[arg-type]  # numpy's stub takes the last keyword
        path.with_suffix(".part.npz").rename(path)
        print(f"{name}: {len(np.unique(found['place']))} scenes, {time.monotonic() - began:.0f} s", flush=True)


def gather(bags: Bags, by: str, folder: Path, labels: int) -> Scores:
    """The scores of all groups of a finished run."""
    rows = len(bags.recording)
    look, frame, scene, unfamiliar = (np.full(rows, UNSEEN) for _ in range(4))
    place = np.zeros(rows, np.int64)
    shares = [np.zeros((1, labels), np.float32)]
    for name in groups_of(bags, by)[1]:
        found = np.load(folder / _file(name))
        mine = found["rows"]
        look[mine], frame[mine], scene[mine] = found["look"], found["frame"], found["scene"]
        unfamiliar[mine] = found["unfamiliar"]
        place[mine] = found["place"] + sum(map(len, shares))
        shares.append(found["share"])
    return Scores(look, frame, scene, np.concatenate(shares), place, unfamiliar)


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--by", choices=("lab", "source", "fold"), default="lab")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", help="only these groups")
    parser.add_argument("--without", choices=sorted(WITHOUT), help="leave a part of the network or its teaching out")
    options = parser.parse_args()
    bags = load(options.corpus)
    lesson = replace(Lesson(seed=options.seed), **WITHOUT.get(options.without, {}))
    cross(bags, load_pixels(options.corpus), options.by, lesson, labels_of(bags), options.folder, options.only)


if __name__ == "__main__":
    main()
