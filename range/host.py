"""Recorded hosts: their trees put together, dressed for one run, started and ended."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import tree
from plot import HERE, HostSpec, Storyline, all_hosts
from switch import FILES, Switch, with_parent


class Host:
    """One host of a run: its tree at `root` and, once started, its first process `pid`."""

    def __init__(self, spec: HostSpec, work: Path) -> None:
        self.spec, self.work, self.root = spec, work, work / "root"
        self.services = list(spec.services)
        self.visits = list(spec.visits)
        self.pid = 0
        self._lock: IO[str] | None = None
        self._unshare: subprocess.Popen[bytes] | None = None

    def build(self, base: Path, cache: Path, copied: bool) -> None:
        """Make the tree: layers for a rehearsal, a full copy of its own for a recording."""
        lowers, self._lock = tree.layers(self.spec, base, cache)
        merged = self.work / "merged" if copied else self.root
        tree.overlay(lowers, self.work / "upper", self.work / "overlay", merged)
        if copied:
            self.root.mkdir()
            subprocess.run(["cp", "-a", "--", f"{merged}/.", str(self.root)], check=True)
            subprocess.run(["umount", str(merged)], check=True)

    def weaken(self, story: Storyline, second: bool = False) -> None:
        """Put what a storyline needs onto this host: its weakness, services and ordinary visits."""
        script = story.second_weaken if second else story.weaken
        with tree.Chroot(self.root, self.work / "weaken.log") as chroot:
            chroot.script(f"weaken of {story.name}", script, self.spec.name)
        self.services += story.second_services if second else story.services
        self.visits += story.second_visits if second else story.visits

    def user(self, name: str) -> tuple[int, int, Path]:
        """(uid, gid, home as seen from outside) of an account in the tree."""
        for line in (self.root / "etc/passwd").read_text(encoding="utf-8").splitlines():
            fields = line.split(":")
            if fields[0] == name:
                return int(fields[2]), int(fields[3]), self.root / fields[5].lstrip("/")
        raise KeyError(f"{self.spec.name} has no account {name}")

    def ssh_folder(self, name: str) -> Path:
        uid, gid, home = self.user(name)
        folder = home / ".ssh"
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, uid, gid)
        return folder

    def authorize(self, name: str, public: str) -> None:
        uid, gid, _ = self.user(name)
        place = self.ssh_folder(name) / "authorized_keys"
        with place.open("a", encoding="utf-8") as out:
            out.write(public)
        os.chown(place, uid, gid)
        place.chmod(0o600)

    def own_key(self, name: str) -> str:
        """The public key of an account of this host, made if there is none."""
        uid, gid, _ = self.user(name)
        key = self.ssh_folder(name) / "id_ed25519"
        if not key.exists():
            make_key(key, f"{name}@{self.spec.name}")
        for path in (key, key.with_suffix(".pub")):
            os.chown(path, uid, gid)
        return key.with_suffix(".pub").read_text(encoding="utf-8")

    def dress(self, keys: Path) -> None:
        """What differs from run to run: names of the fleet, the people's desk keys, the first process."""
        lines = ["127.0.0.1 localhost", f"127.0.1.1 {self.spec.name}"]
        lines += [f"{spec.address} {spec.name} {spec.name}.corp.example" for spec in all_hosts().values()]
        known = (self.root / "etc/hosts").read_text(encoding="utf-8").splitlines()
        lines += [f"{FILES} files.example", *(line for line in known if line not in lines)]
        (self.root / "etc/hosts").write_text("\n".join(lines) + "\n", encoding="utf-8")
        shutil.copy(HERE / "inside/init.py", self.root / "usr/sbin/range-init")
        (self.root / "usr/sbin/init").unlink(missing_ok=True)
        (self.root / "usr/sbin/range-init").rename(self.root / "usr/sbin/init")
        shutil.copy(HERE / "inside/appserver.py", self.root / "usr/lib/python3/dist-packages/appserver.py")
        (self.root / "dev/log").unlink(missing_ok=True)
        keys.mkdir(mode=0o700, parents=True)
        for person in self.spec.people:
            make_key(keys / person.name, person.name + "@desk")
            self.authorize(person.name, (keys / f"{person.name}.pub").read_text(encoding="utf-8"))

    def boot(self, switch: Switch) -> None:
        enter = ["/bin/sh", str(HERE / "inside/enter.sh"), str(self.root), self.spec.name, self.spec.address]
        self._unshare = subprocess.Popen(
            [
                "unshare",
                *["--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child", "--"],
                *enter,
                *self.services,
            ],
            stdin=subprocess.DEVNULL,
            preexec_fn=with_parent,
        )
        self.pid = self._first_process()
        switch.plug(self.pid)

    def _first_process(self) -> int:
        assert self._unshare
        children = Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children")
        for _ in range(200):
            try:
                found = children.read_text().split()
            except OSError:
                break
            if found:
                return int(found[0])
            time.sleep(0.02)
        raise RuntimeError(f"{self.spec.name}: the first process did not appear")

    def wait_for_boot(self) -> None:
        assert self._unshare
        for _ in range(600):
            if self._unshare.poll() is not None:
                raise RuntimeError(f"{self.spec.name} ended while starting")
            if Path(f"/proc/{self.pid}/root/run/booted").exists():
                return
            time.sleep(0.1)
        raise RuntimeError(f"{self.spec.name} did not start its services")

    def inside(self, path: str) -> Path:
        """A file of the running host."""
        return Path(f"/proc/{self.pid}/root") / path.lstrip("/")

    def stop(self) -> None:
        if self._unshare:
            self._unshare.kill()  # --kill-child: the first process goes too, and with it the pid namespace
            self._unshare.wait()
            for _ in range(100):
                if not Path(f"/proc/{self.pid}").exists():
                    break
                time.sleep(0.1)
        if self._lock:
            self._lock.close()


def make_key(path: Path, comment: str) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)], check=True)


def trust(hosts: Iterable[Host]) -> None:
    """Make the key pairs of every `trust` line whose two hosts are here."""
    here = {host.spec.name: host for host in hosts}
    for host in here.values():
        for line in host.spec.trust:
            source, _, source_host = line.source.partition("@")
            target, _, target_host = line.target.partition("@")
            if source_host in here and target_host in here:
                here[target_host].authorize(target, here[source_host].own_key(source))
