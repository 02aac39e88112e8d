"""Every setting: its environment variable, default and the reason for the default.

Settings are read once, at the roof, and handed down; no other module reads the environment.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from watchfloor.base.errors import UsageError

MIB = 1024 * 1024


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and knobs of the running system. ``NAME`` is set by ``WATCHFLOOR_NAME``."""

    workers: int = _setting(0, "processes that parse input; 0 means one a core")
    max_line_bytes: int = _setting(16 * MIB, "a longer line is one rejection; real records stay under 1 MiB")
    max_expanded_bytes: int = _setting(64 * 1024 * MIB, "bytes one archive may unpack to")
    max_ratio: int = _setting(2_000, "unpacked over packed bytes above which an archive is a bomb (past 64 MiB)")
    max_members: int = _setting(100_000, "members one archive may hold")
    max_depth: int = _setting(3, "archives inside archives")
    spool_bytes: int = _setting(384 * MIB, "events kept in memory before they go to a temporary folder")
    temp_dir: str = _setting("", "folder for temporary files; empty means the system's")
    cache_dir: str = _setting("", "folder where compiled rules are kept; empty means ~/.cache/watchfloor")
    model_pack: str = _setting("", "folder of another screen than the bundled one")
    experts_dir: str = _setting("", "folder of experts added here; empty means ~/.local/share/watchfloor/experts")
    knowledge_dir: str = _setting("", "folder of the knowledge base; empty means ~/.local/share/watchfloor/knowledge")
    endpoint_key: str = _setting("", "API key for experts behind endpoints; kept here so that no pack holds it")
    report_frames: int = _setting(100_000, "frames one report holds at most; the rest is counted in it")


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read ``WATCHFLOOR_*`` variables.

    Raises:
        UsageError: a variable is unknown or not a whole number where one is needed.
    """
    known = {f"WATCHFLOOR_{f.name.upper()}": f for f in fields(Settings)}
    values: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith("WATCHFLOOR_"):
            continue
        if variable not in known:
            raise UsageError(f"unknown setting {variable}.", hint=f"Known: {', '.join(sorted(known))}.")
        spec = known[variable]
        if spec.type is int or spec.type == "int":
            if not text.isdecimal():
                raise UsageError(f"{variable} must be a whole number, not {text!r}.")
            values[spec.name] = int(text)
        else:
            values[spec.name] = text
    return Settings(**values)
