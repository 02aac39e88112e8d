#!/usr/bin/python3
"""Internal status page of the recorded host, deliberately vulnerable: /ping hands its argument to a shell."""

import os
import subprocess
import time
from pathlib import Path

import appserver

DROP = Path("/srv/status/cache")


def answer(method, path, query, body, headers):
    if method == "POST":
        name = f"{time.time():.3f}.tmp"
        (DROP / name).write_bytes(body)
        return 201, name + "\n"
    if path == "/health":
        return 200, f"ok load={os.getloadavg()[0]:.2f}\n"
    if path == "/ping":
        command = "ping -c 1 -W 1 " + query.get("host", "127.0.0.1")
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(command, shell=True, text=True, timeout=60, check=False, **streams)
        return 200, done.stdout
    if path == "/files":
        return 200, "\n".join(sorted(path.name for path in DROP.iterdir())) + "\n"
    return 404, "no such page\n"


def handler(method, path, query, body, headers):
    status, text = answer(method, path, query, body, headers)
    with Path("/srv/status/log/access.log").open("a", encoding="utf-8") as out:
        out.write(f'{headers["x-peer"]} {time.strftime("%d/%b/%Y %H:%M:%S")} "{method} {path}" {status} -\n')
    return status, text


appserver.serve(8080, handler, "status")
