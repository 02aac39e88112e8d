"""One adaptation: everything that is learned is learned again without each fold, and then once with all of them."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from watchfloor.film.screen import FAMILIES, Screen
from watchfloor.lab.adapt_fit import PULLS, Crossed, Head, Units, adapted_weights, features_for, fit_head, left_out
from watchfloor.lab.adapt_footage import FOLDS, Footage
from watchfloor.lab.adapt_gate import Judged, Side, log_loss

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Work:
    """The adaptation of the ``chosen`` families of a screen. ``parts`` are the customer's footage and the replayed."""

    def __init__(self, screen: Screen, parts: list[Footage], chosen: list[int], say: Callable[[str], None]) -> None:
        self._screen, self._parts, self._chosen = screen, parts, chosen
        mine, replay = parts
        self._learn = [(mine.fold >= 0) & np.isin(mine.family, chosen), replay.fold >= 0]
        asis = [part.judged(screen.weights.astype(np.float64)) for part in parts]
        self._base = [scenes for scenes, _ in asis]
        sets = left_out()
        unchanged = Crossed(
            [dict.fromkeys(sets, scenes) for scenes, _ in asis], [dict.fromkeys(sets, owners) for _, owners in asis]
        )
        self._crossed = {pull: unchanged if math.isinf(pull) else self._cross(pull, say) for pull in PULLS}
        #: How hard the first look was held to what shipped; infinite if it did not change at all.
        self.pull = self._pull(None)
        self.weights = adapted_weights(parts, self._learn, self.pull)

    def _cross(self, pull: float, say: Callable[[str], None]) -> Crossed:
        found = Crossed([{} for _ in self._parts], [{} for _ in self._parts])
        began = time.monotonic()
        sets = left_out()
        for turn, out in enumerate(sets, 1):
            held_in = [
                kept & ~np.isin(part.fold, list(out)) for part, kept in zip(self._parts, self._learn, strict=True)
            ]
            weights = adapted_weights(self._parts, held_in, pull)
            for place, part in enumerate(self._parts):
                found.scenes[place][out], found.owners[place][out] = part.judged(weights)
            if turn % FOLDS == 0:
                say(f"pull {pull:g}: learned without {turn} of {len(sets)} parts, {time.monotonic() - began:.0f} s")
        return found

    def _units(self, number: int, held_out: int | None, features: Sequence[Floats]) -> Units:
        """A family's scenes outside a fold, of both footages."""
        kept = [
            part.counted & (part.family == number) & (part.fold != (-1 if held_out is None else held_out))
            for part in self._parts
        ]
        return Units(
            np.concatenate([f[k] for f, k in zip(features, kept, strict=True)]),
            np.concatenate([part.label[k] == 1 for part, k in zip(self._parts, kept, strict=True)]),
            np.concatenate([np.full(int(k.sum()), place) for place, k in enumerate(kept)]),
        )

    def _features(self, held_out: int | None, pull: float) -> list[Floats]:
        """Of the scenes of both footages, by weights that saw neither their fold nor ``held_out``."""
        return [
            features_for(crossed, held_out, part.fold)
            for part, crossed in zip(self._parts, self._crossed[pull].scenes, strict=True)
        ]

    def _pull(self, held_out: int | None) -> float:
        """The pull that serves the customer's scenes outside a fold best, each scene judged unseen."""
        losses = []
        for pull in PULLS:
            features, loss = self._features(held_out, pull), 0.0
            for number in self._chosen:
                units = self._units(number, held_out, features)
                head, mine = fit_head(units, self._screen.families[number].scenes), units.origin == 0
                loss += log_loss(units.attack[mine], head.probability(units.features[mine]))
            losses.append(loss)
        return PULLS[int(np.argmin(losses))]

    def _out_of_fold(self, number: int) -> list[Side]:
        """The adapted screen's word on every scene of a family, of both footages, each unseen."""
        found = [Side(np.zeros(part.scenes), np.zeros(part.scenes, np.bool_)) for part in self._parts]
        base = self._screen.families[number]
        for fold in range(FOLDS):
            given = self._features(fold, self._pull(fold))
            head = Head(base.scenes.weights.astype(np.float64), base.scenes.bias, {"malicious": base.malicious})
            if number in self._chosen:
                head = fit_head(self._units(number, fold, given), base.scenes)
            for side, part, features in zip(found, self._parts, given, strict=True):
                here = (part.fold == fold) & (part.family == number)
                side.probability[here] = head.probability(features[here])
                side.malicious[here] = side.probability[here] >= head.limits["malicious"]
        return found

    def _before(self, number: int, features: Floats) -> Side:
        family = self._screen.families[number]
        probability = family.scenes.probability(features.astype(np.float32)).astype(np.float64)
        return Side(probability, probability >= family.malicious)

    def judged(self, number: int) -> list[Judged]:
        """What the screen as it was and the adapted one say of a family's scenes, of both footages, out of fold.

        Of the replayed all scenes count, those that stand in several folds too: the screen as it was learned them all.
        """
        found = []
        for place, (part, side) in enumerate(zip(self._parts, self._out_of_fold(number), strict=True)):
            features = self._base[place]
            here = (part.family == number) & (part.fold >= 0 if place else part.counted)
            found.append(Judged(part.label[here] == 1, self._before(number, features).of(here), side.of(here)))
        return found

    def strayed(self) -> tuple[int, int]:
        """Scenes of families that keep their calibration: those whose verdict the new weights change, and all."""
        mine, changed, total = self._parts[0], 0, 0
        others = [n for n in range(len(FAMILIES)) if n not in self._chosen and (mine.family == n).any()]
        features = mine.judged(self.weights)[0] if others else self._base[0]
        for number in others:
            here = mine.family == number
            before, after = (self._before(number, f[here]).malicious for f in (self._base[0], features))
            changed, total = changed + int((before != after).sum()), total + int(here.sum())
        return changed, total

    def facts(self, number: int) -> dict[str, Any]:
        """A family's new calibrations and thresholds, as the manifest has them.

        They rest on what weights said of scenes that they never saw, as when the screen was made.
        """
        base = self._screen.families[number]
        head = fit_head(self._units(number, None, self._features(None, self.pull)), base.scenes)
        facts: dict[str, Any] = {
            "scenes": {"weights": head.weights.tolist(), "bias": head.bias},
            "thresholds": head.limits,
        }
        units = self._processes(number)
        if 0 < units.attack.sum() < len(units.attack):
            own = fit_head(units, base.processes)
            facts["processes"] = {"weights": own.weights.tolist(), "bias": own.bias}
        return facts

    def _processes(self, number: int) -> Units:
        """Processes whose truth is known: all of ordinary scenes, and those whose events have labels."""
        features, attack, origin = [], [], []
        for place, (part, crossed) in enumerate(zip(self._parts, self._crossed[self.pull].owners, strict=True)):
            scene = part.reel.casting.scene
            here = part.counted[scene] & (part.owner_family == number) & (part.owner_label >= 0)
            features.append(features_for(crossed, None, part.fold[scene])[here])
            attack.append(part.owner_label[here] == 1)
            origin.append(np.full(int(here.sum()), place))
        return Units(np.concatenate(features), np.concatenate(attack), np.concatenate(origin))


def joined(parts: Sequence[Judged]) -> Judged:
    """Verdicts on several families as one."""
    sides = (
        Side(np.concatenate([s.probability for s in each]), np.concatenate([s.malicious for s in each]))
        for each in ([p.before for p in parts], [p.after for p in parts])
    )
    return Judged(np.concatenate([p.attack for p in parts]), *sides)
