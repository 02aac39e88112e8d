"""Fuzz the reader: mutated real samples must give nothing worse than rejections, in bounded time and memory.

    nice python benchmarks/fuzz_intake.py --minutes 60 [--data ../shared/data] [--seed 1] [--keep FOLDER]

Each case is a function of its number. A child process works through them; when it dies, hangs or finds a
broken promise, the case is kept in FOLDER, named, and the next child goes on behind it. Promises: no
exception, kept + rejected adds up, every row fits the schema, every line of a line format is accounted
for, a case takes less than TIME_LIMIT seconds and the process less than MEMORY_LIMIT.
"""

import argparse
import bz2
import gzip
import io
import json
import lzma
import multiprocessing
import os
import random
import resource
import sys
import tarfile
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import zstandard

from watchfloor.base.account import Account
from watchfloor.base.events import SCHEMA
from watchfloor.base.settings import Settings
from watchfloor.intake.reader import Reader
from watchfloor.intake.registry import recognise
from watchfloor.intake.sources import kind_of
from watchfloor.intake.streams import encoding_of

TIME_LIMIT = 20.0
MEMORY_LIMIT = 3 * 1024**3
_LARGEST_SAMPLE = 150_000
_SETTINGS = Settings(workers=1, max_line_bytes=1 << 20, max_expanded_bytes=1 << 28)

