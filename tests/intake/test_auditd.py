"""Linux audit logs: records joined, decoded and tied to actions; hostile lines rejected by number."""

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.base.account import Account
from watchfloor.base.actions import ACTIONS
from watchfloor.base.events import Row, to_batch
from watchfloor.intake.formats import auditd

CALL = (
    "type=SYSCALL msg=audit({at}): arch=c000003e syscall={call} success=yes exit={exit} a0={a0} a1={a1} a2={a2} a3=0 "
    'items=2 ppid=29002 pid=2168 auid=1000 uid=1000 gid=1000 euid=1000 tty=pts0 ses=104 comm="dd" exe="/bin/dd" '
    "key=(null)"
)
AT = "1604996384.965:93777"


def call(number: int, **fields: Any) -> str:
    return CALL.format(**{"at": AT, "call": number, "exit": 0, "a0": "0", "a1": "0", "a2": "0", **fields})


def path(name: str, kind: str = "NORMAL", item: int = 0, at: str = AT) -> str:
    return f"type=PATH msg=audit({at}): item={item} name={name} inode=20 dev=08:01 mode=0100755 nametype={kind}"


def other(type_: str, text: str, at: str = AT) -> str:
    return f"type={type_} msg=audit({at}): {text}"


def read(*lines: str | bytes) -> tuple[list[Row], Account]:
    data = b"\n".join(line.encode() if isinstance(line, str) else line for line in lines) + b"\n"
    account = Account()
    rows = list(auditd.stream(io.BytesIO(data), "audit.log", account))
    for row in rows:
        assert row["action"] in ACTIONS
    to_batch(rows)
    return rows, account


def one(*lines: str | bytes) -> Row:
    rows, account = read(*lines)
    assert len(rows) == 1 and not account.rejections, account.rejections
    return {name: value for name, value in rows[0].items() if value is not None}


def test_execve_is_a_launch_by_the_parent() -> None:
    lines = (
        call(59),
        other("EXECVE", 'argc=4 a0="dd" a1="if=/dev/zero" a2=62733D31206F6E65 a3="count=1"'),
        other("CWD", 'cwd="/home/wardog"'),
        path('"/bin/dd"'),
        other("PROCTITLE", "proctitle=64640069663D2F6465762F7A65726F"),
    )
    assert one(*lines) == {
        "record": AT,
        "time": 1_604_996_384_965_000,
        "device.os": "linux",
        "metadata.log_name": "auditd",
        "metadata.event_code": "SYSCALL execve",
        "action": "process.launch",
        "status": "success",
        "actor.process.pid": 29002,
        "actor.user.name": "uid:1000",
        "actor.session.uid": "104",
        "process.pid": 2168,
        "process.file.path": "/bin/dd",
        "process.cmd_line": "dd if=/dev/zero 'bs=1 one' count=1",
        "process.working_directory": "/home/wardog",
        "raw_data": "\n".join(lines),
    }


def test_a_failed_execve_names_what_was_tried() -> None:
    row = one(call(59, exit="-2").replace("success=yes", "success=no"), path('"./nope"'), other("CWD", 'cwd="/tmp"'))
    assert (row["status"], row["process.file.path"], row["status_detail"]) == ("failure", "/tmp/nope", "exit=-2")


def test_interleaved_events_and_two_nodes_with_one_serial() -> None:
    first, second = "1.000:1", "1.000:2"
    rows, account = read(
        "node=alpha " + call(59, at=first),
        "node=beta " + call(59, at=first),
        "node=alpha " + call(59, at=second),
        "node=beta " + path('"/b"', at=first),
        "node=alpha " + path('"/a2"', at=second),
        "node=alpha " + other("EXECVE", 'argc=1 a0="one"', first),
        "node=alpha " + other("EOE", "", first),
        "node=beta " + other("EXECVE", 'argc=1 a0="two"', first),
        "node=alpha " + other("EXECVE", 'argc=1 a0="three"', second),
    )
    assert not account.rejections
    found = {(row["device.hostname"], row["record"]): row["process.cmd_line"] for row in rows}
    assert found == {("alpha", first): "one", ("beta", first): "two", ("alpha", second): "three"}


def test_events_close_by_age_and_by_number() -> None:
    late = [call(59, at=f"{second}.0:{second}") for second in range(1000, 2000, 10)]
    stream = auditd.stream(io.BytesIO("\n".join(late).encode()), "s", Account())
    assert next(stream)["record"] == "1000.0:1000"
    burst = [call(59, at=f"1000.0:{serial}") for serial in range(1000)]
    rows, _ = read(*burst)
    assert [row["record"] for row in rows] == [f"1000.0:{serial}" for serial in range(1000)]


