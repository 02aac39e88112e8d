"""Files that intruders planted: says which process executes one, from the kernel's fanotify."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.fanotify_mark.argtypes = (ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p)
FAN_CLOEXEC, FAN_NONBLOCK, FAN_UNLIMITED_QUEUE, FAN_UNLIMITED_MARKS = 1, 2, 0x10, 0x20
FAN_MARK_ADD, FAN_OPEN_EXEC = 1, 0x1000
DAEMONS = ("cron", "atd")


def inside(root: str, path: str, depth: int = 0) -> str:
    """Path of a host's file as seen from the machine; links are followed as the host would."""
    if depth > 20:
        raise OSError("too many links")
    at = ""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    for place, part in enumerate(parts):
        at = at.rpartition("/")[0] if part == ".." else f"{at}/{part}"
        if Path(root + at).is_symlink():
            target = str(Path(root + at).readlink())
            target = target if target.startswith("/") else f"{at.rpartition('/')[0]}/{target}"
            return inside(root, "/".join([target, *parts[place + 1 :]]), depth + 1)
    return root + at


def climb(pid: int) -> list[tuple[int, str]]:
    """(pid, name) of a process and its ancestors, as long as they are still there."""
    found = []
    while pid > 0:
        try:
            head, _, tail = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
        except OSError:
            break
        found.append((pid, head.partition("(")[2]))
        pid = int(tail.split()[1])
    return found


class Watch:
    """Marks planted files and tells each execution to `tell(**facts)`."""

    def __init__(self, hosts: dict[str, int], tell: Callable[..., None]) -> None:
        self.hosts, self.tell = hosts, tell
        self.known: dict[tuple[int, int], dict[str, Any]] = {}
        flags = FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS
        self.fd = LIBC.fanotify_init(flags, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_LARGEFILE", 0))
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "fanotify is not available")

    def add(self, words: dict[str, Any]) -> dict[str, Any]:
        """Watch a file; the answer says what was wrong, if anything."""
        try:
            path = inside(f"/proc/{self.hosts[words['host']]}/root", words["path"])
            facts = Path(path).stat()
            if LIBC.fanotify_mark(self.fd, FAN_MARK_ADD, FAN_OPEN_EXEC, -1, path.encode()):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        except (OSError, KeyError) as wrong:
            return {"wrong": str(wrong)}
        self.known[facts.st_dev, facts.st_ino] = words
        return {"watched": facts.st_ino}

    def daemons(self, host: str) -> list[int]:
        """Pids of the host's cron and at daemons: children of its first process with these names."""
        first = self.hosts[host]
        try:
            children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        except OSError:
            return []
        return [int(child) for child in children if (climb(int(child)) or [(0, "")])[0][1] in DAEMONS]

    def follow(self, stop: threading.Event) -> None:
        while not stop.is_set():
            if not select.select([self.fd], [], [], 0.5)[0]:
                continue
            data, place = os.read(self.fd, 65536), 0
            while place < len(data):
                size, _version, _reserved, _meta, _mask, handle, pid = struct.unpack_from("=IBBHQii", data, place)
                place += size
                if handle < 0:
                    continue
                facts = os.fstat(handle)
                os.close(handle)
                words = self.known.get((facts.st_dev, facts.st_ino))
                if words:
                    chain = [life[0] for life in climb(pid)]
                    self.tell(time=time.time(), pid=pid, chain=chain, daemons=self.daemons(words["host"]), **words)
