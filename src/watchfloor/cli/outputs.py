"""Files the commands write: checked before the work begins, complete or absent when it ends.

Knows nothing of what is in them.
"""

import errno
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from watchfloor.base.errors import RefusedError, UsageError, WatchfloorError

_SURROGATE = re.compile("[\ud800-\udfff]")


def check(outputs: Sequence[str], inputs: Sequence[str]) -> None:
    """Find out now, not after an hour of reading, whether each output can be written.

    Raises:
        UsageError: two outputs are one file, a folder is missing, or an input would be overwritten.
        RefusedError: the place is not writable.
    """
    taken: set[Path] = set()
    for name in outputs:
        if name in ("", "-"):
            raise UsageError("an output needs a file name.", hint="Only --json may be -, standard output.")
        target = Path(name).resolve()
        if target in taken:
            raise UsageError(f"two outputs go to {name}.", hint="Give each its own file.")
        taken.add(target)
        if target.is_dir():
            raise UsageError(f"{name} is a folder.", hint="Name the file to write.")
        if not target.parent.is_dir():
            raise UsageError(f"the folder of {name} does not exist.", hint=f"mkdir -p {Path(name).parent}")
        _refuse_inputs(name, target, inputs)
        if not os.access(target if _is_device(target) else target.parent, os.W_OK):
            raise _refused(name)


def write(name: str, chunks: Iterable[bytes]) -> None:
    """Write a file beside its place, then move it there: no reader ever sees half of it.

    Raises:
        RefusedError: permission denied.
        WatchfloorError: the disk is full or fails.
    """
    target = Path(name).resolve()
    try:
        if _is_device(target):  # replacing /dev/null by a file would be a bad joke
            with target.open("wb") as stream:
                stream.writelines(chunks)
            return
        temporary = target.with_name(f".watchfloor-{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as stream:
                stream.writelines(chunks)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise _refused(name) from error
        raise WatchfloorError(
            f"{name} could not be written: {error.strerror or error}.", hint="Is the disk full?"
        ) from error


def json_line(record: dict[str, Any]) -> bytes:
    """One JSON line. A file name that is no text is spelled out: JSON has no bytes."""
    import orjson

    try:
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        import json

        text = json.dumps(record, ensure_ascii=False)
        plain = _SURROGATE.sub(lambda match: f"\\\\u{ord(match[0]):04x}", text)
        return plain.encode("utf-8") + b"\n"


def _refuse_inputs(name: str, target: Path, inputs: Sequence[str]) -> None:
    if not target.exists() or _is_device(target):
        return
    for source in inputs:
        read = Path(source).resolve()
        if target == read or (read.is_dir() and target.is_relative_to(read)):
            raise UsageError(
                f"{name} is among the inputs and would be overwritten.",
                hint="Write it to a place that is not read.",
            )


def _is_device(target: Path) -> bool:
    return target.exists() and not target.is_file()


def _refused(name: str) -> RefusedError:
    return RefusedError(f"{name} cannot be written: permission denied.", hint="Choose a folder you may write to.")
