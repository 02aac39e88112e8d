"""What commands of the lab write and say: files and packs complete or absent, faults as one line and an exit code.

The roofs do not import each other, so the lab has its own; it follows the same contract.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from watchfloor.base.errors import RefusedError, UsageError, WatchfloorError
from watchfloor.film.story import visible

Say = Callable[[str], None]
_INTERRUPTED = 130


def free(out: Path) -> None:
    """Find out now whether a pack can be written there.

    Raises:
        UsageError: something is there already, or the folder around it is missing.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already.", hint="Name a new folder for the pack.")
    if not out.resolve().parent.is_dir():
        raise UsageError(f"the folder of {out} does not exist.", hint=f"mkdir -p {out.parent}")


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A folder to fill; when it is left without a fault, it takes its place, instead of what was there, at once."""
    target = out.resolve()
    with tempfile.TemporaryDirectory(prefix=".watchfloor-", dir=target.parent) as name:
        folder = Path(name) / "pack"
        folder.mkdir()
        yield folder
        if target.exists():
            target.rename(Path(name) / "old")
        folder.rename(target)


def save(path: str, text: str) -> None:
    """Write a file, complete or absent; a device is written to.

    Raises:
        WatchfloorError: it cannot be written.
    """
    target = Path(path).resolve()
    temporary = target.with_name(f".watchfloor-{os.getpid()}.tmp")
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, "utf-8")
            return
        temporary.write_text(text, "utf-8")
        temporary.replace(target)
    except OSError as error:
        raise failed(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def save_json(path: str, found: dict[str, Any]) -> None:
    """Write one JSON line to a file, or to standard output where the path is ``-``; nothing where it is empty."""
    line = json.dumps(found) + "\n"
    if path == "-":
        sys.stdout.write(line)
    elif path:
        save(path, line)


def failed(path: str, error: OSError) -> WatchfloorError:
    """A fault of the file system, in words."""
    if isinstance(error, PermissionError):
        return RefusedError(f"{path}: permission denied.", hint="Choose a folder you may write to.")
    return WatchfloorError(f"{path} could not be written: {error.strerror or error}.", hint="Is the disk full?")


def progress() -> Say:
    """Says on standard error what is being done, with the seconds since the beginning."""
    began = time.monotonic()

    def say(text: str) -> None:
        # On a terminal the rounds of learning are drawn over each other.
        again = text.startswith("round ") and sys.stderr.isatty()
        line = f"{time.monotonic() - began:7.1f} s  {visible(text)}"
        print(f"\r{line}\x1b[K" if again else line, end="" if again else "\n", file=sys.stderr, flush=True)

    return say


def command(run: Callable[[argparse.Namespace, Say], int], options: argparse.Namespace, out: str) -> int:
    """Run a command of the lab and return its exit code. Its words go where its JSON does not."""
    words = sys.stderr if options.json == "-" else sys.stdout
    try:
        return run(options, lambda text: print(visible(text), file=words, flush=True))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (WatchfloorError, OSError) as caught:
        error = caught if isinstance(caught, WatchfloorError) else failed(str(caught.filename or out), caught)
        print(f"watchfloor: {visible(str(error))}", file=sys.stderr)
        if options.json == "-":
            record = {"type": "error", "code": error.exit_code, "message": error.message, "hint": error.hint}
            print(json.dumps(record))
        return error.exit_code
