"""A person at a terminal: types a line, waits for the prompt, thinks, types the next."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07|\x1b[()=>][A-Z0-9]?|\r")
PROMPT = re.compile(r"[\w-]+@[\w-]+:[^\n]*[$#] $")
PASSWORD = re.compile(r"assword[^\n]*: ?$")


class Terminal:
    """Types through `write`; `read` returns b"" when the other side is gone."""

    def __init__(self, read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
        self._read, self._write = read, write
        self._text, self._last, self.closed = "", time.monotonic(), False
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        while True:
            try:
                data = self._read()
            except OSError:
                data = b""
            if not data:
                self.closed = True
                return
            self._text = (self._text + data.decode("utf-8", "replace"))[-200000:]
            self._last = time.monotonic()

    def seen(self) -> str:
        return ESCAPES.sub("", self._text[-6000:])

    def keys(self, text: str) -> None:
        try:
            self._write(text.encode())
        except (OSError, ValueError):
            self.closed = True

    def wait(self, timeout: float, password: str | None = None) -> bool:
        """True once a prompt stands at the end and nothing more comes; answers password questions."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and not self.closed:
            time.sleep(0.05)
            if time.monotonic() - self._last < 0.2:
                continue
            tail = self.seen()[-300:]
            if PROMPT.search(tail):
                return True
            if password and PASSWORD.search(tail):
                time.sleep(0.8)
                self._text = ""
                self.keys(password + "\n")
                self._last = time.monotonic()
        return False

    def line(self, text: str, timeout: float = 60, password: str | None = None) -> str:
        """Type one command (it may hold a here-document), wait for the prompt, return what was shown."""
        self._text, self._last = "", time.monotonic()
        # several lines are pasted, so that the shell does not complete the tabs in them
        self.keys(("\x1b[200~" + text + "\x1b[201~" if "\n" in text else text) + "\n")
        if not self.wait(timeout, password) and not self.closed:
            self.keys("\x03")
            self.wait(5)
        return self.seen()


def over_ssh(key: str, source: str, login: str, password: str | None = None) -> Terminal:
    """Log on to the recorded host from one of the loopback addresses."""
    key_or_password = ["-i", key] if password is None else ["-o", "PreferredAuthentications=password"]
    command = [
        "ssh",
        "-tt",
        "-F",
        "none",
        *key_or_password,
        "-b",
        source,
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "LogLevel=ERROR",
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "SendEnv=-*",
        login,
    ]
    environ = {
        "PATH": "/usr/bin:/bin",
        "TERM": "xterm",
        "HOME": "/nonexistent",
        "SSH_ASKPASS_REQUIRE": "force",
        "SSH_ASKPASS": str(HERE / "askpass.sh"),
        "RANGE_PASSWORD": password or "",
    }
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0, env=environ
    )
    assert process.stdin and process.stdout
    stdin: IO[bytes] = process.stdin
    stdout: IO[bytes] = process.stdout
    terminal = Terminal(lambda: stdout.read(65536), stdin.write)
    terminal.wait(20)
    return terminal
