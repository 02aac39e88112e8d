"""One statement sent to a host's database server from outside."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intruder import Intruder
    from plot import HostView


def query(
    own: Intruder,
    host: HostView,
    user: str,
    password: str,
    sql: str,
    name: str,
    engine: str,
    port: int,
    facts: dict[str, Any],
) -> str:
    """Run the client program of a bare tree against the server, through a relay that binds the intruder's address."""
    tools = own.job["tools"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = str(listener.getsockname()[1])
        far = socket.create_connection(
            (host.address, port or (5432 if engine == "postgres" else 3306)), 20, (own.address, 0)
        )
        facts["port"] = far.getsockname()[1]
        threading.Thread(target=relay, args=(listener, far), daemon=True).start()
        environ = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": "/",
            "PGCONNECT_TIMEOUT": "20",
            "PGSSLMODE": "disable",
        }
        if engine == "postgres":
            environ["PGPASSWORD"] = password
            words = ["psql", "-X", "-A", "-h", "127.0.0.1", "-p", near, "-U", user, "-d", name, "-c", sql]
        else:
            environ["MYSQL_PWD"] = password
            words = ["mysql", "-h", "127.0.0.1", "-P", near, "-u", user, "-B", "-e", sql, name]
        done = subprocess.run(
            ["/usr/sbin/chroot", tools, *words], env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        time.sleep(0.2)
        far.close()
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def relay(listener: socket.socket, far: socket.socket) -> None:
    try:
        near, _ = listener.accept()
    except OSError:
        return

    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    far.settimeout(None)
    threading.Thread(target=pump, args=(near, far), daemon=True).start()
    pump(far, near)
