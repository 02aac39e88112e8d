"""Audit events give a record a line, with every field of the line as text."""

from pathlib import Path
from typing import Any

import pytest

from watchfloor.base.events import to_batch
from watchfloor.base.settings import Settings
from watchfloor.intake.native import NativeRecord, native_records
from watchfloor.intake.reader import Reader

HEAD = "msg=audit(1709287200.123:77): "
CALL = (
    f"type=SYSCALL {HEAD}arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 ppid=10 pid=11 "
    "auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 "
    'comm="cat" exe="/bin/cat" key="k"'
)
ENRICHED = '\x1dARCH=x86_64 SYSCALL=execve AUID="ann" UID="root" GID="root"'
LINES = [
    CALL,
    f'type=EXECVE {HEAD}argc=3 a0="cat" a1=2F746D702F6120C3A9 a2="x"',
    f'type=CWD {HEAD}cwd="/home/ann"',
    f'type=PATH {HEAD}item=0 name="/bin/cat" inode=5 dev=08:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL',
    f"type=PROCTITLE {HEAD}proctitle=636174002F746D70",
]


def of_raw(raw: str) -> list[NativeRecord]:
    row = {"raw_data": raw, "metadata.event_code": "SYSCALL", "device.os": "linux", "metadata.log_name": "auditd"}
    return list(native_records(to_batch([row])))


def only(raw: str) -> dict[str, Any]:
    (record,) = of_raw(raw)
    return record.fields


def test_a_record_a_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_text("\n".join(LINES) + "\n")
    (batch,) = Reader([str(path)], Settings(workers=1)).batches()
    assert batch.num_rows == 1
    records = list(native_records(batch))
    assert [record.event for record in records] == [0] * 5
    assert [record.text for record in records] == LINES
    assert [record.fields["type"] for record in records] == ["SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE"]


def test_all_fields_of_a_call() -> None:
    fields = only(CALL)
    wanted = {"gid": "0", "fsgid": "0", "tty": "pts0", "items": "2", "syscall": "59", "exe": "/bin/cat", "key": "k"}
    assert {name: fields[name] for name in wanted} == wanted
    assert fields["SYSCALL"] == "execve"


def test_the_enriched_half_is_kept() -> None:
    fields = only(CALL.replace("syscall=59", "syscall=1") + ENRICHED)
    assert [fields[name] for name in ("SYSCALL", "UID", "AUID", "GID", "uid")] == ["execve", "root", "ann", "root", "0"]


def test_an_unknown_call_gets_no_name() -> None:
    assert "SYSCALL" not in only(CALL.replace("syscall=59", "syscall=999"))


def test_interpreted_calls_are_named_too() -> None:
    line = "type=SYSCALL msg=audit(03/01/2024 10:00:00.123:77) : arch=x86_64 syscall=execve success=yes exe=/bin/cat"
    assert only(line)["SYSCALL"] == "execve"


def test_arguments_are_text() -> None:
    fields = only(LINES[1])
    assert fields == {"type": "EXECVE", "argc": "3", "a0": "cat", "a1": "/tmp/a é", "a2": "x"}


def test_arguments_in_pieces_are_joined() -> None:
    line = f'type=EXECVE {HEAD}argc=2 a0="sh" a1_len=6 a1[0]=61C3 a1[1]=A962'
    assert only(line)["a1"] == "aéb"


def test_titles_and_paths_are_text() -> None:
    assert only(LINES[4])["proctitle"] == "cat /tmp"
    assert only(LINES[3])["mode"] == "0100755"


def test_what_user_space_says_is_taken_apart() -> None:
    line = f"type=USER_LOGIN {HEAD}pid=1 uid=0 msg='op=login acct=\"root\" addr=10.0.0.1 res=failed'"
    fields = only(line)
    assert [fields[name] for name in ("type", "op", "acct", "res")] == ["USER_LOGIN", "login", "root", "failed"]


@pytest.mark.parametrize("line", ["", "\n\n", "garbage", "type=SYSCALL", "type=X msg=audit(", "\x00", "{}"])
def test_a_broken_line_is_left_out_and_the_others_stay(line: str) -> None:
    assert of_raw(line) == []
    assert [record.fields["type"] for record in of_raw("\n".join([line, CALL, line]))] == ["SYSCALL"]


def test_a_huge_line_is_read() -> None:
    line = f"type=EXECVE {HEAD}argc=1 a0=" + "41" * 500_000
    assert only(line)["a0"] == "A" * 500_000


@pytest.mark.shared_data
def test_every_event_of_an_audit_log_has_its_lines(shared_data: Path) -> None:
    path = shared_data / "edr" / "linux_ait_audit" / "Audit_2k.log"
    for batch in Reader([str(path)], Settings(workers=1)).batches():
        raws = batch.column("raw_data").to_pylist()
        records = list(native_records(batch))
        assert [record.text for record in records] == [line for raw in raws for line in raw.split("\n")]