_TOKENS = [
    b'"EventID":', b'"EventID":99999999999999999999', b'"UtcTime":"9999-99-99 99:99:99"', b"[" * 3000, b"{" * 3000,
    b'{"a":' * 2000, b"\0" * 64, b"\xff\xfe", b"\xef\xbb\xbf", b'"\\ud800"', b"</Event>", b"<Event>", b"<Event ",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<![CDATA[", b"&#0;", b"&a;", b"1" * 5000, b"-1", b"1e999", b"NaN", b"\r",
    b"\n", b"\r\n\r\n", b"type=SYSCALL msg=audit(", b"msg=audit(9e9:1):", b"a0=", b"argc=999999999", b",", b'"', b"'",
    b"ElfChnk\0", b"**\0\0", b"PK\x01\x02", b"PK\x05\x06", b"\x1f\x8b\x08", b"ustar\0", b"\xc3\x28", b"%%1936", b"{}",
]  # fmt: skip


def samples(data: Path) -> list[bytes]:
    """Real beginnings of every format, small enough to run thousands of cases."""
    found = [json.dumps({"EventID": 1, "UtcTime": "2024-01-01 00:00:00.000", "Channel": "x"}).encode() + b"\n"]
    edr = data / "edr"
    if not edr.exists():
        return found
    for path in sorted(edr.rglob("*")):
        if path.suffix in (".zip", ".Zip") and path.stat().st_size < 2_500_000:
            with zipfile.ZipFile(path) as archive:
                members = [info for info in archive.infolist() if not info.is_dir()]
                for info in members[:: max(1, len(members) // 4)][:5]:
                    with archive.open(info) as member:
                        found.append(_cut(member.read(_LARGEST_SAMPLE)))
        elif path.suffix == ".gz" and not path.name.endswith("tar.gz"):
            with gzip.open(path) as packed:
                found.append(_cut(packed.read(_LARGEST_SAMPLE)))
        elif path.suffix in (".log", ".txt", ".raw", ".csv", ".json"):
            found.append(_cut(path.read_bytes()[:_LARGEST_SAMPLE]))
    return [sample for sample in found if sample]


def _cut(sample: bytes) -> bytes:
    if sample.startswith(b"ElfFile\0") or b"\n" not in sample[:60_000]:
        return sample[:_LARGEST_SAMPLE]
    return b"\n".join(sample.split(b"\n")[:30])


# ---- mutations


def flip(content: bytearray, rng: random.Random, _: list[bytes]) -> None:
    for _n in range(rng.choice((1, 1, 3, 20, 200))):
        if content:
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def cut(content: bytearray, rng: random.Random, _: list[bytes]) -> None:
    del content[rng.randrange(len(content) + 1) :]


def drop(content: bytearray, rng: random.Random, _: list[bytes]) -> None:
    start = rng.randrange(len(content) + 1)
    del content[start : start + rng.choice((1, 7, 100, 4096))]


def repeat(content: bytearray, rng: random.Random, _: list[bytes]) -> None:
    start = rng.randrange(len(content) + 1)
    content[start:start] = content[start : start + rng.choice((1, 30, 1000, 65_536))] * rng.choice((1, 2, 9))


def insert(content: bytearray, rng: random.Random, _: list[bytes]) -> None:
    for _n in range(rng.choice((1, 1, 4))):
        start = rng.randrange(len(content) + 1)
        content[start:start] = rng.choice(_TOKENS)


def noise(content: bytearray, rng: random.Random, _: list[bytes]) -> None:
    start = rng.randrange(len(content) + 1)
    length = rng.choice((1, 16, 500, 5000))
    content[start : start + length] = rng.randbytes(length)


def splice(content: bytearray, rng: random.Random, pool: list[bytes]) -> None:
    other = rng.choice(pool)
    start = rng.randrange(len(other) + 1)
    content[rng.randrange(len(content) + 1) :] = other[start:]


def shuffle(content: bytearray, rng: random.Random, _: list[bytes]) -> None:
    lines = bytes(content).split(b"\n")
    rng.shuffle(lines)
    content[:] = b"\n".join(lines)


MUTATIONS: list[Callable[[bytearray, random.Random, list[bytes]], None]] = [
    flip, cut, drop, repeat, insert, noise, splice, shuffle,
]  # fmt: skip


def _tar(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("a", "b" * 120):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _zip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", content)
        archive.writestr("b/c", content)
    return buffer.getvalue()


PACKINGS: list[Callable[[bytes], bytes]] = [
    gzip.compress, bz2.compress, lzma.compress, zstandard.compress, _tar, _zip, lambda c: gzip.compress(_tar(c)),
    lambda c: c.decode("utf-8", "replace").encode("utf-16"),
]  # fmt: skip


def make_case(number: int, seed: int, pool: list[bytes]) -> bytes:
    rng = random.Random(seed * 1_000_003 + number)
    content = bytearray(rng.choice(pool))
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        rng.choice(MUTATIONS)(content, rng, pool)
    if rng.random() < 0.3:
        content = bytearray(rng.choice(PACKINGS)(bytes(content)))
        for _ in range(rng.choice((0, 1, 2))):
            rng.choice(MUTATIONS)(content, rng, pool)
    return bytes(content)


# ---- checking


def check(path: Path, content: bytes) -> Account:
    """Read a case and check the promises; raises AssertionError or whatever the reader raised."""
    reader = Reader([str(path)], _SETTINGS)
    kept = 0
    for batch in reader.batches():
        batch.validate(full=True)
        assert batch.schema == SCHEMA
        assert 0 < batch.num_rows <= 8_192
        assert batch.column("action").null_count == batch.column("record").null_count == 0
        kept += batch.num_rows
    account = reader.account
    assert account.kept == kept, "kept is not what came out"
    assert account.records_read == account.kept + account.rejected_records
    assert sum(account.reasons.values()) >= account.rejected_records
    if not kind_of(content) and encoding_of(content[:8]) == ("utf-8", 0):
        form = recognise(content[:65_536])  # a valid log without records is no loss
        assert kept or account.rejections or form is not None or not content, "silence"
    _check_lines(content, account)
    return account


def _check_lines(content: bytes, account: Account) -> None:
    """Every line of plain JSON lines is kept or rejected."""
    text = content.removeprefix(b"\xef\xbb\xbf")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or kind_of(content) or encoding_of(text[:8])[0] != "utf-8":
        return
    form = recognise(text[:65_536])
    if form is not None and form.name == "windows-json-lines":
        lines = sum(1 for line in text.split(b"\n") if line.strip())
        assert account.records_read == lines, f"{lines} lines, {account.records_read} accounted for"


def child(numbers: Iterator[int], seed: int, data: Path, pipe: Connection, deadline: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    pool = samples(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case"
        for number in numbers:
            if time.monotonic() > deadline:
                break
            content = make_case(number, seed, pool)
            path.write_bytes(content)
            pipe.send(("start", number, 0, 0))
            try:
                account = check(path, content)
            except BaseException:
                pipe.send(("failed", number, traceback.format_exc(), 0))
                continue
            pipe.send(("done", number, account.kept, account.rejected_records))
    pipe.send(("end", 0, 0, 0))


def counted(first: int) -> Iterator[int]:
    while True:
        yield first
        first += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-cases"))
    options = parser.parse_args()
    context = multiprocessing.get_context("fork")
    deadline = time.monotonic() + options.minutes * 60
    number, failures, totals = options.first, 0, Counter[str]()
    slowest = 0.0
    while time.monotonic() < deadline:
        here, there = context.Pipe()
        process = context.Process(
            target=child, args=(counted(number), options.seed, options.data, there, deadline), daemon=True
        )
        process.start()
        there.close()
        started = time.monotonic()
        why = ""
        while not why:
            try:
                if not here.poll(TIME_LIMIT + 60 * (number == options.first)):
                    why = f"took longer than {TIME_LIMIT} s"
                    break
                what, case, first, second = here.recv()
            except (EOFError, OSError):
                process.join(5)
                why = f"the process died (exit code {process.exitcode})"
                break
            if what == "end":
                break
            number = case
            if what == "start":
                started = time.monotonic()
            elif what == "failed":
                why = str(first)
                number += 1
            else:
                slowest = max(slowest, time.monotonic() - started)
                totals.update(cases=1, kept=first, rejected=second)
                number += 1
        process.kill()
        process.join()
        if why:
            failures += 1
            case = number - 1 if why.startswith("Traceback") else number
            options.keep.mkdir(parents=True, exist_ok=True)
            kept = options.keep / f"case-{options.seed}-{case}"
            kept.write_bytes(make_case(case, options.seed, samples(options.data)))
            print(f"FAILED case {case} ({kept}): {why}", flush=True)
            number = case + 1
    print(
        f"{totals['cases']} cases, {failures} failures; {totals['kept']} events kept, {totals['rejected']} records "
        f"rejected; slowest case {slowest:.2f} s; seed {options.seed}, cases {options.first} to {number}",
        flush=True,
    )
    return 1 if failures else 0


if __name__ == "__main__":
    os.nice(0)
    sys.exit(main())
