"""The tasks of our own experts, by name: where their labelled texts come from.

    python -m watchfloor.lab.tasks NAME SHARED_DATA OUT.jsonl

writes a task's examples as ``watchfloor lab finetune`` reads them.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from watchfloor.lab.examples import Example, write
from watchfloor.lab.tasks_command import command
from watchfloor.lab.tasks_prompt import guard
from watchfloor.lab.tasks_technique import technique
from watchfloor.lab.tasks_vulnerability import cvss, cwe

TASKS: Final[dict[str, Callable[[Path], Iterator[Example]]]] = {
    "command": command, "cvss": cvss, "cwe": cwe, "guard": guard, "technique": technique,
}  # fmt: skip


def main() -> None:
    """Write one task's examples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(TASKS))
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    print(f"{write(options.out, TASKS[options.name](options.data)):,} examples")


if __name__ == "__main__":
    main()
