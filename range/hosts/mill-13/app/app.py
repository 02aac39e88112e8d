"""Parcel tracking: pages for people and scanners; PostgreSQL behind it. SIGHUP loads the current release."""

import http.server
import os
import signal
import sys
import threading
import urllib.parse

import psycopg2

from pages import page, table

os.environ.setdefault("PGPASSFILE", "/etc/waybill.pgpass")
HOLD = threading.local()


def ask(sql, *values):
    """Rows of one statement on this thread's connection."""
    if getattr(HOLD, "link", None) is None or HOLD.link.closed:
        HOLD.link = psycopg2.connect(host="127.0.0.1", user="waybill", dbname="haulage")
        HOLD.link.autocommit = True
    with HOLD.link.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


class Site(http.server.BaseHTTPRequestHandler):
    def answer(self, text, status=200):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        words = urllib.parse.parse_qs(url.query)
        if url.path == "/health":
            return self.answer("ok\n")
        if url.path == "/":
            return self.answer(page("Parcels", table(ask("SELECT state, count(*) FROM parcel GROUP BY 1 ORDER BY 1"))))
        if url.path == "/depots":
            return self.answer(page("Depots", table(ask("SELECT * FROM depot ORDER BY id"))))
        if url.path == "/search":
            like = f"%{words.get('q', [''])[0]}%"
            rows = ask("SELECT id, consignee, state FROM parcel WHERE consignee LIKE %s LIMIT 20", like)
            return self.answer(page("Search", table(rows)))
        if url.path.startswith("/parcel/") and url.path[8:].isdigit():
            number = int(url.path[8:])
            rows = ask("SELECT depot, at, note FROM scan WHERE parcel = %s ORDER BY at DESC LIMIT 20", number)
            return self.answer(page(f"Parcel {number}", table(rows)))
        return self.answer(page("Nothing here", ""), 404)

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        sent = dict(urllib.parse.parse_qsl(self.rfile.read(size).decode("utf-8", "replace")))
        if self.path != "/scan" or not sent.get("parcel", "").isdigit():
            return self.answer("what?\n", 400)
        ask("INSERT INTO scan (parcel, depot, note) VALUES (%s, %s, %s)", sent["parcel"], sent["depot"], sent["note"])
        return self.answer("noted\n")

    def log_message(self, form, *words):
        pass


def main():
    here = "/srv/waybill/current/app.py"
    signal.signal(signal.SIGHUP, lambda *_: os.execv(sys.executable, [sys.executable, here]))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8380), Site)
    server.serve_forever()


if __name__ == "__main__":
    main()
