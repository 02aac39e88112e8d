"""The expert ``sensitive``: personal data and secrets in a text, where they stand, and how sensitive the text is.

Patterns and checksums settle what they can, the tagger decides in context, known shapes and a small model find secrets.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from watchfloor.base.errors import PackError
from watchfloor.base.judgements import Judgement, Label
from watchfloor.experts.sensitive.folding import fold, plain
from watchfloor.experts.sensitive.patterns import Find, find
from watchfloor.experts.sensitive.secret_shapes import is_infrastructure
from watchfloor.experts.sensitive.secret_signs import SIGNS
from watchfloor.experts.sensitive.secrets import SecretModel, secrets_of
from watchfloor.experts.sensitive.spans import Span, resolved
from watchfloor.experts.sensitive.tagger import Tagger, read
from watchfloor.store.packs import MANIFEST, open_pack, sha256_of

NAME: Final = "sensitive"
FORMAT: Final = 1
#: Sensitivity classes. ``secret`` opens something, ``personal`` is about somebody, ``confidential`` is about the house.
CLASSES: Final = ("secret", "personal", "confidential", "none")
#: How much a span of a type says that the text is personal; what is not here is a secret or says nothing.
PERSONAL: Final = {
    "PERSON": 0.95,
    "EMAIL_ADDRESS": 1.0,
    "PHONE_NUMBER": 1.0,
    "CREDIT_CARD": 1.0,
    "IBAN_CODE": 1.0,
    "US_SSN": 1.0,
    "US_DRIVER_LICENSE": 1.0,
    "CN_RESIDENT_ID": 1.0,
    "STREET_ADDRESS": 0.9,
    "ZIP_CODE": 0.5,
    "AGE": 0.4,
    "NRP": 0.3,
    "TITLE": 0.2,
    "LOCATION": 0.25,
    "DATE_TIME": 0.1,
}
CONFIDENTIAL: Final = {"IP_ADDRESS": 0.55, "MAC_ADDRESS": 0.6, "ORGANIZATION": 0.2, "URL": 0.1, "DOMAIN_NAME": 0.1}
#: Finds that count where the tagger has no name for them, with their score.
_FALLBACK: Final = {"ssn": ("US_SSN", 0.6), "cn-mobile": ("PHONE_NUMBER", 0.6)}
#: Texts that are tagged together.
_AT_ONCE: Final = 256


class Sensitive:
    """The expert, of one verified pack."""

    def __init__(self, folder: Path) -> None:
        """Read a pack.

        Raises:
            PackError: it is missing, damaged or of another version.
        """
        pack = open_pack(folder, name=NAME, format_version=FORMAT)
        path = pack.path("tagger.npz")
        self._tagger = Tagger(read(path))
        with np.load(path, allow_pickle=False) as held:
            weights = held["secrets"].astype(np.float32) if "secrets" in held else np.zeros(0, np.float32)
        if len(weights) != len(SIGNS):
            raise PackError(
                f"the pack {folder} judges secrets by other signs than this version.", hint="Reinstall watchfloor."
            )
        self._secrets = SecretModel(weights)
        self.name = NAME
        self.version = sha256_of(folder / MANIFEST)

    def ask(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement a text: classes as labels, ``facts["spans"]`` in characters of the text as it came."""
        found: list[Judgement] = []
        for start in range(0, len(texts), _AT_ONCE):
            part = texts[start : start + _AT_ONCE]
            found += [self._judgement(spans) for spans in self.spans(part)]
        return found

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """What is sensitive in each text: in order, none over another, all within the text."""
        folded = [fold(text) for text in texts]
        data = [plain(text) for text in folded]
        finds = [find(each) for each in data]
        tagged = self._tagger.tag(folded, finds)
        found = []
        for text, ascii_text, known, named in zip(folded, data, finds, tagged, strict=True):
            secret, house = secrets_of(ascii_text, text, self._secrets)
            sure = [Span(each.start, each.end, each.kind, 0.95) for each in known if each.sure]
            found.append(resolved([secret, house, sure, named, list(_fallbacks(known))]))
        return found

    def _judgement(self, spans: Sequence[Span]) -> Judgement:
        labels = tuple(sorted((Label(*each) for each in _classes(spans)), key=lambda label: -label.score))
        return Judgement(NAME, labels, self.version, facts={"spans": [each.record() for each in spans]})


def _fallbacks(finds: Iterable[Find]) -> Iterable[Span]:
    for each in finds:
        if each.kind in _FALLBACK:
            yield Span(each.start, each.end, *_FALLBACK[each.kind])


def _classes(spans: Sequence[Span]) -> list[tuple[str, float]]:
    """A score a class, one together: each class as likely as one of its spans is right, the rest is ``none``.

    A secret counts before a person, a person before the house: a text has the class of the worst that is in it.
    """
    secret = [
        each.score
        for each in spans
        if each.type not in PERSONAL and each.type not in CONFIDENTIAL and not is_infrastructure(each.type)
    ]
    personal = [each.score * PERSONAL.get(each.type, 0.0) for each in spans]
    house = [each.score * (0.8 if is_infrastructure(each.type) else CONFIDENTIAL.get(each.type, 0.0)) for each in spans]
    left, found = 1.0, []
    for name, scores in zip(CLASSES, (secret, personal, house), strict=False):
        share = left * (1 - math.prod(1 - min(score, 0.999) for score in scores))
        found.append((name, share))
        left -= share
    return [*found, ("none", left)]
