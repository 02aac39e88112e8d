"""Why a frame weighs what it weighs, in words: the hashed features that carried it, read back.

A pixel cannot be un-hashed, but the Event it came from is at hand: its channel says what was hashed.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from watchfloor.film.frames import ACTOR, CHANNELS, CONTEXT, OBJECT, PARENT, TEXT_FROM, TEXTS
from watchfloor.film.lexicon import folder_class
from watchfloor.film.pixels import Pixels
from watchfloor.film.screen import Screen

_Values = Mapping[str, Any]

#: What a channel shows, with the columns that fill the blanks.
_CHANNELS: Final[dict[tuple[int, int], tuple[str, tuple[str, ...]]]] = {
    (ACTOR, 0): ("done by {}", ("actor.process.file.path",)),
    (ACTOR, 1): ("acting program's folder: {}", ("@actor.process.file.path",)),
    (ACTOR, 2): ("{} in {}", ("actor.process.file.path", "@actor.process.file.path")),
    (PARENT, 0): ("started by {}", ("actor.process.parent_process.file.path",)),
    (PARENT, 1): ("parent's folder: {}", ("@actor.process.parent_process.file.path",)),
    (PARENT, 2): ("{} under {}", ("actor.process.file.path", "actor.process.parent_process.file.path")),
    (PARENT, 3): ("account {}", ("actor.user.name",)),
    (PARENT, 4): ("{} as {}", ("actor.process.file.path", "actor.user.name")),
    (PARENT, 5): ("integrity {}", ("process.integrity",)),
    (PARENT, 6): ("signature {}", ("file.signature",)),
    (PARENT, 7): ("about account {}", ("user.name",)),
    (PARENT, 8): ("{} for {}", ("action", "user.name")),
    (PARENT, 9): ("service {}", ("service.name",)),
    (PARENT, 10): ("task {}", ("job.name",)),
    (PARENT, 11): ("event {}", ("metadata.event_code",)),
    (OBJECT, 0): ("involves {}", ("thing",)),
    (OBJECT, 1): ("object's folder: {}", ("@thing",)),
    (OBJECT, 2): ("file type of {}", ("file.path",)),
    (OBJECT, 3): ("renamed program, originally {}", ("process.file.internal_name",)),
    (CONTEXT, 0): ("action {}", ("action",)),
    (CONTEXT, 1): ("{} by {}", ("action", "actor.process.file.path")),
    (CONTEXT, 2): ("{} on {}", ("action", "thing")),
    (CONTEXT, 3): ("{} → {}", ("actor.process.file.path", "thing")),
    (CONTEXT, 4): ("{} acts in {}", ("actor.process.file.path", "@thing")),
    (CONTEXT, 5): ("access {}", ("actual_permissions",)),
    (CONTEXT, 6): ("access {} on {}", ("actual_permissions", "thing")),
    (CONTEXT, 7): ("to {} port {}", ("dst_endpoint.ip", "dst_endpoint.port")),
    (CONTEXT, 8): ("{} talks to {}", ("actor.process.file.path", "dst_endpoint.ip")),
    (CONTEXT, 9): ("{} {}", ("action", "status")),
    (CONTEXT, 10): ("call trace: {}", ("status_detail",)),
    (CONTEXT, 11): ("call trace: {}", ("status_detail",)),
}


def reasons(screen: Screen, frame: Pixels, values: _Values, most: int = 4) -> tuple[str, ...]:
    """The features of one frame ``(ROWS, CHANNELS)`` that speak most for an attack, strongest first."""
    weight = screen.weights[frame]
    said: dict[str, None] = {}
    for place in np.argsort(-weight, axis=None):
        row, channel = divmod(int(place), CHANNELS)
        if weight[row, channel] <= 0.05 or len(said) >= most:
            break
        text = describe(row, channel, values)
        if text:
            said[text] = None
    return tuple(said)


def describe(row: int, channel: int, values: _Values) -> str:
    """One channel of an Event's frame in words; ``""`` when it holds nothing to say."""
    for column in TEXTS:
        if column.row == row and column.channel <= channel < column.channel + column.width:
            text = values.get(column.name)
            if text:
                found = column.read(text)
                place = channel - column.channel
                return f"“{found[place]}”" if place < len(found) else ""
    if TEXT_FROM > channel >= 3 and row == ACTOR:
        return _shape(values.get("actor.process.cmd_line"), channel - 3)
    if TEXT_FROM > channel >= 4 and row == OBJECT:
        return _shape(values.get("process.cmd_line"), channel - 4)
    template, columns = _CHANNELS.get((row, channel), ("", ()))
    return template.format(*(_value(c, values) for c in columns)) if template else ""


def _shape(text: str | None, index: int) -> str:
    if not text:
        return ""
    kind = (
        "command line {} characters long",
        "unusually random command line",
        "odd characters in the command line",
        "mixed case",
    )
    return kind[index].format(len(text))


def _value(column: str, values: _Values) -> str:
    folder = column.startswith("@")
    name = column.lstrip("@")
    thing = values.get("process.file.path") or values.get("file.path")
    value = thing if name == "thing" else values.get(name)
    if value is None:
        return "?"
    text = str(value)
    if folder:
        return folder_class(text.lower()) or "?"
    return text.replace("\\", "/").rpartition("/")[2] if name.endswith(".path") or name == "thing" else text[:80]
