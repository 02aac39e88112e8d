"""What ausearch prints: raw with lines between events, and interpreted (-i)."""

import io

import pytest

from watchfloor.base.account import Account
from watchfloor.base.events import Row, to_batch
from watchfloor.intake.formats import auditd
from watchfloor.intake.linux import clock

RAW = """----
time->Mon Feb 18 16:00:32 2019
type=PROCTITLE msg=audit(1550505632.285:9077924): proctitle=2F62696E2F7368002D63
type=PATH msg=audit(1550505632.285:9077924): item=0 name="/bin/sh" inode=26 nametype=NORMAL
type=CWD msg=audit(1550505632.285:9077924): cwd="/var/lib/waagent"
type=EXECVE msg=audit(1550505632.285:9077924): argc=3 a0="/bin/sh" a1="-c" a2=69707461626C6573202D2D76657273696F6E
type=SYSCALL msg=audit(1550505632.285:9077924): arch=c000003e syscall=59 success=yes exit=0 a0=7f a1=7f a2=7f a3=9 \
items=2 ppid=22536 pid=28066 auid=4294967295 uid=0 gid=0 euid=0 tty=(none) ses=4294967295 comm="sh" exe="/bin/dash" \
key=(null)
----
time->Mon Feb 18 16:00:33 2019
type=USER_END msg=audit(1550505633.301:9077925): pid=28056 uid=0 auid=4294967295 ses=4294967295 \
msg='op=PAM:session_close acct="root" exe="/usr/bin/sudo" hostname=? addr=? terminal=? res=success'
"""

STAMP = "02/18/2019 16:00:32.285:9077924"
INTERPRETED = f"""----
type=PROCTITLE msg=audit({STAMP}) : proctitle=/bin/sh -c iptables --version
type=PATH msg=audit({STAMP}) : item=1 name=/lib64/ld-linux-x86-64.so.2 inode=2081 dev=08:01 mode=file,755 \
nametype=NORMAL
type=PATH msg=audit({STAMP}) : item=0 name=/bin/sh inode=26 dev=08:01 mode=file,755 ouid=root nametype=NORMAL
type=CWD msg=audit({STAMP}) : cwd=/var/lib/wa agent
type=EXECVE msg=audit({STAMP}) : argc=3 a0=/bin/sh a1=-c a2=X=1 iptables a1=no --version
type=SYSCALL msg=audit({STAMP}) : arch=x86_64 syscall=execve success=yes exit=0 a0=0x7f174ea21be8 a1=0x7f1749f396d0 \
items=2 ppid=22536 pid=28066 auid=unset uid=root gid=root euid=root tty=(none) ses=unset comm=sh exe=/bin/dash \
key=(null)
"""


def read(text: str) -> list[Row]:
    assert auditd.sniff(text.encode())
    account = Account()
    rows = list(auditd.stream(io.BytesIO(text.encode()), "ausearch.txt", account))
    assert not account.rejections
    to_batch(rows)
    return rows


def test_raw_output_is_in_reverse() -> None:
    launch, end = read(RAW)
    assert launch["record"] == "1550505632.285:9077924"
    assert launch["process.cmd_line"] == "/bin/sh -c 'iptables --version'"
    assert launch["process.working_directory"] == "/var/lib/waagent"
    assert (launch["process.file.path"], launch["process.pid"]) == ("/bin/dash", 28066)
    assert (end["action"], end["user.name"]) == ("logon.end", "root")


def test_interpreted_output() -> None:
    (row,) = read(INTERPRETED)
    assert row["record"] == STAMP
    assert row["time"] == 1_550_505_632_285_000
    assert row["action"] == "process.launch"
    assert row["metadata.event_code"] == "SYSCALL execve"
    assert row["process.cmd_line"] == "/bin/sh -c 'X=1 iptables a1=no --version'"
    assert row["process.working_directory"] == "/var/lib/wa agent"
    assert (row["actor.process.pid"], row["process.pid"], row["actor.user.name"]) == (22536, 28066, "root")
    assert row["actor.session.uid"] is None


