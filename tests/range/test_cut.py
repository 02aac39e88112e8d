"""Lines of the machine's log become lines of a host's own log."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "range"))

from cut import Accounts, as_host

LINE = (
    "node=machine type=SYSCALL msg=audit(1.5:7): arch=c000003e syscall=59 ppid=1 pid=2 auid=1101 uid=0 gid=33 euid=0 "
    'ses=3 comm="id"\x1dARCH=x86_64 SYSCALL=execve AUID="unknown(1101)" UID="root" GID="tape" EUID="root"\n'
)


def test_names_are_those_of_the_host_and_not_of_the_machine() -> None:
    accounts = Accounts({"0": "root", "1101": "pat"}, {"33": "www-data"})
    told = as_host(LINE, "here", accounts, raw=False)
    assert told.startswith("node=here type=SYSCALL msg=audit(1.5:7)")
    assert told.endswith('SYSCALL=execve AUID="pat" UID="root" GID="www-data" EUID="root"\n')


def test_an_account_that_nobody_has_is_written_as_auditd_does() -> None:
    assert 'AUID="unknown(1101)"' in as_host(LINE, "here", Accounts(), raw=False)
    unset = LINE.replace("auid=1101", "auid=4294967295")
    assert 'AUID="unset"' in as_host(unset, "here", Accounts(), raw=False)


def test_a_raw_log_has_no_names_at_all() -> None:
    told = as_host(LINE, "here", Accounts(), raw=True)
    assert "\x1d" not in told and told.endswith('comm="id"\n')


def test_owners_of_files_and_users_of_messages_are_told_apart() -> None:
    accounts = Accounts({"7": "lp", "8": "mail"}, {"7": "printers"})
    path = 'type=PATH msg=audit(1.5:7): item=0 name="/x" ouid=7 ogid=7 nametype=NORMAL\x1dOUID="a" OGID="b"\n'
    assert as_host(path, "h", accounts, raw=False).endswith('\x1dOUID="lp" OGID="printers"\n')
    user = 'type=USER_END msg=audit(1.5:8): pid=9 uid=7 auid=8 msg=\'op=x id=7\'\x1dUID="a" AUID="b" ID="c"\n'
    assert as_host(user, "h", accounts, raw=False).endswith('\x1dUID="lp" AUID="mail" ID="lp"\n')


def test_accounts_removed_during_the_recording_stay_known(tmp_path: Path) -> None:
    accounts = Accounts()
    (tmp_path / "passwd").write_text("root:x:0:0::/root:/bin/sh\nguest:x:1500:1500::/home/guest:/bin/sh\n")
    (tmp_path / "group").write_text("root:x:0:\nbroken line\n")
    accounts.learn(tmp_path)
    (tmp_path / "passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    accounts.learn(tmp_path)
    assert accounts.name("UID", "1500") == "guest"
    assert accounts.name("GID", "0") == "root"
