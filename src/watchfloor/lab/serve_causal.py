"""An OpenAI-compatible server of one local causal model and LoRA adapters on it, for trying out and for tests.

    python -m watchfloor.lab.serve_causal --model FOLDER|FILE.gguf [--lora NAME=FOLDER] [--port 8000]

It answers one request at a time and in plain PyTorch. For production run vLLM, which batches; its addresses are the
same: ``GET /health``, ``GET /v1/models``, ``POST /v1/chat/completions``, ``/v1/load_lora_adapter`` and
``/v1/unload_lora_adapter``. Who can reach it can load adapters: it listens on this machine alone unless told otherwise.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from watchfloor.base.errors import InputError, UsageError, WatchfloorError
from watchfloor.lab.causal_base import library, load
from watchfloor.lab.causal_completions import complete, not_found, request_of
from watchfloor.lab.causal_shelf import CausalShelf
from watchfloor.lab.outputs import Say, command

#: Bytes of one request, and seconds a client may take to send it.
MOST_BYTES: Final = 4 * 1024 * 1024
_SLOWEST_S: Final = 60.0


class CausalServer(ThreadingHTTPServer):
    """Listens at ``address``; a thread a connection, one computation at a time."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], shelf: CausalShelf) -> None:
        super().__init__(address, _Handler)
        self.shelf = shelf

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no fault."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """Where it is asked, up to ``/v1``."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: CausalServer
    protocol_version = "HTTP/1.1"
    timeout = _SLOWEST_S
    # Head and body are two writes: without this the second waits for the first to be acknowledged.
    disable_nagle_algorithm = True
    _PATHS: ClassVar = {"/v1/chat/completions": "_complete", "/v1/load_lora_adapter": "_load",
                        "/v1/unload_lora_adapter": "_unload"}  # fmt: skip

    def do_GET(self) -> None:
        if self.path == "/health":
            self._send(200, b"")
        elif self.path == "/v1/models":
            now = int(time.time())
            base = self.server.shelf.name
            models = [{"id": name, "object": "model", "created": now, "owned_by": "watchfloor", "root": path,
                       "parent": None if name == base else base}
                      for name, path in self.server.shelf.names()]  # fmt: skip
            self._json(200, {"object": "list", "data": models})
        else:
            self._fault(404, "Not Found")

    def do_POST(self) -> None:
        try:
            body = self._body()
            action = self._PATHS.get(self.path)
            if action is None:
                self._fault(404, "Not Found")
            else:
                getattr(self, action)(body)
        except InputError as error:
            self._fault(400, error.message)
        except UsageError as error:
            self._fault(404 if not_found(error) else 400, error.message)
        except WatchfloorError as error:
            self._fault(500, error.message)

    def _complete(self, body: dict[str, Any]) -> None:
        self._json(200, complete(self.server.shelf, request_of(body)))

    def _load(self, body: dict[str, Any]) -> None:
        name, path = _texts(body, "lora_name", "lora_path")
        self.server.shelf.load(name, path)
        self._send(200, f"Success: LoRA adapter '{name}' added successfully.".encode())

    def _unload(self, body: dict[str, Any]) -> None:
        (name,) = _texts(body, "lora_name")
        self.server.shelf.unload(name)
        self._send(200, f"Success: LoRA adapter '{name}' removed successfully.".encode())

    def _body(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True
            raise InputError(f"a request needs a Content-Length of at most {MOST_BYTES:,}.")
        raw = self.rfile.read(int(length))
        # A web page can post text to this machine, but not JSON: that needs leave, which is not given. One whose
        # name was bent to this machine's address gives itself away by that name.
        if self.headers.get_content_type() != "application/json" or not self._meant():
            raise InputError("Content-Type is application/json, and Host is where this server listens.")
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            raise InputError("the request is no JSON.") from None
        if not isinstance(found, dict):
            raise InputError("the request is no JSON object.")
        return found

    def _meant(self) -> bool:
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        return self.server.server_address[0] != "127.0.0.1" or host in ("127.0.0.1", "localhost")

    def _fault(self, status: int, message: str) -> None:
        kind = "NotFoundError" if status == 404 else "BadRequestError"
        self._json(status, {"error": {"message": message, "type": kind, "param": None, "code": status}})

    def _json(self, status: int, found: dict[str, Any]) -> None:
        self._send(status, json.dumps(found, ensure_ascii=False).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: texts under judgement do not belong in a log."""


def _texts(body: dict[str, Any], *names: str) -> list[str]:
    found = [body.get(name) for name in names]
    if not all(isinstance(each, str) and each for each in found):
        raise InputError(f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} needed.")
    return [str(each) for each in found]


def run(options: argparse.Namespace, say: Say) -> int:
    """Load, listen, and answer until interrupted."""
    if options.threads:
        library("torch").set_num_threads(options.threads)
    base = load(options.model)
    shelf = CausalShelf(
        base, options.name or (options.model.stem if options.model.is_file() else options.model.resolve().name)
    )
    for each in options.lora:
        name, equals, path = each.partition("=")
        if not equals:
            raise UsageError(f"--lora {each!r} is not NAME=FOLDER.")
        shelf.load(name, path)
    with CausalServer((options.host, options.port), shelf) as server:
        say(f"{server.url} serves {', '.join(name for name, _ in shelf.names())}")
        server.serve_forever()
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of this module: an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--model", type=Path, required=True, help="Hugging Face folder or GGUF file")
    add("--name", default="", help="name the base is asked by; default: its folder's or file's")
    add("--lora", metavar="NAME=FOLDER", action="append", default=[], help="an adapter to load; may be repeated")
    add("--host", default="127.0.0.1", help="address to listen at")
    add("--port", type=int, default=8000, help="0 takes a free one")
    add("--threads", type=int, default=0, help="cores to compute on; default all")
    options = parser.parse_args(argv)
    options.json = ""
    return command(run, options, "")


if __name__ == "__main__":
    sys.exit(main())