def interpreted(call: str, *records: str, **fields: str) -> Row:
    extra = " ".join(f"{name}={value}" for name, value in fields.items())
    head = f"type=SYSCALL msg=audit({STAMP}) : arch=x86_64 syscall={call} success=yes exit=0 {extra} ppid=1 pid=2 "
    lines = [head + "auid=eve uid=eve ses=3 comm=x exe=/usr/bin/x key=k"]
    lines += [record.replace("@", f"msg=audit({STAMP}) :") for record in records]
    (row,) = read("\n".join(lines))
    return {name: value for name, value in row.items() if value is not None}


def test_interpreted_arguments_are_words() -> None:
    row = interpreted("openat", "type=PATH @ item=0 name=/etc/x nametype=NORMAL", a2="O_WRONLY|O_APPEND")
    assert (row["action"], row["actual_permissions"]) == ("file.modify", "O_WRONLY|O_APPEND")
    row = interpreted("ptrace", a0="PTRACE_POKETEXT", a1="0x4d2")
    assert (row["action"], row["process.pid"]) == ("process.inject", 1234)
    row = interpreted("kill", a0="1234", a1="SIGKILL")
    assert row["status_detail"] == "kill signal SIGKILL; key=k" and row["process.pid"] == 1234
    row = interpreted("setuid", a0="root")
    assert (row["action"], row["user.name"]) == ("process.set_user", "root")
    row = interpreted("chmod", "type=PATH @ item=0 name=/x nametype=NORMAL", a1="suid,755")
    assert row["actual_permissions"] == "suid,755"
    row = interpreted("clone", a0="CLONE_VM|CLONE_THREAD", exit="77")
    assert row["action"] == "syscall"


@pytest.mark.parametrize(
    ("saddr", "expected"),
    [
        ("saddr={ saddr_fam=inet laddr=127.0.0.53 lport=53 }", ("network.connect", "127.0.0.53", 53, None)),
        ("saddr=inet host:10.0.2.15 serv:443", ("network.connect", "10.0.2.15", 443, None)),
        ("saddr={ saddr_fam=local path=/dev/log }", ("pipe.connect", None, None, "/dev/log")),
        ("saddr=local /dev/log", ("pipe.connect", None, None, "/dev/log")),
        ("saddr={ saddr_fam=netlink nlnk-fam=16 nlnk-pid=0 }", ("syscall", None, None, None)),
    ],
)
def test_interpreted_addresses(saddr: str, expected: tuple[str, str | None, int | None, str | None]) -> None:
    row = interpreted("connect", f"type=SOCKADDR @ {saddr}")
    found = (row["action"], row.get("dst_endpoint.ip"), row.get("dst_endpoint.port"), row.get("file.path"))
    assert found == expected


def test_interpreted_user_records() -> None:
    text = (
        f"type=USER_CMD msg=audit({STAMP}) : pid=1 uid=eve auid=eve ses=3 "
        "msg='cwd=/home/eve cmd=cat /etc/shadow exe=/usr/bin/sudo terminal=pts/0 res=success' "
    )
    (row,) = read(text)
    assert (row["script.content"], row["status"]) == ("cat /etc/shadow", "success")


@pytest.mark.parametrize(
    ("printed", "micros"),
    [
        ("02/18/2019 16:00:32.285:1", 1_550_505_632_285_000),
        ("02/18/19 16:00:32.285:1", 1_550_505_632_285_000),
        ("18/02/2019 16:00:32.285:1", 1_550_505_632_285_000),
        ("18.02.2019 16:00:32.285:1", 1_550_505_632_285_000),
        ("2019-02-18 16:00:32.285:1", 1_550_505_632_285_000),
        ("02/18/2019 04:00:32.285 PM:1", 1_550_505_632_285_000),
        ("31/31/2019 16:00:32.285:1", None),
        ("0000-02-18 16:00:32:1", None),
        ("yesterday:1", None),
        ("", None),
    ],
)
def test_clocks(printed: str, micros: int | None) -> None:
    assert clock.micros(printed) == micros
