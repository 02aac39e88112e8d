"""Records a second per format, beside the trivial baseline, and the peak memory of a large input.

    python benchmarks/intake.py [--data ../shared/data] [--megabytes 400] [--large 1200] [--only NAME]

Inputs are real records from the data folder, repeated into a temporary folder; where the data is absent
a format is skipped. The baseline is the parser alone on one core (``orjson.loads``, the ``evtx`` library,
expat through defusedxml, ``bytes.split``), with nothing made of what it parsed. Every measurement runs in
a process of its own, so that memory and caches are its own; memory is the peak of this process plus that
of the largest worker times the number of workers, an upper bound. "µs of CPU" is the processor time a
record costs, start-up included, all processes together; on a machine that is busy otherwise it is the
figure to compare: N idle cores cannot do better than N divided by it.
"""

import argparse
import gzip
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

_JSON_SOURCES = (
    "otrf/head/atomic/windows/persistence/host/empire_persistence_registry_modification_run_keys_standard_user.zip",
    "otrf/head/atomic/windows/lateral_movement/host/covenant_dcom_executeexcel4macro_allowed.zip",
    "otrf/head/atomic/windows/lateral_movement/host/purplesharp_ad_playbook_I.zip",
    "otrf/head/atomic/windows/defense_evasion/host/wmic_remote_xsl_jscript.zip",
)
_EVTX_SOURCES = ("evtx_attack_samples/evtx.zip", "hayabusa_extra/evtx.zip", "unlabelled_evtx_omerbenamram/evtx.zip")
_CHUNK = 65_536


def json_lines(data: Path) -> bytes:
    parts = []
    for name in _JSON_SOURCES:
        with zipfile.ZipFile(data / "edr" / name) as archive:
            parts.extend(archive.read(member) for member in archive.namelist())
    return b"".join(part.rstrip(b"\n") + b"\n" for part in parts)


def powershell_lines(data: Path) -> bytes:
    name = "otrf/head/atomic/windows/credential_access/host/empire_mimikatz_extract_keys.zip"
    with zipfile.ZipFile(data / "edr" / name) as archive:
        return b"".join(archive.read(member) for member in archive.namelist())


def evtx_chunks(data: Path) -> bytes:
    """The chunks of many logs: Security, Sysmon, System, PowerShell and the rest, as they come."""
    chunks = []
    for name in _EVTX_SOURCES:
        with zipfile.ZipFile(data / "edr" / name) as archive:
            for member in archive.namelist():
                content = archive.read(member) if member.endswith(".evtx") else b""
                starts = range(4096, len(content) - _CHUNK + 1, _CHUNK)
                chunks.extend(content[s : s + _CHUNK] for s in starts if content[s : s + 8] == b"ElfChnk\0")
    return b"".join(chunks)


def evtx_header(chunks: int) -> bytes:
    fields = (0).to_bytes(8, "little") + (chunks - 1).to_bytes(8, "little") + (1).to_bytes(8, "little")
    sizes = b"\x80\0\0\0\x01\0\x03\0\0\x10" + (chunks % 65_536).to_bytes(2, "little")
    return (b"ElfFile\0" + fields + sizes).ljust(4096, b"\0")


def xml_events(data: Path) -> bytes:
    folder = data / "edr" / "splunk_attack_data" / "history"
    parts = [path.read_bytes() for path in sorted(folder.glob("*.log")) if path.read_bytes()[:7] == b"<Event "]
    return b"".join(part.rstrip(b"\n") + b"\n" for part in parts)


def audit_lines(data: Path) -> bytes:
    return (data / "edr" / "linux_ait_audit" / "Audit_2k.log").read_bytes()


# ---- baselines: the parser alone


def loads_alone(path: Path) -> int:
    import orjson

    count = 0
    with path.open("rb") as lines:
        for line in lines:
            orjson.loads(line)
            count += 1
    return count


def evtx_alone(path: Path) -> int:
    from evtx import PyEvtxParser

    records = PyEvtxParser(str(path), number_of_threads=1).records_json()
    count = 0
    while True:
        try:
            next(records)
        except StopIteration:
            return count
        except RuntimeError:
            continue
        count += 1


def xml_alone(path: Path) -> int:
    from defusedxml.ElementTree import fromstring

    events = path.read_bytes().split(b"</Event>")[:-1]
    for event in events:
        fromstring(event[event.index(b"<Event") :] + b"</Event>")
    return len(events)


def split_alone(path: Path) -> int:
    count = 0
    with path.open("rb") as lines:
        for line in lines:
            line.split(b" ")
            count += 1
    return count


CASES: dict[str, tuple[Callable[[Path], bytes], Callable[[Path], int], str]] = {
    "JSON lines": (json_lines, loads_alone, "orjson.loads"),
    "JSON lines, PowerShell only": (powershell_lines, loads_alone, "orjson.loads"),
    "EVTX": (evtx_chunks, evtx_alone, "evtx library"),
    "XML": (xml_events, xml_alone, "defusedxml"),
    "auditd": (audit_lines, split_alone, "bytes.split"),
}


