"""Trees of hosts: built once on top of a bare Debian tree, kept as layers, and put together for each run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

from plot import HostSpec

HERE = Path(__file__).resolve().parent
MIRROR = "http://deb.debian.org/debian"
OWN = Path("/var/tmp/range-bare")  # trees made here, when there is none to copy
ENDED = re.compile(r"^done (\d+)$", re.MULTILINE)
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
RESOLVER = Path("/etc/resolv.conf")
MINE = "/run/build-ca.crt"  # inside the tree, while it is being built
PACKAGE_NAMES = """
acl adduser apache2-utils at attr auditd bc bind9-dnsutils bsdextrautils busybox-static bzip2 ca-certificates cron
curl default-mysql-client file g++ gawk gcc gdb git gpg inotify-tools iproute2 iputils-ping jq ldap-utils less
libc6-dev libcap2-bin libpam-modules locales login logrotate lsof make man-db netcat-openbsd nginx-light nmap nodejs
openssh-client openssh-server openssl passwd patch perl php-cli postgresql procps psmisc python3 python3-pip
python3-requests python3-venv python3-wheel redis-server rsync ruby screen socat sqlite3 strace sudo tcpdump tmux
tree unzip uuid-runtime vim-tiny wget whois xxd xz-utils zip
"""
PACKAGES = PACKAGE_NAMES.split()


class BuildError(Exception):
    """A script of a host or storyline failed while its tree was made."""


def bare(base: Path, suite: str) -> Path:
    """The bare tree of a suite below `base`: waited for if somebody is making it there, else made."""
    tree, log = base / suite, base / f"{suite}.log"
    while log.exists() and not (ended := ENDED.findall(log.read_text(encoding="utf-8", errors="replace"))):
        print(f"waiting for {log}", flush=True)
        time.sleep(10)
    if tree.exists() and (not log.exists() or ended[-1] == "0"):
        return tree
    own = OWN / suite
    OWN.mkdir(parents=True, exist_ok=True)
    with (OWN / f"{suite}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (OWN / f"{suite}.done").exists():
            print(f"making a bare tree of {suite} in {own}", flush=True)
            shutil.rmtree(own, ignore_errors=True)
            words = ["debootstrap", "--variant=minbase", suite, str(own), MIRROR]
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            with Chroot(own, OWN / f"{suite}.log") as chroot:
                chroot.run("apt-get update", "apt-get", "-q", "update")
                install = ["apt-get", "-q", "-y", "install", "--no-install-recommends"]
                chroot.run("packages", *install, *PACKAGES)
            (OWN / f"{suite}.done").touch()
    return own


def overlay(lowers: list[Path], upper: Path, work: Path, merged: Path) -> None:
    for folder in (upper, work, merged):
        folder.mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={':'.join(map(str, lowers))},upperdir={upper},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", str(merged)], check=True)


class Chroot:
    """A tree that is being furnished: registries reachable, no service starts, nothing of it stays behind."""

    def __init__(self, root: Path, log: Path) -> None:
        self.root, self.log = root, log

    def __enter__(self) -> Chroot:
        for name in ("proc", "dev/pts"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "proc", "proc", str(self.root / "proc")], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(self.root / "run")], check=True)
        words = ["mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts", str(self.root / "dev/pts")]
        subprocess.run(words, check=True)
        resolver = self.root / "etc/resolv.conf"
        resolver.unlink(missing_ok=True)
        shutil.copy(RESOLVER, resolver)
        if AUTHORITIES.exists():
            shutil.copy(AUTHORITIES, self.root / MINE.lstrip("/"))
        for name in ("lock", "sshd"):
            (self.root / "run" / name).mkdir(exist_ok=True)
        policy = self.root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        (self.root / "etc/apt/apt.conf.d/00build").write_text(
            'Acquire::Check-Valid-Until "false";\nAcquire::Check-Date "false";\nAcquire::Retries "3";\n'
            'APT::Sandbox::User "root";\nDpkg::Options { "--force-confold"; "--force-confdef"; };\n'
        )
        return self

    def environ(self) -> dict[str, str]:
        known = {key: value for key, value in os.environ.items() if key.startswith("PIP_DEFAULT") or "_proxy" in key}
        if AUTHORITIES.exists():
            names = "PIP_CERT SSL_CERT_FILE NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GIT_SSL_CAINFO"
            known |= dict.fromkeys(names.split(), MINE)
        return known | {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": "/root",
            "DEBIAN_FRONTEND": "noninteractive",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
            "PIP_NO_CACHE_DIR": "1",
        }

    def run(self, what: str, *words: str, folder: str = "/") -> None:
        """Run words in the tree; what they print goes to the log, its end into the error."""
        with self.log.open("a", encoding="utf-8") as out:
            out.write(f"\n==== {what}\n")
            out.flush()
            inside = ["chroot", str(self.root), "/usr/bin/env", "-C", folder, *words]
            done = subprocess.run(
                inside, env=self.environ(), stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False
            )
        if done.returncode:
            tail = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])
            raise BuildError(f"{what} failed with {done.returncode}; the end of {self.log}:\n{tail}")

    def script(self, what: str, text: str, *words: str, folder: str = "/") -> None:
        place = self.root / "run/script"
        place.write_text(text, encoding="utf-8")
        self.run(what, "/bin/bash", "-ex", "/run/script", *words, folder=folder)

    def _end_processes(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            left = 0
            for link in Path("/proc").glob("[0-9]*/root"):
                try:
                    if str(link.readlink()) == str(self.root):
                        os.kill(int(link.parent.name), number)
                        left += 1
                except OSError:
                    continue
            if not left:
                return
            time.sleep(2)

    def __exit__(self, *_: object) -> None:
        self._end_processes()
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
        (self.root / "etc/apt/apt.conf.d/00build").unlink(missing_ok=True)
        (self.root / "etc/resolv.conf").write_text("")
        for name in ("proc", "dev/pts", "run"):
            subprocess.run(["umount", "-l", str(self.root / name)], check=True)


def _digest(spec: HostSpec, lower: Path) -> str:
    total = hashlib.sha256(f"{lower}:{lower.stat().st_mtime_ns // 10**9}".encode())
    files = [path for path in sorted(spec.folder.rglob("*")) if path.is_file() and "people" not in path.parts]
    for path in [*files, HERE / "inside/common.sh"]:
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]


def _forget_older(cache: Path, name: str, keep: Path) -> None:
    """Remove layers of earlier states of the host that no rehearsal is using."""
    for old in cache.glob(f"{name}-" + "?" * 12):
        if old == keep:
            continue
        with old.with_suffix(".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            shutil.rmtree(old, ignore_errors=True)
            old.with_suffix(".lock").unlink(missing_ok=True)


def layers(spec: HostSpec, base: Path, cache: Path) -> tuple[list[Path], IO[str]]:
    """The host's layer and the bare tree below it; the layer is built if its inputs have changed.

    The lock that comes with them must stay open as long as they are used.
    """
    lower = bare(base, spec.suite)
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    layer = cache / f"{spec.name}-{_digest(spec, lower)}"
    lock = layer.with_suffix(".lock").open("a")
    upper, done = layer / "upper", layer / "done"
    if not done.exists():
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _build_layer(spec, lower, layer, cache / f"{spec.name}.log")
            done.touch()
            _forget_older(cache, spec.name, layer)
    fcntl.flock(lock, fcntl.LOCK_SH)  # shared by everybody who stands on the layer
    return [upper, lower], lock


def _build_layer(spec: HostSpec, lower: Path, layer: Path, log: Path) -> None:
    shutil.rmtree(layer, ignore_errors=True)
    merged = layer / "merged"
    overlay([lower], layer / "upper", layer / "work", merged)
    try:
        furnish(spec, merged, log)
    finally:
        subprocess.run(["umount", "-l", str(merged)], check=True)


def furnish(spec: HostSpec, root: Path, log: Path) -> None:
    """People, packages and the host's own setup."""
    log.write_text("")
    with Chroot(root, log) as chroot:
        (root / "tmp").chmod(0o1777)
        people = [f"{p.name}:{p.uid}:{p.password}:{','.join(p.groups)}" for p in spec.people]
        common = (HERE / "inside/common.sh").read_text(encoding="utf-8")
        chroot.script("common.sh", common, spec.name, spec.suite, *people)
        chroot.run("apt-get update", "apt-get", "-q", "update")
        if spec.packages:
            chroot.run("packages", "apt-get", "-q", "-y", "install", "--no-install-recommends", *spec.packages)
        library = root / "usr/lib/python3/dist-packages/appserver.py"
        shutil.copy(HERE / "inside/appserver.py", library)
        shutil.copytree(spec.folder, root / "run/setup")
        chroot.run("setup.sh", "/bin/bash", "-ex", "./setup.sh", spec.name, folder="/run/setup")
