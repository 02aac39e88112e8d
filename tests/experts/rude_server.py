"""An OpenAI-compatible server that does what a test tells it to, and remembers what it was asked."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LABELS = ("malicious", "benign")


@dataclass
class Reply:
    """What comes back. ``drip``: seconds between single bytes; ``cut``: the connection breaks before any answer."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0
    cut: bool = False


def completion(content: str, model: str, *, other: float | None = 0.1, tokens: int = 50) -> dict[str, Any]:
    """A chat completion; ``other``: probability of the label that was not said, None for no logprobs."""
    choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    if other is not None:
        choice["logprobs"] = {"content": logprobs(content, other)}
    return {"model": model, "choices": [choice], "usage": {"total_tokens": tokens}}


def logprobs(content: str, other: float) -> list[dict[str, Any]]:
    """Tokens of an answer: what stands before the label, the label, the rest."""
    said = next((label for label in LABELS if f'"{label}"' in content), "")
    start = content.find(said) if said else len(content)
    found = [token(content[:start], 1.0, {}), token(said, 1 - other, {each: other for each in LABELS if each != said}),
             token(content[start + len(said) :], 1.0, {})]  # fmt: skip
    return [each for each in found if each["token"]]


def token(text: str, probability: float, others: dict[str, float]) -> dict[str, Any]:
    def entry(word: str, share: float) -> dict[str, Any]:
        return {"token": word, "logprob": math.log(share), "bytes": list(word.encode())}

    alternatives = [entry(text, probability), *(entry(word, share) for word, share in others.items())]
    return entry(text, probability) | {"top_logprobs": alternatives}


def said(label: str, model: str = "m", **more: Any) -> dict[str, Any]:
    return completion(json.dumps({"label": label}), model, **more)


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """The user's message."""
        return str(self.body["messages"][1]["content"])


class RudeServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, answer: Callable[[Asked, int], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[Asked] = []
        self.busy = 0
        self.most_busy = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: RudeServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._do({})

    def do_POST(self) -> None:
        self._do(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _do(self, body: dict[str, Any]) -> None:
        asked = Asked(self.path.removeprefix("/v1"), dict(self.headers), body)
        with self.server.lock:
            self.server.asked.append(asked)
            number = len(self.server.asked)
            self.server.busy += 1
            self.server.most_busy = max(self.server.most_busy, self.server.busy)
        try:
            self._send(self.server.answer(asked, number))
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def _send(self, reply: Reply) -> None:
        time.sleep(reply.delay)
        if reply.cut:
            self.close_connection = True
            self.connection.close()
            return
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in ({"Content-Length": str(len(body))} | reply.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if not reply.drip:
            self.wfile.write(body)
        for place in range(len(body) if reply.drip else 0):
            self.wfile.write(body[place : place + 1])
            time.sleep(reply.drip)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextmanager
def serving(answer: Callable[[Asked, int], Reply]) -> Iterator[RudeServer]:
    """A server for one test; ``answer`` is called with each request and its number, the first being 1."""
    server = RudeServer(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
