"""The frame: the picture of one Event, a grid of hashed features, ``(ROWS, CHANNELS)`` uint32.

Row 0 is the actor, 1 its parent, 2 the object, 3 the context; a column is a channel with one hashed
feature (a pixel). Every step is vectorised over a record batch; only distinct strings are read in Python.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.film import words
from watchfloor.film.pixels import Pixels, Reader, hash_word, mix, to_pixel

ROWS: Final = 4
CHANNELS: Final = 32
ACTOR, PARENT, OBJECT, CONTEXT = range(ROWS)

#: Channels of a row that hold the words of a text start here; those before have a meaning of their own.
TEXT_FROM: Final = 8
_TEXT: Final = CHANNELS - TEXT_FROM
_ACTOR_TEXT: Final = 16


def _call_trace(text: str) -> list[str]:
    """What a Sysmon call trace says without addresses: unbacked memory, the module that called."""
    low = text.lower()
    if "|" not in low:
        return words.text_words(text, 6)
    modules = [words.base_name(part.partition("+")[0]) for part in low.split("|")[:24]]
    return [
        "unbacked" if "unknown(" in low else "backed",
        f"via:{modules[-1]}",
        f"first:{modules[min(1, len(modules) - 1)]}",
    ]


def _permission(text: str) -> list[str]:
    return [text[:40].lower()]


def _signature(text: str) -> list[str]:
    low = text.lower()
    return [low.partition(":")[0], "microsoft" if "microsoft" in low else ("signed" if ":" in low else "")]


def _command(text: str) -> list[str]:
    return words.command_words(text, _TEXT)


def _actor_command(text: str) -> list[str]:
    return words.command_words(text, _ACTOR_TEXT)


def _script(text: str) -> list[str]:
    return words.text_words(text, _TEXT)


def _registry(text: str) -> list[str]:
    return words.registry_words(text, 8)


def _data(text: str) -> list[str]:
    return words.command_words(text, 12)


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Where a column's words go: row, first channel, namespace."""

    name: str
    read: Callable[[str], list[str]]
    width: int
    row: int
    channel: int
    namespace: str


#: Words of a column, straight into channels. Objects of different classes never meet in one frame, so
#: they share the object row's text channels; the first non-empty one wins.
TEXTS: Final[tuple[TextColumn, ...]] = (
    TextColumn("actor.process.cmd_line", _actor_command, _ACTOR_TEXT, ACTOR, TEXT_FROM, "cmd"),
    TextColumn("process.cmd_line", _command, _TEXT, OBJECT, TEXT_FROM, "cmd"),
    TextColumn("reg_key.path", _registry, 8, OBJECT, TEXT_FROM, "reg"),
    TextColumn("reg_value.data", _data, 12, OBJECT, TEXT_FROM + 8, "data"),
    TextColumn("dst_endpoint.hostname", words.host_words, 4, OBJECT, TEXT_FROM, "host"),
    TextColumn("script.content", _script, 20, CONTEXT, CHANNELS - 20, "script"),
)


def _slot(name: str) -> int:
    return hash_word(f"slot:{name}")


