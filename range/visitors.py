"""People who look at the status page of the host now and then, from another loopback address."""

from __future__ import annotations

import argparse
import http.client
import random
import time

HOSTS = ("127.0.0.1", "10.20.7.21", "10.20.7.22", "10.20.7.30", "10.20.7.99", "artifacts.corp.example", "localhost")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--until", type=float, required=True)
    args = parser.parse_args()
    rng = random.Random(f"{args.seed}:visitors")
    while time.time() < args.until:
        time.sleep(min(rng.expovariate(1 / 20), 90))
        conn = http.client.HTTPConnection("10.20.7.7", 8080, timeout=20, source_address=("10.20.7.30", 0))
        page = rng.choice(("/health", "/files", "/ping?host=", "/ping?host=", "/metrics", "upload"))
        try:
            if page == "upload":
                conn.request("POST", "/upload", body=rng.randbytes(rng.randint(200, 4000)))
            else:
                conn.request("GET", page + (rng.choice(HOSTS) if page.endswith("=") else ""))
            held = conn.sock.dup()  # see Intruder.inject
            conn.getresponse().read()
            time.sleep(0.5)
            held.close()
        except (OSError, http.client.HTTPException):
            pass  # a page that does not answer is part of ordinary life
        conn.close()


if __name__ == "__main__":
    main()
