"""A person at a terminal: types a line, waits for the prompt, thinks, types the next."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from switch import with_parent

HERE = Path(__file__).resolve().parent

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07|\x1b[()=>][A-Z0-9]?|\r")
PROMPT = re.compile(
    r"(?:[\w-]+@[\w-]+:[^\n]*[$#%] |(?:^|\n)(?:[\w.-]*sh-[\d.]+)?[$#] |(?:^|\n)>>> "
    r"|[=\-](?:\*|!)?[#>] |sqlite> |(?:mysql|\)\])> )$"
)
PASSWORD = re.compile(r"(?:assword|assphrase)[^\n]*: ?$")


class Terminal:
    """Types through `write`; `read` returns b"" when the other side is gone."""

    def __init__(self, read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
        self._read, self._write = read, write
        self._text, self._last, self.closed = "", time.monotonic(), False
        self.blind = False  # a shell without a prompt: done when it has been quiet for a while
        self.process: subprocess.Popen[bytes] | None = None
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
        begin = time.monotonic()
        while time.monotonic() < begin + timeout and not self.closed:
            time.sleep(0.05)
            quiet = time.monotonic() - self._last
            if quiet < 0.2:
                continue
            tail = self.seen()[-300:]
            if PROMPT.search(tail):
                self.blind = False
                return True
            if self.blind and quiet > (1.2 if tail.strip() else 3.0):
                return True
            if password and PASSWORD.search(tail):
                time.sleep(0.8)
                self._text = ""
                self.keys(password + "\n")
                self._last = time.monotonic()
        return False

    def line(self, text: str, timeout: float = 60, password: str | None = None) -> str:
        """Type one command (it may hold a here-document), wait for the prompt, return what was shown."""
        return self.ask(text, timeout, password)[0]

    def ask(self, text: str, timeout: float = 60, password: str | None = None) -> tuple[str, bool]:
        """As `line`, and whether it came to an end by itself."""
        self._text, self._last = "", time.monotonic()
        # several lines are pasted, so that the shell does not complete the tabs in them
        pasted = "\n" in text and not self.blind
        self.keys(("\x1b[200~" + text + "\x1b[201~" if pasted else text) + "\n")
        done = self.wait(timeout, password) or self.closed
        if not done:
            self.keys("\x03")
            self.wait(5)
        return self.seen(), done

    def hang_up(self) -> None:
        """Close an ssh session from this side."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.closed = True


def ssh_words(source: str, key: str | None, password: bool) -> list[str]:
    settings = "StrictHostKeyChecking=no UserKnownHostsFile=/dev/null LogLevel=ERROR IdentitiesOnly=yes SendEnv=-*"
    settings += " NumberOfPasswordPrompts=1 ConnectTimeout=15"
    words = ["ssh", "-F", "none", "-b", source]
    for setting in settings.split():
        words += ["-o", setting]
    if key:
        words += ["-i", key]
    return [*words, "-o", "PreferredAuthentications=" + ("password" if password else "publickey")]


def ssh_environ(password: str | None) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "TERM": "xterm",
        "HOME": "/nonexistent",
        "SSH_ASKPASS_REQUIRE": "force",
        "SSH_ASKPASS": str(HERE / "askpass.sh"),
        "RANGE_PASSWORD": password or "",
    }


def over_ssh(key: str | None, source: str, login: str, password: str | None = None) -> Terminal:
    """Log on to a recorded host from an outside address."""
    process = subprocess.Popen(
        [*ssh_words(source, key, password is not None), "-tt", login],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
        env=ssh_environ(password),
        preexec_fn=with_parent,
    )
    assert process.stdin and process.stdout
    stdin: IO[bytes] = process.stdin
    stdout: IO[bytes] = process.stdout
    terminal = Terminal(lambda: stdout.read(65536), stdin.write)
    terminal.process = process
    terminal.wait(20)
    return terminal
