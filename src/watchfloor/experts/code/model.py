"""The calibrated layer: how often a text is vulnerable whose weightiest finding is of this kind and this sureness.

A table of rates out of a pack (``pack.json``, ``rates.json``): counted on labelled files where there were any, a stated
prior elsewhere. Names, numbers, comments and texts of the code are no features.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from watchfloor.base.errors import PackError
from watchfloor.experts.code.findings import Finding
from watchfloor.store import packs

NAME: Final = "code"
FORMAT: Final = 1
#: Where the pack of the wheel lies.
FOLDER: Final = Path(__file__).resolve().parents[2] / "bundled" / "code"
_ORDER: Final = {"request": 0, "fact": 0, "input": 1, "parameter": 2, "unknown": 3}


def top(findings: Iterable[Finding]) -> Finding | None:
    """The weightiest finding: what happens on the main way before error handlers, sure before unsure."""
    return min(findings, key=weight, default=None)


def weight(each: Finding) -> tuple[bool, int, bool, int, str]:
    """How findings are ordered, weightiest first; what a page shows of it after what was done with it."""
    return each.aside, _ORDER[each.strength], each.kind == "html", each.line, each.kind


def keys(language: str, finding: Finding | None) -> tuple[str, ...]:
    """Names under which a rate may stand in the table, the most exact first."""
    if finding is None:
        return (f"{language} nothing",)
    strength = f"{finding.strength} aside" if finding.aside else finding.strength
    return f"{language} {finding.kind} {strength}", f"{language} {strength}", f"{language} finding"


@dataclass(frozen=True, slots=True)
class Model:
    """Rates by name, 0 to 1, and the version: the sha256 of the pack's manifest."""

    rates: dict[str, float]
    version: str

    def probability(self, language: str, finding: Finding | None) -> float:
        """How likely a text with this weightiest finding is vulnerable, 0 to 1."""
        return next((self.rates[key] for key in keys(language, finding) if key in self.rates), 0.5)


@cache
def load(folder: Path = FOLDER) -> Model:
    """The model of a pack.

    Raises:
        PackError: it is missing, altered or cannot be read.
    """
    pack = packs.open_pack(folder, name=NAME, format_version=FORMAT)
    try:
        rates = {str(key): float(each) for key, each in json.loads(pack.path("rates.json").read_text("utf-8")).items()}
    except (ValueError, AttributeError, TypeError, OSError) as error:
        raise PackError(f"model pack {folder} cannot be read: {error}.", hint="Reinstall watchfloor.") from None
    if not all(0.0 <= each <= 1.0 for each in rates.values()):
        raise PackError(f"model pack {folder} has a rate that is none.", hint="Reinstall watchfloor.")
    return Model(rates, packs.sha256_of(folder / packs.MANIFEST))