def test_long_arguments_come_in_pieces() -> None:
    row = one(
        call(59),
        other("EXECVE", 'argc=3 a0="sh" a1_len=12 a1[0]=6563686F20'),
        other("EXECVE", "a1[1]=C3A9C3"),
        other("EXECVE", 'a1[2]=A8 a2="end"'),
    )
    assert row["process.cmd_line"] == "sh 'echo éè' end", "a piece may end inside a character"


def test_ten_thousand_arguments() -> None:
    chunks = [
        other("EXECVE", " ".join(f'a{n}="{n}"' for n in range(start, start + 500))) for start in range(0, 10_000, 500)
    ]
    row = one(call(59), *chunks)
    assert row["process.cmd_line"].split(" ")[9_999] == "9999"


def test_enriched_records_give_names() -> None:
    enriched = '\x1dARCH=x86_64 SYSCALL=execve AUID="wardog" UID="root" GID="root"'
    assert one(call(59) + enriched)["actor.user.name"] == "root"
    glued = call(59).replace("key=(null)", 'key="exec"ARCH=x86_64 SYSCALL=execve AUID="unset" UID="splunk"')
    row = one(glued)
    assert (row["actor.user.name"], row["status_detail"]) == ("splunk", "key=exec")


@pytest.mark.parametrize(
    ("prefix", "host"),
    [
        ("node=Web01.example ", "web01.example"),
        ("Jan  1 10:00:00 gate audispd: node=web02 ", "web02"),
        ("Jan  1 10:00:00 gate kernel: [   12.345678] audit: ", "gate"),
        ("2024-01-01T10:00:00.123+00:00 gate audisp-syslog[12]: ", "gate"),
        ("<13>Jan 11 10:00:00 gate audispd: ", "gate"),
        ("", None),
    ],
)
def test_prefixes(prefix: str, host: str | None) -> None:
    assert one(prefix + call(59)).get("device.hostname") == host
    assert auditd.sniff((prefix + call(59)).encode())


def test_kernel_numbers_instead_of_names() -> None:
    line = call(59).replace("type=SYSCALL msg=audit", "type=1300 audit")
    assert one("Jan  1 10:00:00 gate kernel: audit: " + line)["action"] == "process.launch"


def test_fork_and_threads() -> None:
    row = one(call(56, a0="1200011", exit=2200), other("PROCTITLE", "proctitle=62617368002D69"))
    assert (row["action"], row["process.pid"], row["status_detail"]) == ("process.launch", 2200, "fork")
    assert (row["actor.process.pid"], row["process.file.path"]) == (2168, "/bin/dd")
    assert row["actor.process.cmd_line"] == "bash -i"
    assert one(call(56, a0="3d0f00", exit=2201))["action"] == "syscall", "CLONE_THREAD makes no process"
    assert one(call(231, a0="1"))["action"] == "process.terminate"


@pytest.mark.parametrize(
    ("number", "saddr", "expected"),
    [
        (42, "020001BB0A00020F0000000000000000", ("network.connect", "dst_endpoint.ip", "10.0.2.15")),
        (42, "0A0001BB0000000020010DB800000000000000000000000100000000", ("network.connect", "dst_endpoint.ip", None)),
        (42, "0A0001BB0000000000000000000000000000FFFF0A00020F", ("network.connect", "dst_endpoint.ip", "10.0.2.15")),
        (42, "01002F72756E2F782E736F636B00", ("pipe.connect", "file.path", "/run/x.sock")),
        (42, "0100002F61627374", ("pipe.connect", "file.path", "@/abst")),
        (49, "02001F90000000000000000000000000", ("network.listen", "src_endpoint.ip", "0.0.0.0")),
        (288, "0200C3500A000203", ("network.listen", "src_endpoint.ip", "10.0.2.3")),
        (44, "100000000000000000000000", ("syscall", "status_detail", "sendto; netlink")),
        (42, "02", ("network.connect", "dst_endpoint.ip", None)),
        (42, "0200ZZ", ("syscall", "dst_endpoint.ip", None)),
        (42, "FFFFFFFF", ("syscall", "dst_endpoint.ip", None)),
    ],
)
def test_socket_addresses(number: int, saddr: str, expected: tuple[str, str, str | None]) -> None:
    action, column, value = expected
    row = one(call(number), other("SOCKADDR", f"saddr={saddr}"))
    assert row["action"] == action
    if value is not None:
        assert row[column] == value
    if action == "network.connect" and value:
        assert row["dst_endpoint.port"] == 443