class Camera:
    """Encodes record batches into frames. One camera per thread: it remembers the strings it has seen."""

    def __init__(self) -> None:
        self._texts = {c.name: Reader(c.read, c.width, c.namespace) for c in TEXTS}
        self._paths = Reader(words.path_words, 3)
        self._shapes = Reader(words.shape_words, 4)
        self._plain = Reader(lambda t: [t[:64].lower()], 1)
        self._users = Reader(lambda t: [words.user_class(t)], 1)
        self._addresses = Reader(lambda t: [words.ip_class(t)], 1)
        self._permissions = Reader(_permission, 1)
        self._traces = Reader(_call_trace, 6)
        self._signatures = Reader(_signature, 2)

    def encode(self, batch: pa.RecordBatch) -> Pixels:
        """Frames of the batch's Events: ``(len(batch), ROWS, CHANNELS)`` uint32, each below ``PIXELS``."""
        hashed = np.zeros((len(batch), ROWS, CHANNELS), np.uint32)
        actor = self._paths.read(batch.column("actor.process.file.path"))
        parent = self._paths.read(batch.column("actor.process.parent_process.file.path"))
        target = self._paths.read(batch.column("process.file.path"))
        file = self._paths.read(batch.column("file.path"))
        action = self._plain.read(batch.column("action"))[:, 0]
        self._who(batch, hashed, actor, parent)
        self._what(batch, hashed, action, target, file)
        self._context(batch, hashed, action, actor, parent, np.where(target[:, :1] != 0, target, file))
        self._write(batch, hashed)
        return to_pixel(hashed)

    def _who(self, batch: pa.RecordBatch, out: Pixels, actor: Pixels, parent: Pixels) -> None:
        put(out, ACTOR, 0, actor[:, 0], "actor.name")
        put(out, ACTOR, 1, actor[:, 1], "actor.folder")
        put(out, ACTOR, 2, mix(actor[:, 0], actor[:, 1]), "actor.name+folder")
        shapes = self._shapes.read(batch.column("actor.process.cmd_line"))
        for i in range(4):
            put(out, ACTOR, 3 + i, shapes[:, i], "cmd.shape")
        put(out, PARENT, 0, parent[:, 0], "parent.name")
        put(out, PARENT, 1, parent[:, 1], "parent.folder")
        put(out, PARENT, 2, mix(actor[:, 0], parent[:, 0]), "actor<parent")
        users = self._users.read(batch.column("actor.user.name"))[:, 0]
        put(out, PARENT, 3, users, "actor.user")
        put(out, PARENT, 4, mix(actor[:, 0], users), "actor+user")
        put(out, PARENT, 5, self._plain.read(batch.column("process.integrity"))[:, 0], "integrity")

    def _what(self, batch: pa.RecordBatch, out: Pixels, action: Pixels, target: Pixels, file: Pixels) -> None:
        kind = mix(action, 1)
        name = np.where(target[:, 0] != 0, target[:, 0], file[:, 0])
        folder = np.where(target[:, 1] != 0, target[:, 1], file[:, 1])
        put(out, OBJECT, 0, name, "object.name")
        put(out, OBJECT, 1, mix(folder, kind), "object.folder")
        put(out, OBJECT, 2, mix(file[:, 2], kind), "file.extension")
        inner = self._plain.read(batch.column("process.file.internal_name"))[:, 0]
        differs = (inner != 0) & (inner != self._plain.read(_names(batch))[:, 0])
        put(out, OBJECT, 3, np.where(differs, inner, 0).astype(np.uint32), "renamed")
        shapes = self._shapes.read(batch.column("process.cmd_line"))
        for i in range(4):
            put(out, OBJECT, 4 + i, shapes[:, i], "cmd.shape")

    def _context(
        self, batch: pa.RecordBatch, out: Pixels, action: Pixels, actor: Pixels, parent: Pixels, thing: Pixels
    ) -> None:
        permission = self._permissions.read(batch.column("actual_permissions"))[:, 0]
        trace = self._traces.read(batch.column("status_detail"))
        put(out, CONTEXT, 0, action, "action")
        put(out, CONTEXT, 1, mix(action, actor[:, 0]), "action+actor")
        put(out, CONTEXT, 2, mix(action, thing[:, 0]), "action+object")
        put(out, CONTEXT, 3, mix(thing[:, 0], actor[:, 0]), "actor>object")
        put(out, CONTEXT, 4, mix(mix(action, actor[:, 0]), thing[:, 1]), "actor>folder")
        put(out, CONTEXT, 5, mix(action, permission), "permission")
        put(out, CONTEXT, 6, mix(thing[:, 0], mix(permission, action)), "permission+object")
        address = self._addresses.read(batch.column("dst_endpoint.ip"))[:, 0]
        port = _ports(batch)
        put(out, CONTEXT, 7, mix(address, port), "address+port")
        put(out, CONTEXT, 8, mix(mix(address, actor[:, 0]), 7), "actor+address")
        status = self._plain.read(batch.column("status"))[:, 0]
        put(out, CONTEXT, 9, mix(status, action), "status")
        put(out, CONTEXT, 10, mix(trace[:, 0], action), "trace")
        put(out, CONTEXT, 11, mix(trace[:, 1], action), "trace.via")
        signature = self._signatures.read(batch.column("file.signature"))
        put(out, PARENT, 6, mix(signature[:, 0], signature[:, 1]), "signature")
        put(out, PARENT, 7, self._users.read(batch.column("user.name"))[:, 0], "user")
        put(out, PARENT, 8, mix(action, self._users.read(batch.column("user.name"))[:, 0]), "action+user")
        for i, column in enumerate(("service.name", "job.name")):
            put(out, PARENT, 9 + i, self._plain.read(batch.column(column))[:, 0], column)
        code = self._plain.read(batch.column("metadata.event_code"))[:, 0]
        rare = np.where(action == hash_word("other"), code, 0).astype(np.uint32)
        put(out, PARENT, 11, rare, "event code")

    def _write(self, batch: pa.RecordBatch, out: Pixels) -> None:
        for column in TEXTS:
            values = batch.column(column.name)
            if values.null_count == len(batch):
                continue
            read = self._texts[column.name].read(values)
            place = out[:, column.row, column.channel : column.channel + column.width]
            np.copyto(place, read, where=place == 0)


def put(out: Pixels, row: int, channel: int, hashed: Pixels, slot: str) -> None:
    """Write a column of hashes into a channel, in that channel's own name space."""
    out[:, row, channel] = mix(hashed, _slot(slot))


def _names(batch: pa.RecordBatch) -> pa.Array:
    """File name of the launched image, as its version resource would spell it."""
    return pc.utf8_lower(pc.replace_substring_regex(batch.column("process.file.path"), r"^.*[\\/]", ""))


def _ports(batch: pa.RecordBatch) -> Pixels:
    """Destination port, those above 1024 that are no known service in one class."""
    port = batch.column("dst_endpoint.port").fill_null(0).to_numpy(zero_copy_only=False)
    known = np.isin(port, (1433, 3306, 3389, 4444, 5432, 5985, 5986, 8080, 8443, 9001))
    return np.where((port < 1024) | known, port, np.where(port >= 49152, 2, 1)).astype(np.uint32)


def pattern(frames: Pixels) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """A 64-bit name for what each frame shows: equal frames have equal patterns. ``(N,)`` uint64."""
    flat = frames.reshape(len(frames), ROWS * CHANNELS).astype(np.uint64)
    weights = _PATTERN_WEIGHTS
    return np.asarray((flat * weights).sum(axis=1, dtype=np.uint64))


_PATTERN_WEIGHTS: Final = np.random.default_rng(0x57A7C4).integers(1, 2**63, ROWS * CHANNELS, dtype=np.uint64) | 1
