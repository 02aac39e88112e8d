"""People and monitors that use the pages of the hosts: one thread a page, ordinary requests at random moments.

`--visits` is JSON: a list of {address, port, every, method, path, body, from}.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import threading
import time
from typing import Any

from desk import fill


def visit(known: dict[str, Any], rng: random.Random, loud: bool) -> None:
    source = rng.choice(known["from"])
    path, body = (fill(text, rng, rng.randint(2, 98)) for text in (known["path"], known["body"]))
    conn = http.client.HTTPConnection(known["address"], known["port"], timeout=20, source_address=(source, 0))
    status = "no answer"
    try:
        conn.connect()
        held = conn.sock.dup()  # see Intruder.http
        kind = "application/json" if body[:1] in "{[" else "application/x-www-form-urlencoded"
        conn.request(known["method"], path, body.encode() or None, {"Content-Type": kind} if body else {})
        answer = conn.getresponse()
        answer.read()
        status = str(answer.status)
        time.sleep(0.3)
        held.close()
    except (OSError, http.client.HTTPException) as wrong:
        status = f"no answer: {wrong}"  # a page that does not answer is part of ordinary life
    conn.close()
    if loud:
        mark = "" if status[:1] in "23" else "  <-- looks wrong"
        print(f"visit {known['method']} {known['address']}:{known['port']}{path} {status}{mark}", flush=True)


def keep_visiting(known: dict[str, Any], seed: str, until: float, pace: float, loud: bool) -> None:
    rng = random.Random(seed)
    while time.time() < until:
        pause = rng.expovariate(1 / known["every"]) * pace
        time.sleep(max(0.05, min(pause, 4 * known["every"], until - time.time())))
        visit(known, rng, loud)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--until", type=float, required=True)
    parser.add_argument("--visits", required=True)
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--loud", action="store_true")
    args = parser.parse_args()
    threads = []
    for number, known in enumerate(json.loads(args.visits)):
        words = (known, f"{args.seed}:visitors:{number}", args.until, args.pace, args.loud)
        threads.append(threading.Thread(target=keep_visiting, args=words))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
