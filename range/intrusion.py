"""One intrusion: plays a storyline as the words of `--job` say, in the outside namespace.

A job is JSON: id, storyline, variant, seed, pace, start, address, entry, second, people, tools (a bare tree with
database clients), control (socket of lineage.py), journal. With --loud every note is printed too.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from typing import Any

import plot
from intruder import Intruder


def loudly(own: Intruder) -> None:
    quiet = own.note

    def note(**facts: Any) -> None:
        quiet(**facts)
        if "words" in facts:
            print(f"\n== step {facts['step']} {facts['name']} ({facts['tactic']}): {facts['words']}", flush=True)
        elif "act" in facts:
            state = "HUNG " if facts.get("hung") else ""
            state += f"FAILED {facts['failed']} " if facts.get("failed") else ""
            took = facts["end"] - facts["start"]
            print(f"\n[{facts['act']} {facts['technique']} {facts['host']} {took:.1f}s] {state}{facts['command']}")
            print("    " + str(facts["shown"])[-900:].strip().replace("\n", "\n    "), flush=True)

    own.note = note  # type: ignore[method-assign]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--job", required=True)
    parser.add_argument("--loud", action="store_true")
    args = parser.parse_args()
    job = json.loads(args.job)
    story = plot.load(job["storyline"])
    time.sleep(max(0.0, job["start"] - time.time()))
    own = Intruder(job)
    if args.loud:
        loudly(own)
    code = 0
    try:
        story.play(own)
    except Exception as wrong:
        code = 1
        own.note(broken=f"{type(wrong).__name__}: {wrong}", where=traceback.format_exc(), time=time.time())
        if args.loud:
            traceback.print_exc(file=sys.stdout)
    own.note(done=True, time=time.time())
    if job["stay"]:
        time.sleep(36000)  # the depot keeps answering what was left behind, until the recording ends this process
    return code


if __name__ == "__main__":
    sys.exit(main())
