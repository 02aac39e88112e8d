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
GATES: Final[Mapping[str, tuple[str, ...]]] = {
    "cve": ("cwe", "cvss"), "code": ("code",), "command": ("command", "technique"),
}  # fmt: skip
#: Kinds that do not settle it: a text with a CVE in it may be a report or an alert, and who knows those is asked too.
OPEN: Final = frozenset({"cve"})
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
    experts = floor.experts
    gated = [_gated(each, frozenset(floor.names)) for each in artefacts]
    open_ = [place for place, each in enumerate(artefacts) if gated[place] is None or each.kind in OPEN]
    near = dict(zip(open_, _near(floor, [artefacts[place].text for place in open_]), strict=True)) if experts else {}
    nobody = Route((), "it is unlike anything an expert here knows")
    found = []
    for place, rule in enumerate(gated):
        lies = near.get(place)
        if rule is not None and lies is not None:
            more = tuple(name for name in lies.names if name not in rule.names)
            found.append(Route(rule.names + more, f"{rule.why}, and {lies.why}" if more else rule.why))
        else:
            found.append(rule or lies or nobody)
    return found


def _near(floor: ExpertFloor, texts: Sequence[str]) -> list[Route | None]:
    """Who knows texts like these, by where they lie."""
    if not texts:
        return []
    backbone, experts = floor.backbone, floor.experts
    pieces = backbone.pieces.split(texts)
    size = min(_READ.size, backbone.pieces.places)
    places = backbone.places(backbone.see([backbone.pieces.windows(each, size, 0, 1)[0] for each in pieces]))
    evidence = {name: experts[name].domain.evidence(places, backbone.nobodys) for name in sorted(experts)}
    found: list[Route | None] = []
    for row, words in enumerate(pieces):
        inside = sorted((-float(of[row]), name) for name, of in evidence.items()
                        if len(words) and of[row] >= experts[name].domain.limit)  # fmt: skip
        kept = tuple(name for score, name in inside if score <= inside[0][0] + CLOSE)
        found.append(Route(kept, f"it lies where theirs do (evidence {-inside[0][0]:.2f})") if kept else None)
    return found


def _gated(artefact: Artefact, there: frozenset[str]) -> Route | None:
    names = tuple(name for name in GATES.get(artefact.kind, ()) if name in there)
    return Route(names, f"it is {artefact.kind}") if names else None
