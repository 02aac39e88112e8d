"""From a text to the experts that know it: by rule where one is enough, else by where the text lies.

Every expert's pack says where its texts lie among kinds of text, so one that is plugged in is routed to at once and
nothing is trained again. A text that lies near nobody's is sent to nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from watchfloor.experts.artefacts import Artefact
from watchfloor.experts.card import Windows
from watchfloor.experts.floor import ExpertFloor

#: Experts of a kind of artefact; only those that are plugged in are asked.
GATES: Final[Mapping[str, tuple[str, ...]]] = {"cve": ("cwe", "cvss"), "code": ("code",), "command": ("command",)}
#: Evidence within this of the best, in nats an axis, is as good: two experts can know the same texts.
CLOSE: Final = 0.25
#: Pieces of a text that are enough to see where it lies.
_READ: Final = Windows(size=128, overlap=0, most=1)


@dataclass(frozen=True, slots=True)
class Route:
    """The experts to ask, best first, and why; none is an abstention."""

    names: tuple[str, ...]
    why: str


def route(floor: ExpertFloor, artefacts: Sequence[Artefact]) -> list[Route]:
    """A route a text. Experts that are not on the backbone have no domain and are reached by rule alone."""
    backbone, experts, names_there = floor.backbone, floor.experts, frozenset(floor.names)
    found: list[Route | None] = [_gated(each, names_there) for each in artefacts]
    open_ = [place for place, each in enumerate(found) if each is None]
    if open_ and experts:
        size = min(_READ.size, backbone.pieces.places)
        pieces = backbone.pieces.split([artefacts[place].text for place in open_])
        seen = backbone.see([backbone.pieces.windows(each, size, 0, 1)[0] for each in pieces])
        places = backbone.places(seen)
        names = sorted(experts)
        evidence = {name: experts[name].domain.evidence(places, backbone.nobodys) for name in names}
        inside = {name: evidence[name] >= experts[name].domain.limit for name in names}
        for row, place in enumerate(open_):
            near = sorted((-float(evidence[name][row]), name) for name in names if inside[name][row])
            if len(pieces[row]) and near:
                kept = tuple(name for score, name in near if score <= near[0][0] + CLOSE)
                found[place] = Route(kept, f"it lies where theirs do (evidence {-near[0][0]:.2f})")
    nobody = Route((), "it is unlike anything an expert here knows")
    return [each if each is not None else nobody for each in found]


def _gated(artefact: Artefact, there: frozenset[str]) -> Route | None:
    names = tuple(name for name in GATES.get(artefact.kind, ()) if name in there)
    return Route(names, f"it is {artefact.kind}") if names else None
