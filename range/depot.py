"""File servers outside: the ordinary download server, and the one that each intruder runs."""

from __future__ import annotations

import argparse
import random
import tarfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

NAMES = ("notes", "release", "changes", "manual", "dataset", "licences", "mirror-list", "checksums")


class Shelf:
    """Files by name; what is asked for and not there is answered with "ok", what is sent is dropped."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.forgiving = True

    def serve(self, address: str, port: int) -> ThreadingHTTPServer:
        shelf = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_version = "nginx"
            sys_version = ""

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def do_GET(self) -> None:
                name = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).lstrip("/")
                if name in shelf.files:
                    self.answer(200, shelf.files[name])
                elif not name and not shelf.forgiving:
                    self.answer(200, "\n".join(sorted(shelf.files)).encode() + b"\n")
                else:
                    self.answer(*((200, b"ok\n") if shelf.forgiving else (404, b"not found\n")))

            do_HEAD = do_GET  # noqa: N815

            def do_POST(self) -> None:
                size = 0
                if "content-length" in self.headers:
                    size = len(self.rfile.read(int(self.headers["content-length"])))
                else:  # chunked
                    while chunk := int(self.rfile.readline().strip() or b"0", 16):
                        size += len(self.rfile.read(chunk))
                        self.rfile.readline()
                    self.rfile.readline()
                self.answer(200, f"{size}\n".encode())

            do_PUT = do_POST  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer((address, port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


def ordinary(seed: int) -> dict[str, bytes]:
    """A few files that people download."""
    rng = random.Random(f"{seed}:depot")
    files: dict[str, bytes] = {}
    for name in NAMES:
        lines = [f"{name} {rng.randint(1, 9)}.{rng.randint(0, 20)} {rng.getrandbits(64):016x}" for _ in range(200)]
        files[f"{name}.txt"] = ("\n".join(lines) + "\n").encode()
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, body in files.items():
            facts = tarfile.TarInfo("bundle/" + name)
            facts.size = len(body)
            archive.addfile(facts, BytesIO(body))
    files["bundle.tar.gz"] = packed.getvalue()
    files["get.sh"] = (
        b'#!/bin/sh\nset -e\ncurl -fsS http://files.example/bundle.tar.gz | tar -C "${1:-/tmp}" -xz\necho done\n'
    )
    files["blob.bin"] = rng.randbytes(300_000)
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("folders", type=Path, nargs="*", help="folders whose files are served too")
    args = parser.parse_args()
    shelf = Shelf()
    shelf.forgiving = False
    shelf.files = ordinary(args.seed)
    for folder in args.folders:
        for path in folder.rglob("*"):
            if path.is_file():
                shelf.files[str(path.relative_to(folder))] = path.read_bytes()
    shelf.serve(args.address, 80)
    threading.Event().wait()


if __name__ == "__main__":
    main()
