"""An expert's card: what it answers, how sure it must be, what it was made from and what it is worth.

The card is the manifest of its pack. Knows nothing of arrays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from watchfloor.base.errors import PackError

NAME: Final = "expert"
FORMAT_VERSION: Final = 3
#: ``choice``: one of the labels. ``facets``: one label of each facet, named before the colon.
KINDS: Final = ("choice", "facets")
#: Labels of one answer at most; the rest are as good as impossible.
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Windows:
    """How a long text is read: pieces a window with marks, overlap, windows at most, and how they become one answer.

    ``alarm``: the window likeliest to be ``alarm_label`` speaks for the text. ``mean``: all of them together.
    ``unmask``: windows of what the text says under a disguise are read too (``experts.disguise``); for alarms alone.
    ``words``: n-grams are counted over each ``window``, or over the whole ``text`` and said to each of its windows.
    """

    size: int = 192
    overlap: int = 32
    most: int = 4
    join: str = "mean"
    alarm_label: str = ""
    unmask: bool = False
    words: str = "window"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logits are divided by ``temperature`` and ``offsets`` added; below ``floor`` the expert abstains.

    ``together``: labels of all facets with slashes between, and how much likelier than each by itself would have it
    they are together, in logs; under an empty name what is so for all that are not named.
    """

    temperature: float
    offsets: tuple[float, ...]
    floor: float
    together: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """The facts of one expert. ``none_label``, where there is one, means that no label fits."""

    name: str
    kind: str
    labels: tuple[str, ...]
    task: str
    base: str
    windows: Windows
    calibration: Calibration
    none_label: str
    measured: Mapping[str, Any]
    data: Mapping[str, Any]
    made: str

    def facets(self) -> dict[str, list[int]]:
        """Which labels belong to each facet, in order; one facet without a name where the kind is ``choice``."""
        if self.kind == "choice":
            return {"": list(range(len(self.labels)))}
        found: dict[str, list[int]] = {}
        for place, label in enumerate(self.labels):
            found.setdefault(label.partition(":")[0], []).append(place)
        return found

    def manifest(self) -> dict[str, Any]:
        """The card as its pack's manifest holds it."""
        windows, calibration = self.windows, self.calibration
        return {
            "name": NAME, "format": FORMAT_VERSION, "expert": self.name, "kind": self.kind, "labels": list(self.labels),
            "task": self.task, "base": self.base, "none_label": self.none_label, "measured": dict(self.measured),
            "data": dict(self.data), "made": self.made,
            "windows": {"size": windows.size, "overlap": windows.overlap, "most": windows.most, "join": windows.join,
                        "alarm_label": windows.alarm_label, "unmask": windows.unmask, "words": windows.words},
            "calibration": {"temperature": calibration.temperature, "offsets": list(calibration.offsets),
                            "floor": calibration.floor}
            | ({"together": dict(calibration.together)} if calibration.together else {}),
        }  # fmt: skip


def card_of(manifest: Mapping[str, Any]) -> Card:
    """The card in a manifest.

    Raises:
        PackError: a fact is missing or makes no sense.
    """
    try:
        windows = Windows(**manifest["windows"])
        found = manifest["calibration"]
        together = tuple((str(name), float(value)) for name, value in dict(found.get("together", {})).items())
        calibration = Calibration(float(found["temperature"]), tuple(map(float, found["offsets"])),
                                  float(found["floor"]), together)  # fmt: skip
        card = Card(
            name=str(manifest["expert"]), kind=str(manifest["kind"]), labels=tuple(map(str, manifest["labels"])),
            task=str(manifest["task"]), base=str(manifest["base"]), windows=windows, calibration=calibration,
            none_label=str(manifest["none_label"]), measured=dict(manifest["measured"]), data=dict(manifest["data"]),
            made=str(manifest["made"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise PackError(f"the card of an expert cannot be read: {type(error).__name__}: {error}.") from None
    wrong = _wrong(card)
    if wrong:
        raise PackError(f"the card of expert {card.name!r} makes no sense: {wrong}.")
    return card


def _wrong(card: Card) -> str:
    if not card.name.replace("-", "").replace("_", "").isalnum() or not card.name.isascii():
        return "its name must be letters, digits, - and _"
    if card.kind not in KINDS:
        return f"kind {card.kind} is not one of {', '.join(KINDS)}"
    if len(set(card.labels)) != len(card.labels) or len(card.labels) < 2:
        return "it needs at least two labels, each once"
    if len(card.calibration.offsets) != len(card.labels) or card.calibration.temperature <= 0:
        return "its calibration does not fit its labels"
    windows = card.windows
    if not 0 <= windows.overlap < windows.size - 2 or windows.most < 1 or windows.join not in ("mean", "alarm"):
        return "its windows cannot be laid"
    if windows.words not in ("window", "text"):
        return f"its n-grams cannot be counted over a {windows.words}"
    if windows.join == "alarm" and windows.alarm_label not in card.labels:
        return "its alarm label is not among its labels"
    return ""
