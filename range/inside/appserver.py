"""Serves an application: one process a connection, and each connection noted in syslog before it is answered."""

import os
import signal
import socket
import subprocess
import sys
import syslog
import time
from urllib.parse import parse_qsl, unquote, urlsplit

REASONS = {200: "OK", 201: "Created", 204: "No Content", 302: "Found", 303: "See Other", 400: "Bad Request"}
REASONS.update({401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"})


def _read(conn):
    """(method, target, headers, body) of one request; None when the other side says nothing."""
    conn.settimeout(30)
    data = b""
    while b"\r\n\r\n" not in data:
        more = conn.recv(65536)
        if not more or len(data) > 1 << 20:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) < 2:
        return None
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    size = int(headers.get("content-length", 0))
    while len(body) < size:
        more = conn.recv(65536)
        if not more:
            break
        body += more
    return words[0], words[1], headers, body


def _send(conn, status, body, headers):
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
    headers = {"Content-Type": "text/plain; charset=utf-8", **headers, "Content-Length": str(len(body))}
    lines += ["{}: {}".format(*item) for item in headers.items()]
    conn.sendall(("\r\n".join(lines) + "\r\nConnection: close\r\n\r\n").encode("latin-1") + body)


def _loop(port, name, answer, address):
    """Accept for ever; a child reads one request, notes it, answers and ends."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(64)
    syslog.openlog(name, syslog.LOG_PID, syslog.LOG_DAEMON)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        try:
            conn, peer = listener.accept()
        except InterruptedError:
            continue
        if os.fork():
            conn.close()
            continue
        listener.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        code = 0
        try:
            syslog.syslog(f"Connection from {peer[0]} port {peer[1]}")
            time.sleep(0.08)  # the caller's side is looked at meanwhile
            request = _read(conn)
            if request:
                answer(conn, peer, *request)
        except (OSError, ValueError) as wrong:
            syslog.syslog(f"error: {wrong}")
            code = 1
        except BaseException as wrong:  # the application failed: say so to the caller, as frameworks do
            _send(conn, 500, (f"error: {wrong}\n").encode(), {})
            code = 1
        finally:
            conn.close()
        sys.stdout.flush()
        os._exit(code)


def serve(port, handler, name, address="0.0.0.0"):
    """Answer with `handler(method, path, query, body, headers)`, which gives (status, text) or (status, text, headers).

    The text may be bytes; the caller's address stands in headers["x-peer"].
    """

    def answer(conn, peer, method, target, headers, body):
        parts = urlsplit(target)
        headers["x-peer"] = peer[0]
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        result = handler(method, unquote(parts.path), query, body, headers)
        text = result[1]
        extra = result[2] if len(result) > 2 else {}
        _send(conn, result[0], text if isinstance(text, bytes) else str(text).encode(), extra)

    _loop(port, name, answer, address)


def cgi(port, command, name, address="0.0.0.0"):
    """Answer with what `command` (a list, or a line for the shell) prints, run as a CGI program for each request."""

    def answer(conn, peer, method, target, headers, body):
        parts = urlsplit(target)
        environ = dict(os.environ, GATEWAY_INTERFACE="CGI/1.1", REQUEST_METHOD=method, QUERY_STRING=parts.query)
        environ.update(PATH_INFO=unquote(parts.path), REQUEST_URI=target, REMOTE_ADDR=peer[0], REMOTE_PORT=str(peer[1]))
        environ.update(CONTENT_LENGTH=str(len(body)), CONTENT_TYPE=headers.get("content-type", ""))
        environ.update(SERVER_PROTOCOL="HTTP/1.1", SERVER_PORT=str(port), SERVER_NAME=socket.gethostname())
        environ.update(SCRIPT_NAME="", REDIRECT_STATUS="200")
        for key, value in headers.items():
            environ["HTTP_" + key.upper().replace("-", "_")] = value
        done = subprocess.run(command, shell=isinstance(command, str), input=body, stdout=subprocess.PIPE, env=environ)
        head, mark, text = done.stdout.replace(b"\r\n", b"\n").partition(b"\n\n")
        status, extra = 200 if done.returncode == 0 or mark else 500, {}
        for line in head.decode("latin-1").split("\n") if mark else ():
            key, _, value = line.partition(":")
            if key.lower() == "status":
                status = int(value.split()[0])
            elif value:
                extra[key] = value.strip()
        _send(conn, status, text if mark else done.stdout, extra)

    _loop(port, name, answer, address)
