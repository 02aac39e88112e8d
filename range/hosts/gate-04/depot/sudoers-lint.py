#!/usr/bin/python3
"""Rules that give more than they should: wildcards, shells, NOPASSWD: ALL."""

import re
from pathlib import Path

WIDE = re.compile(r"NOPASSWD:\s*ALL|/bin/(ba)?sh|\*|/(find|vim|less|awk|perl|python3?)\b")
for path in [Path("/etc/sudoers"), *Path("/etc/sudoers.d").iterdir()]:
    for at, line in enumerate(path.read_text().splitlines(), 1):
        if WIDE.search(line) and line[0] != "#":
            print(f"{path}:{at}: {line.strip()}")
