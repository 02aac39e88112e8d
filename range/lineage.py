"""Writes down who started whom and who served whom, while the recording runs.

Three sources, none of which looks at a command line:

* every fork on the machine, from the kernel's process connector (`forks.csv`);
* the host's syslog socket, read here: the kernel attaches the sender's pid to each datagram (`syslog.jsonl`);
* for a message that names the port a connection came from, the process that owns that port (`links.jsonl`).

It is also the host's syslog daemon: messages are appended to /var/log of the host.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import struct
import threading
import time
from pathlib import Path
from types import FrameType
from typing import IO, Any

NETLINK_CONNECTOR, CN_IDX_PROC, PROC_EVENT_FORK, SO_RCVBUFFORCE = 11, 1, 1, 33
CONNECTION = re.compile(r"Connection from (\d+(?:\.\d+){3}) port (\d+)")
PRIORITY = re.compile(rb"<(\d+)>(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )?")
stop = threading.Event()


def follow_forks(out: IO[str], state: dict[str, Any]) -> None:
    """One line a fork of a process: real time, parent, child. Threads are left out."""
    conn = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_CONNECTOR)
    conn.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    conn.bind((0, CN_IDX_PROC))
    body = struct.pack("=IIIIHHI", CN_IDX_PROC, 1, 0, 0, 4, 0, 1)  # 1: listen
    conn.send(struct.pack("=IHHII", 16 + len(body), 3, 0, 0, 0) + body)
    conn.settimeout(0.5)
    state["listening"] = True
    shift, count = time.time() - time.monotonic(), 0
    while not stop.is_set():
        try:
            data = conn.recv(4096)
        except TimeoutError:
            out.flush()
            continue
        except OSError:  # ENOBUFS: the kernel dropped notices
            state["overruns"] += 1
            continue
        what, _cpu, when, _parent, parent, child, child_tgid = struct.unpack_from("=IIQIIII", data, 36)
        if what == PROC_EVENT_FORK and child == child_tgid:
            count += 1
            if count % 500 == 0:
                shift = time.time() - time.monotonic()
            out.write(f"{when / 1e9 + shift:.6f},{parent},{child}\n")
    state["forks"] = count
    out.flush()


def owner_of(pid: int, address: str, port: int) -> int | None:
    """Pid of the process that holds the client end of a connection, in the network namespace of `pid`."""
    local = f"{int.from_bytes(socket.inet_aton(address), 'little'):08X}:{port:04X}"
    inode = None
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == local and fields[9] != "0":
            inode = f"socket:[{fields[9]}]"
    if inode is None:
        return None
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            for handle in os.scandir(entry.path + "/fd"):
                if os.readlink(handle.path) == inode:  # noqa: PTH115 (called for every handle)
                    return int(entry.name)
        except OSError:
            continue
    return None


def serve_syslog(root: Path, logs: IO[str], links: IO[str], state: dict[str, Any]) -> None:
    path = root / "dev/log"
    path.unlink(missing_ok=True)
    conn = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    conn.bind(str(path))
    path.chmod(0o666)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    conn.settimeout(0.5)
    state["syslog"] = True
    while not stop.is_set():
        try:
            data, extra, _flags, _addr = conn.recvmsg(8192, socket.CMSG_SPACE(12))
        except TimeoutError:
            logs.flush()
            continue
        pid = struct.unpack("=iII", extra[0][2][:12])[0] if extra else 0
        now, match = time.time(), PRIORITY.match(data)
        text = data[match.end() if match else 0 :].decode("utf-8", "replace").rstrip("\n\0")
        facility = int(match.group(1)) >> 3 if match else 1
        logs.write(json.dumps({"time": now, "pid": pid, "text": text}) + "\n")
        connection = CONNECTION.search(text)
        if connection:
            try:
                owner = owner_of(pid, connection.group(1), int(connection.group(2)))
            except OSError:
                owner = None
            links.write(json.dumps({"time": now, "server": pid, "client": owner, "from": connection.group(0)}) + "\n")
            links.flush()
        name = "auth.log" if facility in (4, 10) else "syslog"
        with (root / "var/log" / name).open("a", encoding="utf-8") as out:
            out.write(f"{time.strftime('%b %e %H:%M:%S', time.localtime(now))} build-07 {text}\n")
    logs.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="tree of the recorded host")
    parser.add_argument("--out", type=Path, required=True, help="folder for the three files")
    args = parser.parse_args()

    def finish(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, finish)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    state: dict[str, Any] = {"overruns": 0, "forks": 0}
    with (
        (args.out / "forks.csv").open("w") as forks,
        (args.out / "syslog.jsonl").open("w") as logs,
        (args.out / "links.jsonl").open("w") as links,
    ):
        threads = [
            threading.Thread(target=follow_forks, args=(forks, state)),
            threading.Thread(target=serve_syslog, args=(args.root, logs, links, state)),
        ]
        for thread in threads:
            thread.start()
        while not (state.get("listening") and state.get("syslog")):
            time.sleep(0.05)
        (args.out / "lineage.ready").touch()
        for thread in threads:
            thread.join()
    (args.out / "lineage.json").write_text(json.dumps({"forks": state["forks"], "overruns": state["overruns"]}))


if __name__ == "__main__":
    main()
