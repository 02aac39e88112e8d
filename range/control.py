"""How an intruder's process talks to the lineage process: one line of JSON each way over a unix socket."""

from __future__ import annotations

import json
import socket
from typing import Any


class Control:
    def __init__(self, path: str) -> None:
        self.path = path

    def ask(self, **facts: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as conn:
            conn.settimeout(20)
            conn.connect(self.path)
            conn.sendall(json.dumps(facts).encode() + b"\n")
            with conn.makefile() as lines:
                answer: dict[str, Any] = json.loads(lines.readline())
        return answer

    def plant(self, host: str, path: str, intrusion: str, technique: str, step: int) -> str:
        answer = self.ask(op="plant", host=host, path=path, intrusion=intrusion, technique=technique, step=step)
        if "wrong" in answer:
            raise FileNotFoundError(f"{path} on {host}: {answer['wrong']}")
        return "watched"

    def owner(self, address: str, port: int) -> int:
        """Pid of the process that holds this end of a connection; 0 when it is not found."""
        return int(self.ask(op="owner", address=address, port=port).get("pid") or 0)
