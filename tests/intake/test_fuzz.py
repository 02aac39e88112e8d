"""A short fuzz in CI; ``benchmarks/fuzz_intake.py`` is the long one, on real samples."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.intake import windows_samples as samples
from watchfloor.base.actions import ACTIONS
from watchfloor.base.settings import Settings
from watchfloor.intake.reader import Reader
from watchfloor.intake.registry import recognise
from watchfloor.intake.windows.clocks import Clock
from watchfloor.intake.windows.flat import row_from_object


def _zip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", content)
    return buffer.getvalue()


def _tar(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("a")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


LINES = "\n".join(json.dumps(shape) for shape in (samples.nxlog(), samples.ecs(), samples.wrapped())).encode()
SEEDS = [
    LINES,
    json.dumps([samples.nxlog(), samples.tree()], indent=1).encode(),
    (samples.xml() + "\n" + samples.xml()).encode(),
    samples.LAUNCH_TEXT.encode(),
    samples.xml().encode("utf-16"),
    b"type=SYSCALL msg=audit(1604996384.965:93777): arch=c000003e syscall=59 success=yes pid=2168 comm=\"dd\"\n",
    b"ElfFile\0" + bytes(4088) + b"ElfChnk\0" + bytes(500) + b"**\0\0" + b"\x40\0\0\0" + bytes(60_000),
]  # fmt: skip
PACKINGS: list[Callable[[bytes], bytes]] = [lambda c: c, gzip.compress, _zip, _tar]

edits = st.lists(st.tuples(st.integers(0, 99_999), st.binary(max_size=8), st.integers(0, 40)), max_size=6)


@settings(max_examples=200, deadline=5_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.sampled_from(SEEDS), packing=st.sampled_from(PACKINGS), before=edits, after=edits)
def test_mutated_input_gives_rejections_at_worst(
    seed: bytes,
    packing: Callable[[bytes], bytes],
    before: list[tuple[int, bytes, int]],
    after: list[tuple[int, bytes, int]],
    tmp_path: Path,
) -> None:
    content = bytearray(seed)
    for round_ in (before, after):
        for place, new, dropped in round_:
            start = place % (len(content) + 1)
            content[start : start + dropped] = new
        if round_ is before:
            content = bytearray(packing(bytes(content)))
    path = tmp_path / "case"
    path.write_bytes(content)
    reader = Reader([str(path)], Settings(workers=1))
    kept = 0
    for batch in reader.batches():
        batch.validate(full=True)
        kept += batch.num_rows
    account = reader.account
    assert account.kept == kept
    assert kept or account.rejections or recognise(bytes(content[:65_536])) is not None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ["EventID", "Event", "System", "EventData", "winlog", "event_data", "body", "_source", "result", "Channel",
     "UtcTime", "@timestamp", "EventTime", "Message", "ProcessId", "Image", "SourceName", "user", "host", "log_name"]
)  # fmt: skip


@settings(max_examples=300, deadline=2_000)
@given(record=st.dictionaries(names, values, max_size=8), base=st.sampled_from([samples.nxlog(), samples.tree(), {}]))
def test_objects_of_any_shape(record: dict[str, object], base: dict[str, object]) -> None:
    row = row_from_object({**base, **record}, "raw", Clock())
    assert isinstance(row, str) or row["action"] in ACTIONS
