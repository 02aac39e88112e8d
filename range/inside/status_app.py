#!/usr/bin/python3
"""Internal status page of the recorded host, deliberately vulnerable: /ping hands its argument to a shell."""

import os
import socketserver
import subprocess
import syslog
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

DROP = Path("/srv/status/cache")


class Server(socketserver.ForkingMixIn, HTTPServer):
    """One process per connection, so that the kernel's process tree says who was served."""


class Handler(BaseHTTPRequestHandler):
    def reply(self, code: int, text: str) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self) -> None:
        address, port = self.client_address[:2]
        syslog.syslog(f"Connection from {address} port {port}: {self.command} {urlsplit(self.path).path}")

    def do_GET(self) -> None:
        self.note()
        parts = urlsplit(self.path)
        if parts.path == "/health":
            self.reply(200, f"ok load={os.getloadavg()[0]:.2f}\n")
        elif parts.path == "/ping":
            host = parse_qs(parts.query).get("host", ["127.0.0.1"])[0]
            done = subprocess.run(
                "ping -c 1 -W 1 " + host,
                shell=True,
                text=True,
                timeout=60,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            self.reply(200, done.stdout)
        elif parts.path == "/files":
            self.reply(200, "\n".join(sorted(path.name for path in DROP.iterdir())) + "\n")
        else:
            self.reply(404, "no such page\n")

    def do_POST(self) -> None:
        self.note()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = f"{time.time():.3f}.tmp"
        (DROP / name).write_bytes(body)
        self.reply(201, name + "\n")

    def log_message(self, format: str, *args: object) -> None:
        with Path("/srv/status/log/access.log").open("a", encoding="utf-8") as out:
            out.write(f"{self.client_address[0]} {self.log_date_time_string()} {format % args}\n")


syslog.openlog("status", syslog.LOG_PID, syslog.LOG_DAEMON)
Server(("0.0.0.0", 8080), Handler).serve_forever()
