"""Which event is which: ids by which a lake knows what it already holds, and the order inside a source.

An id is a keyed 64-bit hash of source, record, the raw record and how many equal ones stood before it in the same
reading of the source. A record that became three events, or stands in a log twice, is thus kept as often as it was
read, and read again it is known again. The key is the lake's own, so no log can be written to collide.
"""

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ids = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]


class IdSet:
    """A set of ids: sorted arrays, eight bytes an id."""

    def __init__(self) -> None:
        self._runs: list[Ids] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add(self, ids: Ids) -> None:
        """Take ids in."""
        if not len(ids):
            return
        run = np.sort(ids)
        # Runs double in size, so that each id is merged only a logarithm of times.
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.sort(np.concatenate((self._runs.pop(), run)), kind="stable")
        self._runs.append(run)

    def has(self, ids: Ids) -> Mask:
        """Which of the ids are in the set."""
        known = np.zeros(len(ids), np.bool_)
        for run in self._runs:
            places = np.searchsorted(run, ids)
            known |= run[np.minimum(places, len(run) - 1)] == ids
        return known


class _Reading:
    """One source being read: what came so far."""

    def __init__(self) -> None:
        self.rows = 0
        self.seen = IdSet()
        self.repeats: dict[int, int] = {}


class Identifier:
    """Gives every event its id and its place in its source."""

    def __init__(self, key: str) -> None:
        self._key = bytes.fromhex(key)
        self._readings: dict[str, _Reading] = {}
        self._current: str | None = None

    def identify(self, batch: pa.RecordBatch) -> tuple[Ids, npt.NDArray[np.int64]]:
        """Ids and places of a batch, in its order."""
        sources = batch.column("source").fill_null("").dictionary_encode()
        codes = sources.indices.to_numpy(zero_copy_only=False)
        names: list[str] = sources.dictionary.to_pylist()
        if len(names) == 1 and names[0] != self._current:
            # The source before is done; named again later it is read again from its start.
            self._readings.clear()
            self._current = names[0]
        ids = self._hashes(batch, codes, names)
        places = np.empty(len(batch), np.int64)
        for code, name in enumerate(names):
            rows = np.flatnonzero(codes == code)
            reading = self._readings.setdefault(name, _Reading())
            places[rows] = np.arange(reading.rows, reading.rows + len(rows))
            reading.rows += len(rows)
            ids[rows] = self._tell_apart(ids[rows], reading)
        return ids, places

    def _hashes(self, batch: pa.RecordBatch, codes: npt.NDArray[np.int32], names: list[str]) -> Ids:
        starts = []
        for name in names:
            start = hashlib.blake2b(key=self._key, digest_size=8)
            start.update(_sized(name.encode()))
            starts.append(start)
        records = pc.fill_null(batch.column("record"), "").cast(pa.binary()).to_pylist()
        raws = batch.column("raw_data").cast(pa.binary()).to_pylist()
        digests = bytearray()
        for row, (code, record, raw) in enumerate(zip(codes.tolist(), records, raws, strict=True)):
            hasher = starts[code].copy()
            hasher.update(_sized(record))
            hasher.update(raw if raw is not None else _spelled(batch, row))
            digests += hasher.digest()
        return np.frombuffer(bytes(digests), "<u8").astype(np.uint64)

    def _tell_apart(self, ids: Ids, reading: _Reading) -> Ids:
        """The n-th equal record of a source gets an id of its own."""
        first = np.zeros(len(ids), np.bool_)
        first[np.unique(ids, return_index=True)[1]] = True
        repeated = np.flatnonzero(~first | reading.seen.has(ids))
        reading.seen.add(ids[first])
        told = ids.copy()
        for row in repeated.tolist():
            number = reading.repeats[int(ids[row])] = reading.repeats.get(int(ids[row]), 0) + 1
            text = f"{int(ids[row])}#{number}".encode()
            told[row] = int.from_bytes(hashlib.blake2b(text, key=self._key, digest_size=8).digest(), "little")
        return told


def _sized(text: bytes) -> bytes:
    return b"%d:%b" % (len(text), text)


def _spelled(batch: pa.RecordBatch, row: int) -> bytes:
    """A record without raw data is its columns."""
    values = batch.slice(row, 1).to_pylist()[0]
    return repr({name: value for name, value in values.items() if value is not None}).encode("utf-8", "replace")
