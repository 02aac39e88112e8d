"""The short ways through an audit log give what the long way gives: record by record, and for whole events."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.base.account import Account
from watchfloor.intake.formats import auditd
from watchfloor.intake.linux import records
from watchfloor.intake.linux.shapes import SHAPES

BODIES = {
    "SYSCALL": (
        "arch=c000003e syscall=59 success=no exit=-2 a0=5654 a1=7ffc a2=0 a3=8 items=2 ppid=8897 pid=8943 "
        "auid=4294967295 uid=0 gid=0 euid=33 suid=33 fsuid=33 egid=0 sgid=0 fsgid=0 tty=(none) ses=4294967295 "
        'comm="sshd" exe=2F7573722F612062 subj=unconfined_u:r-s0:c0.c1023 key="exec"'
        '\x1dARCH=x86_64 SYSCALL=execve AUID="unset" UID="root" GID="root" FSGID="root"'
    ),
    "PATH": (
        'item=0 name="/usr/sbin/sshd" inode=1638635 dev=fe:00 mode=0100755 ouid=0 ogid=0 rdev=00:00 '
        'obj=system_u:object_r:bin_t:s0 nametype=NORMAL cap_fp=0 cap_frootid=0\x1dOUID="root" OGID="root"'
    ),
    "CWD": "cwd=2F686F6D652F612062",
    "PROCTITLE": "proctitle=737368643A00FF2D52",
    "EXECVE": 'argc=4 a0="/bin/sh" a1="-c" a2=6C73202D6C a3="x=1"',
}
PIECES = (
    *('"', "'", "\x1d", "\x00", " ", "=", "?", "(null)", 'UID="', ' UID="x"', " name=z", " key=k", ",", ")", "41", "4"),
    *(' a0="q"', " nametype=CREATE", ' exe="?"', '""', "\xa0", "é", 'a1="fooUID="', " success=yes", " cwd=2F"),
)
HEAD = "msg=audit(1795298729.{}:{}): "

edits = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 4), st.sampled_from(PIECES)), max_size=3)


def edited(text: str, changes: list[tuple[int, int, str]]) -> str:
    for at, gone, piece in changes:
        at = at % (len(text) + 1)
        text = text[:at] + piece + text[at + gone :]
    return text.replace("\n", "")


@pytest.mark.parametrize("type_", BODIES)
def test_each_shape_fits_what_the_kernel_writes(type_: str) -> None:
    assert SHAPES[type_](BODIES[type_], 0) is not None


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted(BODIES)), edits)
def test_a_shape_gives_the_fields_of_the_general_rules(type_: str, changes: list[tuple[int, int, str]]) -> None:
    body = edited(BODIES[type_], changes)
    found = SHAPES[type_](body, 0)
    if found is None:
        return
    general = records._raw(type_, body)
    read = set(found) | READ.get(type_, set(general))
    assert found == {name: value for name, value in general.items() if name in read}


#: What is read of each type of record: a shape leaves none of them out. Of EXECVE it is all.
READ = {
    "SYSCALL": {
        *("arch", "syscall", "success", "exit", "a0", "a1", "a2", "a3", "ppid", "pid", "auid", "uid", "euid", "ses"),
        *("comm", "exe", "key", "SYSCALL", "AUID", "UID"),
    },
    "PATH": {"name", "nametype"},
    "CWD": {"cwd"},
    "PROCTITLE": {"proctitle"},
}

line = st.builds(
    lambda node, type_, second, serial, changes: (
        node + f"type={type_} " + HEAD.format(f"{second:03}", serial) + edited(BODIES.get(type_, "res=1"), changes)
    ),
    st.sampled_from(("", "node=a ", "node=B ")),
    st.sampled_from((*BODIES, "EOE", "USER_CMD", "AVC")),
    st.integers(0, 1),
    st.integers(1, 2),
    st.one_of(st.just([]), edits),
)
whole = st.builds(
    lambda node, serial, clock, middle: "\n".join(
        f"{node}type={type_} msg=audit({clock}.000:{serial}): {BODIES[type_]}"
        for type_ in ("SYSCALL", *middle, "PROCTITLE")
    ),
    st.sampled_from(("", "node=a ")),
    st.integers(1, 3),
    st.sampled_from((1_795_298_729, 1_795_298_732, 1_795_298_736)),
    st.lists(st.sampled_from(("PATH", "CWD", "EXECVE")), max_size=3),
)


def read(data: bytes) -> tuple[Any, ...]:
    account = Account()
    rows = list(auditd.stream(io.BytesIO(data), "audit.log", account))
    return rows, account


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(line, whole, st.sampled_from(("----", "", " \r"))), max_size=8), st.booleans())
def test_whole_events_are_the_events_of_their_lines(lines: list[str], ends: bool) -> None:
    data = "\n".join(lines).encode() + b"\n" * ends
    short = read(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "whole", lambda text, start: None)
        assert read(data) == short
        patch.setattr(auditd, "_BLOCK", 100)
        assert read(data) == short, "wherever the blocks end"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auditd, "_BLOCK", 2000)
        rows, account = read(data)
        assert account == short[1] and rows == short[0]


def test_lines_around_the_longest() -> None:
    head = b"type=USER_TEST msg=audit(1.000:1): x="
    for block in (10, auditd._BLOCK):
        for extra, count in ((-1, 0), (0, 0), (1, 1), (3, 1)):
            longest = head + b"y" * (auditd.MAX_LINE - len(head) - 1 + extra) + b"\n"
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(auditd, "_BLOCK", block)
                rows, account = read(b"bad\n" + longest + b"bad\n" + head + b"z\n")
            places = [rejection.where for rejection in account.rejections]
            assert places == (["1", "2", "3"] if count else ["1", "3"])
            assert len(rows) == 2 - count
