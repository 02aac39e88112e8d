"""The network of a range: a bridge, and the outside where workstations, visitors and intruders are.

Both are network namespaces that a sleeping process holds: they have no names and go with that process.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

FILES = "198.51.100.10"
VISITORS = tuple(f"203.0.113.{n}" for n in range(20, 40))
INTRUDERS = (
    *(f"198.51.100.{n}" for n in range(20, 50)),
    *(f"203.0.113.{n}" for n in range(60, 90)),
    *(f"10.20.22.{n}" for n in range(20, 50)),
)
LIBC = ctypes.CDLL(None, use_errno=True)


def with_parent() -> None:
    """For `preexec_fn`: the child ends when the process that started it ends."""
    LIBC.prctl(1, signal.SIGKILL)


def hold() -> subprocess.Popen[bytes]:
    """A process in a network namespace of its own; the machine's is not reachable from there."""
    process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], preexec_fn=with_parent)
    mine = Path("/proc/self/ns/net").readlink()
    for _ in range(200):
        if Path(f"/proc/{process.pid}/ns/net").readlink() != mine:
            return process
        time.sleep(0.02)
    raise RuntimeError("no network namespace came")


def ip(pid: int, *lines: str) -> None:
    """Run lines of `ip -batch` in the network namespace of `pid`."""
    subprocess.run(
        ["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-batch", "-"],
        input="\n".join(lines) + "\n",
        text=True,
        check=True,
    )


class Switch:
    """The bridge and the outside; use it with `with`."""

    def __init__(self, workstations: tuple[str, ...]) -> None:
        self.bridge = hold()
        self.outside = hold()
        self.count = 0
        ip(self.bridge.pid, "link add br0 type bridge", "link set br0 up")
        self.plug(self.outside.pid)
        addresses = dict.fromkeys((FILES, *VISITORS, *INTRUDERS, *workstations))
        ip(
            self.outside.pid,
            "link set lo up",
            "link set eth0 up",
            *(f"addr add {address}/32 dev eth0" for address in addresses),
            "route add default dev eth0",
        )

    def plug(self, pid: int) -> None:
        """Give the network namespace of `pid` an eth0 on the bridge."""
        self.count += 1
        port = f"p{self.count}"
        ip(
            self.bridge.pid,
            f"link add {port} type veth peer name eth0 netns {pid}",
            f"link set {port} master br0",
            f"link set {port} up",
        )

    def enter(self) -> list[str]:
        """Command prefix that runs a program outside."""
        return ["nsenter", f"--net=/proc/{self.outside.pid}/ns/net", "--"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        for process in (self.outside, self.bridge):
            process.kill()
            process.wait()
