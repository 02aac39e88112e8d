"""The checker: a sentence stands only if its records exist and hold what it says.

Three rules. Every id it cites is a record of this recording, and there is one at least. Every value in backquotes
stands in a cited record. Nothing outside the backquotes looks like a value of a log (an address, a path, a hash, an
account's mail form), so a name can not slip in unquoted. Who wrote the sentence does not matter.
"""

import re
from typing import Any, Final

from watchfloor.agent.case import Claim, Investigation
from watchfloor.agent.index import Index
from watchfloor.film.story import visible

_QUOTED = re.compile(r"`([^`]*)`")
_VALUE = re.compile(
    r"(?:\d{1,3}\.){3}\d{1,3}|(?<![\w.])/(?:[\w.+-]+/)*[\w.+-]{2,}|\b[0-9a-f]{16,}\b|\w+@\w+|[A-Za-z]:\\\w"
)
#: Columns of an Event a sentence may quote.
_QUOTABLE: Final = (
    "device.hostname", "actor.process.file.path", "actor.process.cmd_line", "actor.user.name", "process.file.path",
    "process.cmd_line", "file.path", "file.hashes", "src_endpoint.ip", "dst_endpoint.ip", "dst_endpoint.hostname",
    "user.name", "service.name", "job.name", "script.content", "reg_key.path", "reg_value.data", "status_detail",
    "actor.session.uid", "process.working_directory",
)  # fmt: skip
_MARK: Final = " … "


def quoted(value: str, length: int = 160) -> str:
    """A value of a log as a sentence may hold it: visible, without backquotes, cut in the middle where long."""
    text = visible(value[: length * 4]).replace("`", "'")
    if len(text) > length:
        text = text[: length * 2 // 3] + _MARK + text[-length // 3 :]
    return f"`{text}`"


def complaint(index: Index, claim: Claim) -> str:
    """Why a claim does not hold; empty where it does."""
    if not claim.event_ids:
        return "cites no record"
    rows = [index.row_of(address) for address in claim.event_ids]
    if any(row is None for row in rows):
        return "cites a record that is not there"
    held = [_held(index, row) for row in rows if row is not None]
    for value in _QUOTED.findall(claim.text):
        parts = [part for part in value.split(_MARK) if part]
        if not parts or not any(all(part in text for part in parts) for text in held):
            return f"says {value[:80]!r}, which no cited record holds"
    if _VALUE.search(_QUOTED.sub("", claim.text)):
        return "names a value without quoting it from a record"
    return ""


def check(index: Index, found: Investigation) -> None:
    """Take every claim that does not hold out of an investigation, and say which and why."""

    def holds(claim: Claim) -> bool:
        why = complaint(index, claim)
        if why:
            found.rejected.append({"text": claim.text[:400], "why": why})
        return not why

    if found.root_cause is not None and not holds(found.root_cause):
        found.root_cause = None
    if found.entry_point is not None and not holds(found.entry_point):
        found.entry_point = None
    found.summary = [claim for claim in found.summary if holds(claim)]
    found.timeline = [moment for moment in found.timeline if holds(moment.claim)]
    for place, test in enumerate(found.tests):
        found.tests[place] = type(test)(
            test.hypothesis, test.holds, tuple(c for c in test.evidence_for if holds(c)),
            tuple(c for c in test.evidence_against if holds(c)),
        )  # fmt: skip


def _held(index: Index, row: int) -> str:
    event: dict[str, Any] = index.event(row)
    played = index.actors[index.owners[row]].played
    values = [str(event[column]) for column in _QUOTABLE if event[column]]
    # the process that owns a record is known from its launch, which a later record may not repeat
    values += [played.image, played.command_line, played.user, played.host]
    # value by value: most are plain, and plain text is passed at once
    return "\n".join(map(visible, values)).replace("`", "'").replace("\\u{000A}", "\n")