def reading(path: Path, workers: int) -> int:
    from watchfloor.base.settings import Settings
    from watchfloor.intake.reader import Reader

    reader = Reader([str(path)], Settings(workers=workers))
    for _ in reader.batches():
        pass
    return reader.account.records_read


def measured(name: str, how: str, path: Path) -> dict[str, float]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, __file__, "--measure", json.dumps([name, how, str(path)])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def measure(name: str, how: str, path: str) -> None:
    started = time.perf_counter()
    records = CASES[name][1](Path(path)) if how == "alone" else reading(Path(path), int(how))
    seconds = time.perf_counter() - started
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, child = usage[0].ru_maxrss, usage[1].ru_maxrss
    busy = sum(found.ru_utime + found.ru_stime for found in usage)
    workers = (int(how) or os.cpu_count() or 1) if how != "alone" else 0
    megabytes = (own + child * (workers if workers > 1 else 0)) / 1024
    print(json.dumps({"records": records, "seconds": seconds, "megabytes": megabytes, "busy": busy}))


def repeated(unit: bytes, size: int) -> Iterator[bytes]:
    written = 0
    while written < size:
        yield unit
        written += len(unit)


def write(name: str, path: str, size: int, data: str) -> None:
    try:
        unit = CASES[name][0](Path(data))
    except FileNotFoundError:
        return
    with Path(path).open("wb") as file:
        if name == "EVTX":
            file.write(evtx_header(-(-size // len(unit)) * len(unit) // _CHUNK))
        for part in repeated(unit, size):
            file.write(part)


def written(path: Path, size: int, name: str, data: Path) -> bool:
    """Write an input in a process of its own: the peak of this one is inherited by those it measures."""
    path.unlink(missing_ok=True)
    arguments = json.dumps([name, str(path), size, str(data)])
    subprocess.run([sys.executable, __file__, "--write", arguments], check=True)
    return path.exists()


def busy(found: dict[str, float]) -> str:
    """Processor time a record, all processes together: what a shared machine does not distort."""
    return f"{found['busy'] / found['records'] * 1e6:.1f}"


def case(name: str, data: Path, folder: Path, size: int, large: int) -> None:
    baseline = CASES[name][2]
    path = folder / "input"
    if not written(path, size, name, data):
        print(f"| {name} | skipped: its data is absent |")
        return
    alone = measured(name, "alone", path)
    one = measured(name, "1", path)
    all_cores = measured(name, "0", path)
    speeds = [found["records"] / found["seconds"] for found in (alone, one, all_cores)]
    print(
        f"| {name} | {path.stat().st_size / 1e6:.0f} | {one['records']:.0f} | {speeds[0]:,.0f} ({baseline}) "
        f"| {speeds[1]:,.0f} ({speeds[1] / speeds[0]:.2f}) | {speeds[2]:,.0f} ({speeds[2] / speeds[0]:.2f}) "
        f"| {busy(all_cores)} | {all_cores['megabytes']:.0f} |",
        flush=True,
    )
    if name == "JSON lines" and large:
        written(path, large, name, data)
        found = measured(name, "0", path)
        print(
            f"| {name}, large | {path.stat().st_size / 1e6:.0f} | {found['records']:.0f} | | "
            f"| {found['records'] / found['seconds']:,.0f} | {busy(found)} | {found['megabytes']:.0f} |",
            flush=True,
        )
        packed = folder / "input.gz"
        with path.open("rb") as plain, gzip.open(packed, "wb", compresslevel=1) as file:
            while block := plain.read(1 << 22):
                file.write(block)
        path.unlink()
        found = measured(name, "0", packed)
        print(
            f"| {name}, large, gzip | {packed.stat().st_size / 1e6:.0f} | {found['records']:.0f} | | "
            f"| {found['records'] / found['seconds']:,.0f} | {busy(found)} | {found['megabytes']:.0f} |",
            flush=True,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--megabytes", type=int, default=400, help="size of each input")
    parser.add_argument("--large", type=int, default=1200, help="size in MB of the large input; 0 leaves it out")
    parser.add_argument("--only", action="append", choices=sorted(CASES))
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--write", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(*json.loads(options.measure))
        return 0
    if options.write:
        write(*json.loads(options.write))
        return 0
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, "
          f"load {os.getloadavg()[0]:.1f} at the start\n")  # fmt: skip
    print(
        "| format | MB | records | parser alone, 1 core | 1 core (ratio) | all cores (ratio) | µs of CPU | MB at peak |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only or CASES:
            case(name, options.data, Path(folder), options.megabytes * 1_000_000, options.large * 1_000_000)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