@pytest.mark.parametrize(
    ("number", "fields", "paths", "expected"),
    [
        (257, {"a0": "ffffff9c", "a2": "80000"}, ['"notes"'], {"action": "file.read", "file.path": "/srv/notes"}),
        (257, {"a2": "241"}, ['"/etc/cron.d/x"'], {"action": "file.modify", "file.path": "/etc/cron.d/x"}),
        (2, {"a1": "0"}, ['"/etc/shadow"'], {"action": "file.read"}),
        (85, {}, ['"/new"'], {"action": "file.create"}),
        (87, {}, ['"/gone" DELETE'], {"action": "file.delete", "file.path": "/gone"}),
        (82, {}, ['"/old" DELETE', '"/new" CREATE'], {"action": "file.rename", "file.path": "/new"}),
        (90, {"a1": "9ed"}, ['"/bin/x"'], {"action": "file.attributes", "actual_permissions": "4755"}),
        (268, {"a2": "1ff"}, ['"/bin/x"'], {"actual_permissions": "0777"}),
        (92, {"a1": "0", "a2": "ffffffff"}, ['"/bin/x"'], {"actual_permissions": "0:-"}),
        (188, {}, ['"/bin/x"'], {"action": "file.attributes", "status_detail": "setxattr"}),
        (280, {}, ['"/bin/x"'], {"action": "file.time"}),
        (83, {}, ['"/d" CREATE'], {"action": "file.create", "file.path": "/d"}),
        (2, {"a1": "42"}, ["2F746D702F6120622E7368 CREATE"], {"action": "file.create", "file.path": "/tmp/a b.sh"}),
        (101, {"a0": "10", "a1": "4d2"}, [], {"action": "process.open", "process.pid": 1234}),
        (101, {"a0": "4", "a1": "4d2"}, [], {"action": "process.inject"}),
        (101, {"a0": "0"}, [], {"action": "syscall"}),
        (311, {"a0": "4d2"}, [], {"action": "process.inject", "process.pid": 1234}),
        (62, {"a0": "4d2", "a1": "9"}, [], {"action": "syscall", "status_detail": "kill signal 9"}),
        (105, {"a0": "0"}, [], {"action": "process.set_user", "user.name": "uid:0"}),
        (165, {}, ['"/mnt"'], {"action": "syscall", "file.path": "/mnt", "metadata.event_code": "SYSCALL mount"}),
        (9999, {}, [], {"action": "syscall", "metadata.event_code": "SYSCALL syscall 9999"}),
    ],
)
def test_system_calls(number: int, fields: dict[str, str], paths: list[str], expected: Row) -> None:
    records = [path(*text.split(" "), item=n) for n, text in enumerate(paths)]
    row = one(call(number, **fields), other("CWD", 'cwd="/srv"'), *records)
    assert {name: row.get(name) for name in expected} == expected


def test_other_machines_have_other_numbers() -> None:
    assert one(call(11).replace("c000003e", "40000003"))["action"] == "process.launch"
    assert one(call(221).replace("c000003e", "c00000b7"))["action"] == "process.launch"
    assert one(call(59).replace("c000003e", "c00000b7"))["action"] == "syscall"


def test_modules() -> None:
    row = one(call(313, a0="1"), other("KERN_MODULE", 'name="xfrm_user"'))
    assert (row["action"], row["file.path"]) == ("driver.load", "xfrm_user")


USER = 'pid=10125 uid=0 auid=1002 ses=65 msg=\'op={op} acct="{acct}" exe="{exe}" hostname=? addr={addr} res={res}\''


@pytest.mark.parametrize(
    ("type_", "res", "expected"),
    [
        ("USER_LOGIN", "success", "logon.success"),
        ("USER_LOGIN", "failed", "logon.failure"),
        ("USER_AUTH", "failed", "logon.failure"),
        ("USER_START", "success", "logon.success"),
        ("USER_END", "success", "logon.end"),
        ("CRED_ACQ", "success", "privilege.use"),
        ("ADD_USER", "success", "account.change"),
        ("USER_CHAUTHTOK", "success", "account.change"),
        ("GRP_MGMT", "success", "group.change"),
        ("SERVICE_START", "success", "service.change"),
        ("DAEMON_END", "success", "policy.change"),
        ("ANOM_LOGIN_FAILURES", "failed", "other"),
    ],
)
def test_records_from_user_space(type_: str, res: str, expected: str) -> None:
    row = one(other(type_, USER.format(op="PAM:x", acct="root", exe="/usr/sbin/sshd", addr="10.0.2.2", res=res)))
    assert row["action"] == expected
    assert row["status"] == ("success" if res == "success" else "failure")
    assert (row["actor.process.pid"], row["actor.process.file.path"]) == (10125, "/usr/sbin/sshd")
    assert (row["user.name"], row["src_endpoint.ip"]) == ("root", "10.0.2.2")


