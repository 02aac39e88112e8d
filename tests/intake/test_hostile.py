"""Broken and hostile input: a clear line each, and the rest goes on."""

import bz2
import gzip
import io
import json
import lzma
import os
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.intake import windows_samples as samples
from watchfloor.base.settings import MIB, Settings
from watchfloor.intake.limits import Budget
from watchfloor.intake.reader import Reader
from watchfloor.intake.streams import Unpacked, buffered

LINE = json.dumps(samples.nxlog()).encode() + b"\n"


def whys(account: Any) -> list[str]:
    return [rejection.why for rejection in account.rejections]


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_what_is_not_there_and_what_is_empty(tmp_path: Path, read: Any) -> None:
    good = write(tmp_path / "good", LINE)
    rows, account = read(tmp_path / "gone", write(tmp_path / "empty", b""), write(tmp_path / "blank", b" \n\n"), good)
    assert len(rows) == 1
    assert whys(account) == ["no such file or folder", "empty file", "empty file (only white space)"]


def test_permission_denied(tmp_path: Path, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may run as root, whom nothing is denied: the refusal is staged."""
    folder = tmp_path / "in"
    folder.mkdir()
    secret, good = write(folder / "a", LINE), write(folder / "b", LINE)
    original = Path.open

    def opened(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self == secret:
            raise PermissionError(13, "Permission denied", str(self))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", opened)
    rows, account = read(folder)
    assert [row["source"] for row in rows] == [str(good)]
    assert [(r.source, r.why) for r in account.rejections] == [(str(secret), "permission denied")]

    def walked(top: str, onerror: Any) -> Any:
        onerror(PermissionError(13, "Permission denied", top))
        return iter(())

    monkeypatch.setattr(os, "walk", walked)
    assert whys(read(folder)[1]) == ["permission denied"]


def test_devices_are_not_read(read: Any) -> None:
    assert whys(read("/dev/zero")[1]) == ["not a regular file"]


def test_names_that_cannot_be_shown(tmp_path: Path, read: Any) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\x1b[31mred"
    with open(path, "wb") as file:  # noqa: PTH123  (a name that is no text)
        file.write(LINE)
    rows, _ = read(os.fsdecode(path))
    assert rows[0]["source"] == str(tmp_path) + "/\ufffd\ufffd[31mred"


def test_bad_lines_among_good(tmp_path: Path, read: Any) -> None:
    bad = [b'{"EventID": 1', b"\xff\xfe{}", b'{"EventID":"one"}', b"[1]", b"{}", b"\0\0", b"[" * 5_000, b"null"]
    rows, account = read(write(tmp_path / "x", LINE + b"\n".join(bad) + b"\n" + LINE))
    assert [row["record"] for row in rows] == ["1", "10"]
    assert [r.where for r in account.rejections] == [str(n) for n in range(2, 10)]
    assert account.rejected_records == len(bad)
    assert "invalid UTF-8 at byte 0" in whys(account)


def test_values_that_fit_no_column(tmp_path: Path, read: Any) -> None:
    lone = json.dumps(samples.nxlog(Image="\ud800")).encode()
    rows, account = read(write(tmp_path / "x", lone + b"\n" + LINE))
    assert len(rows) + account.rejected_records == 2
    assert rows[-1]["record"] == "2"


def test_an_endless_line(tmp_path: Path) -> None:
    """200 MB without a line end: one rejection, in bounded memory, and the lines around it stay."""
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.write(LINE)
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + LINE * 2)
    reader = Reader([str(path)])
    batches = list(reader.batches())
    assert [r for batch in batches for r in batch.column("record").to_pylist()] == ["1", "3", "4"]
    assert [(r.where, r.why) for r in reader.account.rejections] == [("2", f"line longer than {16 * MIB} bytes")]


@pytest.mark.parametrize("tail", [b"", b"\n", b"\n" + LINE])
def test_a_long_line_at_the_end(tail: bytes, tmp_path: Path, read: Any) -> None:
    rows, account = read(write(tmp_path / "x", LINE + b"x" * (5 * MIB) + tail), max_line_bytes=MIB)
    assert [row["record"] for row in rows] == (["1", "3"] if len(tail) > 1 else ["1"])
    assert account.rejected_records == 1


def test_truncated_gzip_keeps_what_was_read(tmp_path: Path, read: Any) -> None:
    content = gzip.compress(
        b"".join(os.urandom(40).hex().encode().join([b'{"EventID":1,"x":"', b'"}\n']) for _ in range(9_000))
    )
    rows, account = read(write(tmp_path / "x", content[:-2000]))
    assert 8_000 < len(rows) < 9_000
    assert "truncated gzip data: it ends in the middle" in whys(account)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_corrupt_compression(kind: str, tmp_path: Path, read: Any) -> None:
    packed = gzip.compress(LINE * 9_000) if kind == "gzip" else zstandard.compress(os.urandom(300_000))
    middle = len(packed) // 2
    broken = packed[:middle] + bytes(200) + packed[middle + 200 :]
    _, account = read(write(tmp_path / "x", broken))
    assert any("corrupt" in why or "not an event log" in why for why in whys(account))


def test_rubbish_after_the_end_of_a_gzip(tmp_path: Path, read: Any) -> None:
    rows, account = read(write(tmp_path / "x", gzip.compress(LINE) + bytes(99) + b"rubbish"))
    assert len(rows) == 1
    assert len(account.rejections) == 1
    assert "corrupt gzip data" in whys(account)[0]


@pytest.mark.parametrize("kind", ["gzip", "zstd", "bzip2", "xz"])
def test_unpacking_reads_no_further_than_it_needs(kind: str) -> None:
    """Or a well-packed log would pile up in memory, and each step would copy the pile."""
    content = b"".join(b"%d %s\n" % (n, LINE[:40]) for n in range(400_000))
    pack = {"gzip": gzip.compress, "zstd": zstandard.compress, "bzip2": bz2.compress, "xz": lzma.compress}[kind]
    packed = io.BytesIO(pack(content))
    size = len(packed.getvalue())
    stream = buffered(Unpacked(packed, kind, Budget(Settings(), packed=size)))
    read = stream.read(len(content) // 2)
    assert packed.tell() <= size * 0.55 + 2 * 65_536
    assert read + stream.read() == content


def archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path.read_bytes()


def test_a_zip_cut_off_gives_what_is_left(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x.zip"
    content = archive(path, {"a": LINE * 3, "b": LINE * 2, "c": os.urandom(5_000)})
    path.write_bytes(content[:-3_000])
    rows, account = read(path)
    assert [row["source"][-1] for row in rows] == ["a"] * 3 + ["b"] * 2
    assert any(why.startswith("truncated or corrupt zip") for why in whys(account))


def test_one_bad_member_does_not_spoil_the_others(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x.zip"
    content = bytearray(archive(path, {"a": LINE, "b": LINE, "c": LINE}))
    second = content.index(b"PK\x03\x04", 4)
    content[second + 32 : second + 60] = bytes(28)
    path.write_bytes(content)
    rows, account = read(path)
    assert [row["source"][-1] for row in rows] == ["a", "c"]
    assert {r.source[-1] for r in account.rejections} == {"b"}


def test_encrypted_members_are_named(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x.zip"
    content = bytearray(archive(path, {"a": LINE}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    path.write_bytes(content)
    _, account = read(path)
    assert whys(account) == ["encrypted member: unpack it with its password first"]


def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "bomb.zip"
    archive(path, {"a": LINE * 200_000, "b": LINE, "c": LINE})
    _, account = read(path, max_expanded_bytes=MIB)
    assert f"unpacks to more than {MIB} bytes: taken for an archive bomb" in whys(account)
    assert len(account.rejections) <= 3
    rows, account = read(path, max_ratio=100)
    assert "unpacks to more than 100 times its size: taken for an archive bomb" in whys(account)
    assert 50_000 < len(rows) < 200_000


def test_archives_all_the_way_down(tmp_path: Path, read: Any) -> None:
    content = LINE
    for depth in range(5):
        content = archive(tmp_path / f"{depth}.zip", {"inner": content})
    rows, account = read(tmp_path / "4.zip")
    assert not rows
    assert whys(account) == ["archives nested more than 3 deep"]
    content = LINE
    for _ in range(9):
        content = gzip.compress(content)
    assert whys(read(write(tmp_path / "gz", content))[1]) == ["compressed more than 3 times over"]


def test_too_many_members(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x.zip"
    archive(path, {str(n): LINE for n in range(30)})
    rows, account = read(path, max_members=10)
    assert len(rows) == 10
    assert whys(account) == ["holds more than 10 members"]


def test_a_zip_with_an_endless_table_of_contents(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x.zip"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04" + bytes(26))
        file.seek(100 * MIB)
        file.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 9, 9, 90 * MIB, 0, 0))
    assert "table of contents" in whys(read(path)[1])[0]


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as file:
        for info, content in members:
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_a_tar_cut_off_gives_what_is_left(tmp_path: Path, read: Any) -> None:
    content = tar_of((tarfile.TarInfo("a"), LINE), (tarfile.TarInfo("b"), LINE * 100))
    rows, account = read(write(tmp_path / "x", content[:2600]))
    assert rows[0]["source"].endswith("::a")
    assert "truncated archive: it ends in the middle of a member" in whys(account)


def test_hostile_tars(tmp_path: Path, read: Any) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    up = tarfile.TarInfo("../../up")
    rows, account = read(write(tmp_path / "x", tar_of((link, b""), (up, LINE))))
    assert [row["source"] for row in rows] == [f"{tmp_path}/x::../../up"]  # a name only: nothing is written
    assert not account.rejections

    name = tarfile.TarInfo("long")
    name.type = tarfile.GNUTYPE_LONGNAME
    _, account = read(write(tmp_path / "y", tar_of((name, b"x" * 99_999), (up, LINE))))
    assert whys(account) == ["corrupt tar: a name is longer than any file system allows"]

    content = bytearray(tar_of((tarfile.TarInfo("a"), LINE), (tarfile.TarInfo("b"), LINE)))
    second = content.index(b"b\0", 600)
    content[second] = ord("z")
    rows, account = read(write(tmp_path / "z", bytes(content)))
    assert len(rows) == 1
    assert whys(account) == ["corrupt tar: a header's checksum is wrong"]


def test_xml_that_would_explode(tmp_path: Path, read: Any) -> None:
    bomb = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"
    event = samples.xml().replace("cmd.exe /c whoami", "&b;")
    rows, account = read(write(tmp_path / "x", (bomb + event + samples.xml()).encode()))
    assert len(rows) == 1
    assert account.rejected_records >= 1


def test_cut_off_and_broken_xml(tmp_path: Path, read: Any) -> None:
    event = samples.xml()
    text = event + "\n" + event.replace("</System>", "") + "\n" + event + "\n" + event[:-50]
    rows, account = read(write(tmp_path / "x", text.encode()))
    assert [row["record"] for row in rows] == ["1", "3"]
    assert [r.where for r in account.rejections] == ["2", "4"]
    assert "a cut-off <Event>" in whys(account)


def test_deep_and_broken_documents(tmp_path: Path, read: Any) -> None:
    good = json.dumps(samples.nxlog(), indent=1)
    for bad in ('{"EventID": ' + "[" * 100_000, '{"EventID": 1, "x": ', "}", '{"EventID": tru'):
        rows, account = read(write(tmp_path / "x", (f"[{good},\n{bad}").encode()))
        assert len(rows) == 1
        assert len(account.rejections) == 1


NOT_LOGS = {
    b"%PDF-1.7 ...": "a PDF",
    b"\xd4\xc3\xb2\xa1" + bytes(40): "a packet capture",
    b"\0\1\2\3" * 100: "unknown binary data",
    b"<html><body>": "XML or HTML of no known event shape",
    b'{"a": 1}': "JSON of no known event shape",
    b'10.0.0.1 - - [05/Oct/2022:15:25:28 +0000] "GET / HTTP/1.1" 200 5': "a web server's access log",
    b"6 6 63 6 42 120 6 195": "numbers, such as a system call trace",
    b"MIT License": "plain text",
}


@pytest.mark.parametrize("content", NOT_LOGS, ids=lambda content: NOT_LOGS[content])
def test_what_is_no_event_log_is_named(content: bytes, tmp_path: Path, read: Any) -> None:
    assert whys(read(write(tmp_path / "x.evtx", content))[1]) == [f"not an event log ({NOT_LOGS[content]})"]
