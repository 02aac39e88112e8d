"""What the storylines of the clinic share: words of their own, a mail server of the intruder, uploads by sftp."""

from __future__ import annotations

import socketserver
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import terminal

if TYPE_CHECKING:
    from intruder import Intruder

WORDS = "poultice splint gauze tincture lozenge ferrule trestle caster gurney bolster sconce lintel"


def a_word(own: Intruder) -> str:
    """A name for a file or folder that no other storyline uses."""
    return own.pick(WORDS.split())


class Letterbox(socketserver.StreamRequestHandler):
    """Takes mail and drops it: just enough SMTP for curl and mail programs."""

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")

    def handle(self) -> None:
        self.say("220 mail.example")
        body = False
        for line in self.rfile:
            word = line.strip().upper()
            if body:
                body = word != b"."
                if not body:
                    self.say("250 taken")
            elif word.startswith(b"QUIT"):
                self.say("221 bye")
                return
            else:
                body = word == b"DATA"
                self.say("354 go on" if body else "250 ok")


def take_mail(own: Intruder, port: int) -> None:
    """Serve a letterbox at the intruder's address until this process ends."""
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    server = socketserver.ThreadingTCPServer((own.address, port), Letterbox)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def sftp(own: Intruder, user: str, password: str, lines: list[str], files: dict[str, str], technique: str) -> str:
    """One sftp session from outside; `files` lie in the local folder that its lines begin in."""
    told = "; ".join(lines)
    with own.act("login", f"sftp {user}@{own.entry.name}: {told}", technique, own.entry) as facts:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            words = terminal.ssh_words(own.address, None, True)
            words[0] = "sftp"
            bind = words.index("-b")
            words[bind : bind + 2] = ["-o", f"BindAddress={own.address}"]
            # a batch file would forbid passwords: the lines come by standard input
            done = subprocess.run(
                [*words, f"{user}@{own.entry.address}"],
                env=terminal.ssh_environ(password),
                input="\n".join([*lines, "bye"]) + "\n",
                text=True,
                cwd=folder,
                capture_output=True,
                check=False,
            )
        facts["shown"] = done.stdout + done.stderr
    own.breathe()
    return done.stdout + done.stderr