def test_sudo_command_and_service() -> None:
    row = one(
        other("USER_CMD", "pid=1 uid=0 ses=4294967295 msg='cwd=\"/\" cmd=636174202F6574632F736861646F77 res=success'")
    )
    assert (row["action"], row["script.content"]) == ("script.run", "cat /etc/shadow")
    assert "actor.session.uid" not in row
    row = one(other("SERVICE_START", "pid=1 uid=0 msg='unit=cafe comm=\"systemd\" res=success'"))
    assert row["service.name"] == "cafe", "a unit's name is never hexadecimal"
    row = one(other("CONFIG_CHANGE", 'auid=1000 ses=1 op=remove_rule key="exec" list=4 res=1'))
    assert row["action"] == "policy.change"


def test_an_avc_with_its_call() -> None:
    avc = 'apparmor="DENIED" operation="open" profile="p" name="/etc/shadow" pid=2168 comm="dd"'
    row = one(other("AVC", avc), call(1))
    assert row["metadata.event_code"] == "SYSCALL write AVC"
    assert row["file.path"] == "/etc/shadow" and "DENIED" in row["status_detail"]


def test_a_call_cut_off_at_the_start_of_the_file() -> None:
    row = one(path('"/lib64/ld-linux.so"', item=1), other("PROCTITLE", "proctitle=6C73"))
    assert (row["action"], row["file.path"]) == ("other", "/lib64/ld-linux.so")


def test_lines_that_are_no_records() -> None:
    rows, account = read(
        "not an audit line", call(59), "", "type=SYSCALL msg=audit(): x", b"\xff\xfe\x00", other("PROCTITLE", "")
    )
    assert len(rows) == 1
    assert [(r.where, r.why) for r in account.rejections] == [(n, "not an audit record") for n in ("1", "4", "5")]
    rows, account = read(other("EOE", ""), other("PROCTITLE", "proctitle=6C73", "9.9:9"))
    assert not rows and account.rejected_records == 1 and account.rejections[0].where == "9.9:9"


def test_hostile_values() -> None:
    row = one(
        call(59).replace("pid=2168", "pid=-5").replace("ppid=29002", "ppid=" + "9" * 30),
        other("EXECVE", 'argc=99999999999 a0=6C7 a1=\x00zz a999999999999="x" a2="unclosed'),
        other("CWD", 'cwd="unclosed'),
        path("(null)"),
    )
    assert "process.pid" not in row and "actor.process.pid" not in row
    _, account = read(call(59), b"type=EXECVE msg=audit(" + AT.encode() + b"): a0=" + b"41" * 600_000, call(1))
    assert account.rejections[0].why.startswith("line longer than")
    for clock in ("99999999999999.1", "1.x", "-1.0", "٣.1"):
        assert read(call(59, at=f"{clock}:1"))[0][0]["time"] is None


def test_no_quadratic_lines() -> None:
    for filler in ("a", "a=", 'a="', "a-", "'", "a[", "a1[1]=", "=", "\x1d", "ID=", " a"):
        one(other("USER_TEST", filler * (500_000 // len(filler)) + ' UID="x"'))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([call(59), path('"/x"'), other("EOE", ""), "----"]), max_size=8), st.data())
def test_any_damage_is_survived(lines: list[str], data: st.DataObject) -> None:
    text = bytearray("\n".join(lines).encode())
    for _ in range(data.draw(st.integers(0, 8))):
        if text:
            at = data.draw(st.integers(0, len(text) - 1))
            text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read(bytes(text))


def test_sniffing() -> None:
    assert not auditd.sniff(b"")
    assert not auditd.sniff(b'{"message": "' + call(59).replace('"', '\\"').encode() + b'"}')
    assert not auditd.sniff(b"id,AuditdMessage\n1,x")
    assert auditd.sniff(b"----\ntime->Mon Feb 18 16:00:32 2019\n" + call(59).encode())


@pytest.mark.shared_data
def test_real_logs(shared_data: Path) -> None:
    log = shared_data / "edr" / "linux_ait_audit" / "Audit_2k.log"
    account = Account()
    with log.open("rb") as stream:
        rows = list(auditd.stream(stream, "Audit_2k.log", account))
    assert not account.rejections
    assert len(rows) == 1992
    assert all(row["time"] for row in rows)
