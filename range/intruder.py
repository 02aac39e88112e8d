"""The intruder's hands: what a storyline can do, each act written to a journal with its technique.

Who did what in the audit log is decided later from process lineage; the journal only says which act was going
on at a moment, and by which connections the intruder came in.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import random
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import terminal
from control import Control
from depot import Shelf
from plot import HostView
from query import query

T = TypeVar("T")
SOME_WORDS = """
cache session agent bridge index sync monitor report update backup batch probe queue worker metric relay archive
render notify import export rotate mirror digest ledger router channel socket buffer config spool layout
"""
WORDS = SOME_WORDS.split()
DEPOT_PORTS = (80, 443, 8000, 8080, 8088, 8443, 9001)


class Lost(Exception):  # noqa: N818 (storylines read better so)
    """A shell or connection that an act needs is gone."""


def port_of(pid: int, address: str) -> int:
    """Local port of the connection that process `pid` holds from `address`; 0 when there is none."""
    held = set()
    for handle in os.scandir(f"/proc/{pid}/fd"):
        try:
            held.add(os.readlink(handle.path))  # noqa: PTH115 (a socket is no path)
        except OSError:
            continue
    mark = f"{int.from_bytes(socket.inet_aton(address), 'little'):08X}:"
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].startswith(mark) and f"socket:[{fields[9]}]" in held:
            return int(fields[1].partition(":")[2], 16)
    return 0


class Shell:
    """A shell on a host that the intruder types into."""

    def __init__(self, own: Intruder, host: HostView, at: terminal.Terminal, session: int) -> None:
        self.own, self.host, self.at, self.session = own, host, at, session

    @property
    def closed(self) -> bool:
        return self.at.closed

    def type(
        self, command: str, technique: str, wait: float = 60, password: str | None = None, *, detached: bool = False
    ) -> str:
        """Type a command, wait for the prompt, return what was shown (with the command's echo)."""
        if self.at.closed:
            raise Lost(f"the shell on {self.host.name} is gone before: {command}")
        with self.own.act("type", command, technique, self.host, self.session, detached) as facts:
            shown, done = self.at.ask(command, wait, password)
            facts["shown"], facts["hung"] = shown, not done
            time.sleep(0.3)
        self.own.breathe()
        return shown

    def background(self, command: str, technique: str, wait: float = 30) -> str:
        """Type a command that starts something that stays; what it starts keeps this technique."""
        return self.type(command, technique, wait, detached=True)

    def keys(self, text: str, seconds: float = 1.0) -> str:
        """Send keys to a program that shows no prompt (an editor, a pager), inside the act before."""
        self.at.keys(text)
        time.sleep(seconds)
        return self.at.seen()

    def close(self) -> None:
        """Leave: end the session from this side if it is still there."""
        self.at.hang_up()


class Act:
    """Context of one act: noted when it ends, however it ends."""

    def __init__(self, own: Intruder, facts: dict[str, Any]) -> None:
        self.own, self.facts = own, facts

    def __enter__(self) -> dict[str, Any]:
        self.facts["start"] = time.time()
        return self.facts

    def __exit__(self, _kind: object, wrong: BaseException | None, _at: object) -> None:
        self.facts["end"] = time.time()
        if wrong:
            self.facts["failed"] = f"{type(wrong).__name__}: {wrong}"
        self.facts["shown"] = str(self.facts.get("shown", ""))[-1500:]
        self.own.note(**self.facts)


class Intruder:
    """What `play` gets; one process an intrusion, in the outside namespace. `job` is described in intrusion.py."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.variant, self.pace, self.address = job["variant"], job["pace"], job["address"]
        self.rng = random.Random(f"{job['seed']}:{job['storyline']}:{job['variant']}:{job['entry']['name']}")
        self.entry = HostView(**job["entry"])
        self.second = HostView(**job["second"]) if job.get("second") else self.entry
        self.control = Control(job["control"])
        self._journal = Path(job["journal"]).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115 (open to the end)
        self._sessions, self._step, self._tactic = 0, 0, ""
        self._shelf = Shelf()
        port = self.rng.choice(DEPOT_PORTS)
        self._shelf.serve(self.address, port)
        self.depot = f"http://{self.address}" + ("" if port == 80 else f":{port}")
        self.note(intruder=os.getpid(), id=job["id"], begin=time.time())

    def note(self, **facts: Any) -> None:
        self._journal.write(json.dumps(facts) + "\n")

    # --- pauses and choices

    def think(self, middle: float) -> None:
        """A lognormal pause around `middle` seconds, times the pace."""
        time.sleep(max(0.1, min(90.0 + 4 * middle, middle * math.exp(self.rng.gauss(0, 0.5))) * self.pace))

    def breathe(self) -> None:
        time.sleep(min(0.3, 0.3 * self.pace))

    def rest(self, seconds: float) -> None:
        """A pause in real seconds at any pace, for instance until cron has come round."""
        time.sleep(seconds)

    def pick(self, values: Sequence[T]) -> T:
        return self.rng.choice(values)

    def word(self) -> str:
        """A word that a folder, file or account could be named by."""
        return self.rng.choice(WORDS)

    def offer(self, name: str, body: str | bytes) -> str:
        """Put a file on the depot; returns its url."""
        self._shelf.files[name] = body.encode() if isinstance(body, str) else body
        return f"{self.depot}/{name}"

    # --- the plot

    def step(self, name: str, tactic: str, words: str) -> None:
        self._step, self._tactic = self._step + 1, tactic
        self.note(step=self._step, name=name, tactic=tactic, words=words, time=time.time())

    def act(
        self, how: str, command: str, technique: str, host: HostView, session: int = 0, detached: bool = False
    ) -> Act:
        facts = {"act": how, "step": self._step, "tactic": self._tactic, "host": host.name, "session": session}
        return Act(self, facts | {"command": command, "technique": technique, "detached": detached})

    # --- coming in

    def http(
        self,
        host: HostView,
        port: int,
        method: str = "GET",
        path: str = "/",
        body: bytes | str = b"",
        headers: dict[str, str] | None = None,
        *,
        technique: str,
        timeout: float = 30,
        detached: bool = False,
    ) -> str:
        """One request; returns the answer's body. `detached`: what it starts stays and keeps this technique."""
        command = f"{method} http://{host.address}:{port}{path}" + (f" {body!r}" if body else "")
        with self.act("http", command, technique, host, detached=detached) as facts:
            conn = http.client.HTTPConnection(host.address, port, timeout=timeout, source_address=(self.address, 0))
            conn.connect()
            facts["port"] = conn.sock.getsockname()[1]
            held = conn.sock.dup()  # kept a moment longer, so that the lineage finds who holds this port
            try:
                conn.request(method, path, body or None, headers or {})
                answer = conn.getresponse()
                shown = answer.read().decode("utf-8", "replace")
                facts["shown"], facts["status"] = shown, answer.status
            finally:
                conn.close()
                time.sleep(0.4)
                held.close()
        self.breathe()
        return shown

    def catch(self, port: int, trigger: Callable[[], Any], technique: str, timeout: float = 45) -> Shell:
        """Listen, call `trigger` (in a thread: it may last as long as the shell), return the shell that comes back."""
        wrong: list[BaseException] = []

        def pull() -> None:
            try:
                trigger()
            except BaseException as error:  # told by whoever waits for the shell
                wrong.append(error)

        with self.act("catch", f"listen on {self.address}:{port}", technique, self.entry) as facts:
            with socket.create_server((self.address, port)) as listener:
                listener.settimeout(timeout)
                threading.Thread(target=pull, daemon=True).start()
                try:
                    conn, peer = listener.accept()
                except TimeoutError:
                    raise Lost(f"no shell came back to port {port}: {wrong[:1] or 'nothing went wrong here'}") from None
            host = self.second if peer[0] == self.second.address else self.entry
            self._sessions += 1
            facts |= {"session": self._sessions, "host": host.name, "pid": self.control.owner(*peer[:2])}
            conn.settimeout(None)
            at = terminal.Terminal(lambda: conn.recv(65536), conn.sendall)
            at.hang_up = lambda: _shut(conn, at)  # type: ignore[method-assign]
            at.blind = not at.wait(4)
            facts["shown"] = at.seen()
        return Shell(self, host, at, self._sessions)

    def ssh(
        self, host: HostView, user: str, *, password: str | None = None, key: str | None = None, technique: str
    ) -> Shell:
        """Log on from outside with a password or with the text of a private key."""
        with self.act("login", f"ssh {user}@{host.name}", technique, host) as facts:
            place = None
            if key is not None:
                with tempfile.NamedTemporaryFile("w", delete=False, prefix="k-") as file:
                    file.write(key.replace("\r", "").strip() + "\n")
                place = file.name
            try:
                at = terminal.over_ssh(place, self.address, f"{user}@{host.address}", password)
            finally:
                if place:
                    Path(place).unlink()
            facts["shown"] = at.seen()
            if at.closed or not at.process:
                raise Lost(f"ssh to {user}@{host.name} was refused: {at.seen()[-300:]}")
            self._sessions += 1
            facts |= {"session": self._sessions, "port": port_of(at.process.pid, self.address)}
        return Shell(self, host, at, self._sessions)

    def guess(self, host: HostView, user: str, passwords: Sequence[str], technique: str) -> str | None:
        """Try passwords over ssh, one connection each; returns the first that is right."""
        words = [*terminal.ssh_words(self.address, None, True), f"{user}@{host.address}", "true"]
        for password in passwords:
            with self.act("guess", f"ssh {user}@{host.name} with {password!r}", technique, host) as facts:
                environ = terminal.ssh_environ(password)
                done = subprocess.run(words, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False)
                facts["shown"] = "right" if done.returncode == 0 else "wrong"
            if done.returncode == 0:
                return password
            self.breathe()
        return None

    def database(
        self,
        host: HostView,
        user: str,
        password: str,
        sql: str,
        technique: str,
        *,
        name: str = "postgres",
        engine: str = "postgres",
        port: int = 0,
        detached: bool = False,
    ) -> str:
        """One statement sent to a database server; `engine` is postgres or mysql."""
        with self.act("database", sql, technique, host, detached=detached) as facts:
            shown = query(self, host, user, password, sql, name, engine, port, facts)
            facts["shown"] = shown
        self.breathe()
        return shown

    # --- what others start

    def lure(self, host: HostView, person: str, command: str, technique: str, wait: float = 90) -> str:
        """An ordinary person types a command they should not, in an ssh session from their own workstation."""
        known = self.job["people"][host.name][person]
        at = terminal.over_ssh(known["key"], known["workstation"], f"{person}@{host.address}")
        if at.closed or not at.process:
            raise Lost(f"{person} could not log on to {host.name}")
        port = port_of(at.process.pid, known["workstation"])
        self.note(person=person, address=known["workstation"], port=port)
        for ordinary in self.rng.sample(("ls", "pwd", "date", "ls -la", "git status", "cd", "df -h .", "uptime"), 2):
            at.line(ordinary, 20)
            self.think(4)
        with self.act("lure", command, technique, host) as facts:
            facts |= {"person": person, "address": known["workstation"], "port": port}
            shown, done = at.ask(command, wait, known["password"])
            facts["shown"], facts["hung"] = shown, not done
            time.sleep(0.5)
        self.think(6)
        at.line("exit", 4)
        at.hang_up()
        return shown

    def plant(self, host: HostView, path: str, technique: str) -> None:
        """A file just put on the host whose later execution, whoever starts it, belongs to the intrusion."""
        with self.act("plant", path, technique, host) as facts:
            facts["shown"] = self.control.plant(host.name, path, self.job["id"], technique, self._step)


def _shut(conn: socket.socket, at: terminal.Terminal) -> None:
    at.closed = True
    with suppress(OSError):
        conn.shutdown(socket.SHUT_RDWR)
    conn.close()
