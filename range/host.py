"""The recorded host: a Debian tree in namespaces of its own, built, started and removed again."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "build-07"
ADDRESS = "10.20.7.7"
SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
PACKAGES = (
    "adduser,auditd,bc,bsdextrautils,bzip2,ca-certificates,cron,curl,file,gcc,gpg,iproute2,iputils-ping,jq,less,"
    "libc6-dev,libpam-modules,login,logrotate,lsof,make,netcat-openbsd,openssh-client,openssh-server,passwd,procps,"
    "psmisc,python3,python3-pip,python3-venv,python3-wheel,rsync,sqlite3,strace,sudo,tcpdump,tree,unzip,vim-tiny,"
    "wget,xz-utils,zip,git"
)
SUBJECTS = ("mlind", "tkovac", "sreyes")


def build(root: Path, base: Path | None) -> None:
    """Make a fresh tree at `root`, from the package mirror or from an earlier bare tree `base`."""
    if base:
        subprocess.run(["cp", "-a", "--", str(base), str(root)], check=True)
    else:
        subprocess.run(
            ["debootstrap", "--variant=minbase", "--include=" + PACKAGES, SUITE, str(root), MIRROR],
            check=True,
            stdout=subprocess.DEVNULL,
        )


def furnish(root: Path, keys: Path) -> None:
    """People, services, documents and weaknesses; the subjects' desk keys are made outside the host."""
    shutil.copy(HERE / "inside/setup.sh", root / "setup.sh")
    (root / "srv/status").mkdir(parents=True)
    shutil.copy(HERE / "inside/status_app.py", root / "srv/status/app.py")
    shutil.copy(HERE / "inside/init.py", root / "sbin/init")
    subprocess.run(["chroot", str(root), "/bin/sh", "/setup.sh", NAME], check=True, stdout=subprocess.DEVNULL)
    (root / "setup.sh").unlink()
    keys.mkdir(mode=0o700)
    for who in SUBJECTS:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who + "@desk", "-f", str(keys / who)], check=True
        )
        authorized = root / f"home/{who}/.ssh/authorized_keys"
        with authorized.open("a", encoding="utf-8") as out:
            out.write((keys / f"{who}.pub").read_text())
        owner = (root / f"home/{who}").stat()
        os.chown(authorized, owner.st_uid, owner.st_gid)
        authorized.chmod(0o600)


class Host:
    """The running host. `pid` is its first process, as the machine sees it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.unshare = subprocess.Popen(
            [
                "unshare",
                "--mount",
                "--pid",
                "--net",
                "--uts",
                "--ipc",
                "--fork",
                "--kill-child",
                "--",
                "/bin/sh",
                str(HERE / "inside/enter.sh"),
                str(root),
                NAME,
            ],
            stdin=subprocess.DEVNULL,
        )
        self.pid = self._first_process()
        self._wait_for_boot()

    def _first_process(self) -> int:
        for _ in range(100):
            for entry in Path("/proc").glob("[0-9]*/stat"):
                try:
                    fields = entry.read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[1]) == self.unshare.pid:
                    return int(entry.parent.name)
            time.sleep(0.05)
        raise RuntimeError("the host's first process did not appear")

    def _wait_for_boot(self) -> None:
        for _ in range(300):
            if self.unshare.poll() is not None:
                raise RuntimeError("the host ended while starting")
            if Path(f"/proc/{self.pid}/root/run/booted").exists():
                return
            time.sleep(0.1)
        raise RuntimeError("the host did not start its services")

    def enter(self, *namespaces: str) -> list[str]:
        """Command prefix that joins some of the host's namespaces (never its pid namespace)."""
        return ["nsenter", "--target", str(self.pid), *("--" + name for name in namespaces), "--"]

    def stop(self) -> None:
        self.unshare.kill()  # --kill-child: the first process goes too, and with it the pid namespace
        self.unshare.wait()
        for _ in range(100):
            if not Path(f"/proc/{self.pid}").exists():
                break
            time.sleep(0.1)


def remove(root: Path) -> None:
    """Delete the tree; refuses while something is still mounted below it."""
    mounts = Path("/proc/self/mountinfo").read_text()
    if f" {root}" in mounts:
        raise RuntimeError(f"something is still mounted under {root}")
    shutil.rmtree(root, ignore_errors=False)
