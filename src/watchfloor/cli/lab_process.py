"""A command of the lab in a process of its own: the roofs do not import each other.

What is learned comes back as files and an exit code. Knows nothing of what a command does.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from watchfloor.base.errors import UsageError


def hand_over(module: str, words: Sequence[str], *, needed: Sequence[str]) -> int:
    """Run ``watchfloor.lab.<module>`` and return its exit code.

    Raises:
        UsageError: a library it needs is not installed.
    """
    missing = [name for name in needed if not _there(name)]
    if missing:
        raise UsageError(
            f"this command needs {' and '.join(missing)}, which is not installed.", hint="pip install 'watchfloor[lab]'"
        )
    sys.stdout.flush()
    return subprocess.run([sys.executable, "-m", f"watchfloor.lab.{module}", *words]).returncode


def words(options: argparse.Namespace, names: Sequence[str]) -> list[str]:
    """Options as words of a command line; what was not given is left to the lab, flags are given by name alone."""
    found = []
    for name in names:
        value = getattr(options, name.replace("-", "_"))
        if value is True:
            found.append(f"--{name}")
        elif value is not None and value is not False:
            found.append(f"--{name}={value}")
    return found


def whole(text: str) -> int:
    """A whole number of an option, not below zero."""
    if not text.isdecimal():
        raise UsageError(f"a whole number is needed, not {text!r}.")
    return int(text)


def _there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False
