"""Writes down who started whom and who served whom, while a range runs; no source looks at a command line.

* every fork on the machine, from the kernel's process connector (`forks.csv`);
* the hosts' syslog sockets, read here: the kernel attaches the sender's pid to each datagram (`syslog.jsonl`);
* for a message that names the port a connection came from, the process that owns that port (`links.jsonl`);
* executions of the files that intruders planted, from fanotify (`plants.jsonl`).

It is also the hosts' syslog daemon: messages are appended to /var/log of each host. `--hosts` is JSON: a list of
{name, address, pid, root}; `--outside` is a process in the outside namespace.
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

from plants import Watch

NETLINK_CONNECTOR, CN_IDX_PROC, PROC_EVENT_FORK, SO_RCVBUFFORCE = 11, 1, 1, 33
CONNECTION = re.compile(
    r"[Cc]onnection from (\d+(?:\.\d+){3}|::1) port (\d+)|connection received: host=(\S+) port=(\d+)"
)
PRIORITY = re.compile(rb"<(\d+)>(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )?")
stop = threading.Event()


class Sheet:
    """A file of JSON lines that several threads write to."""

    def __init__(self, path: Path) -> None:
        self.out, self.lock = path.open("w", encoding="utf-8", buffering=1), threading.Lock()

    def write(self, **facts: Any) -> None:
        with self.lock:
            self.out.write(json.dumps(facts) + "\n")


def follow_forks(out: IO[str], state: dict[str, Any]) -> None:
    """One line a fork of a process: real time, parent, child. Threads are left out."""
    conn = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_CONNECTOR)
    conn.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 128 << 20)
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
                out.flush()
            out.write(f"{when / 1e9 + shift:.6f},{parent},{child}\n")
    state["forks"] = count
    out.flush()


def spellings(address: str, port: int) -> set[str]:
    """How /proc/net/tcp and tcp6 write a local end."""
    if ":" in address:
        return {f"{'0' * 24}01000000:{port:04X}"}
    plain = f"{int.from_bytes(socket.inet_aton(address), 'little'):08X}:{port:04X}"
    return {plain, f"{'0' * 16}FFFF0000{plain}"}


def owner_of(pid: int, address: str, port: int) -> int | None:
    """Pid of the oldest process that holds this end of a connection, in the network namespace of `pid`."""
    wanted, inode = spellings(address, port), None
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1] in wanted and fields[9] != "0":
                inode = f"socket:[{fields[9]}]"
    if inode is None:
        return None
    for entry in sorted((int(name) for name in os.listdir("/proc") if name.isdigit()), reverse=True):  # noqa: PTH208
        if holds(entry, inode):
            return oldest(entry, inode)
    return None


def holds(pid: int, inode: str) -> bool:
    folder = f"/proc/{pid}/fd/"
    try:
        return any(os.readlink(folder + handle) == inode for handle in os.listdir(folder))  # noqa: PTH115, PTH208
    except OSError:
        return False


def oldest(pid: int, inode: str) -> int:
    """Climb from a holder of a socket as long as the parent holds it too."""
    while True:
        try:
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return pid
        if not holds(parent, inode):
            return pid
        pid = parent


class Peers:
    """Finds who holds an end of a connection, in the namespace where its address lives."""

    def __init__(self, hosts: list[dict[str, Any]], outside: int) -> None:
        self.homes = {host["address"]: host["pid"] for host in hosts}
        self.outside = outside

    def owner(self, address: str, port: int, local: int) -> int | None:
        at = local if address.startswith("127.") or address == "::1" else self.homes.get(address, self.outside)
        try:
            return owner_of(at, address, port)
        except OSError:
            return None


def serve_syslog(host: dict[str, Any], peers: Peers, logs: Sheet, links: Sheet, state: dict[str, Any]) -> None:
    root = Path(host["root"])
    path = root / "dev/log"
    path.unlink(missing_ok=True)
    conn = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    here = os.open(path.parent, os.O_PATH)
    conn.bind(f"/proc/self/fd/{here}/log")  # a socket's path must be short
    os.close(here)
    path.chmod(0o666)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    conn.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
    conn.settimeout(0.5)
    state["sockets"] += 1
    while not stop.is_set():
        try:
            data, extra, _flags, _addr = conn.recvmsg(8192, socket.CMSG_SPACE(12))
        except TimeoutError:
            continue
        pid = struct.unpack("=iII", extra[0][2][:12])[0] if extra else 0
        now, match = time.time(), PRIORITY.match(data)
        text = data[match.end() if match else 0 :].decode("utf-8", "replace").rstrip("\n\0")
        facility = int(match.group(1)) >> 3 if match else 1
        found = CONNECTION.search(text)
        if found and (found[2] or found[4]):
            address, port = (found[1] or found[3]), int(found[2] or found[4])
            owner = peers.owner(address, port, host["pid"])
            links.write(time=now, host=host["name"], server=pid, client=owner, address=address, port=port)
        logs.write(time=now, host=host["name"], pid=pid, text=text)
        name = "auth.log" if facility in (4, 10) else "syslog"
        line = f"{time.strftime('%b %e %H:%M:%S', time.localtime(now))} {host['name']} {text}\n"
        try:
            with (root / "var/log" / name).open("a", encoding="utf-8") as out:
                out.write(line)
        except OSError:
            state["unwritten"] += 1  # an intruder may have made the log a folder or a locked file


def serve_control(path: Path, watch: Watch, peers: Peers) -> None:
    """Answers intruders' processes: plants to watch, owners of connections; see control.py."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen(64)
        server.settimeout(0.5)
        while not stop.is_set():
            try:
                conn, _ = server.accept()
            except TimeoutError:
                continue
            conn.settimeout(5)
            try:
                with conn, conn.makefile("rw") as stream:
                    words = json.loads(stream.readline())
                    if words.pop("op") == "plant":
                        answer = watch.add(words)
                    else:
                        answer = {"pid": peers.owner(words["address"], words["port"], peers.outside)}
                    stream.write(json.dumps(answer) + "\n")
            except (OSError, ValueError):
                continue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", required=True)
    parser.add_argument("--outside", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files and the control socket")
    args = parser.parse_args()

    def finish(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, finish)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hosts = json.loads(args.hosts)
    peers, state = Peers(hosts, args.outside), {"overruns": 0, "forks": 0, "sockets": 0, "unwritten": 0}
    logs, links, plants = (Sheet(args.out / f"{name}.jsonl") for name in ("syslog", "links", "plants"))
    watch = Watch({host["name"]: host["pid"] for host in hosts}, plants.write)
    with (args.out / "forks.csv").open("w") as forks:
        threads = [threading.Thread(target=follow_forks, args=(forks, state))]
        threads[0].start()
        while "listening" not in state:
            time.sleep(0.02)
        # the hosts' first processes wait for their syslog sockets, so that no fork of theirs is missed
        threads += [threading.Thread(target=serve_syslog, args=(host, peers, logs, links, state)) for host in hosts]
        threads.append(threading.Thread(target=serve_control, args=(args.out / "control", watch, peers)))
        threads.append(threading.Thread(target=watch.follow, args=(stop,)))
        for thread in threads[1:]:
            thread.start()
        while state["sockets"] < len(hosts):
            time.sleep(0.05)
        (args.out / "lineage.ready").touch()
        for thread in threads:
            thread.join()
    (args.out / "lineage.json").write_text(json.dumps(state))


if __name__ == "__main__":
    main()
