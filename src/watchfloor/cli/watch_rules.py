"""Rules over a watched recording: the hunt, its matches joined to scenes, and their lines for later."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from watchfloor.base.findings import LEVELS, Finding, rank
from watchfloor.cli import outputs

if TYPE_CHECKING:
    from watchfloor.base.settings import Settings
    from watchfloor.cli.rules_options import Chosen
    from watchfloor.film.watching import Watched

#: Findings joined to scenes at once.
_AT_ONCE = 4_096
#: Bytes of lines of one level kept in memory before they go to a temporary file.
_HELD_BYTES = 16 << 20


class Hunted:
    """Rules applied to a recording, done when made. Close it to free its temporary files.

    ``matches`` joins them to scenes, ``examples`` is the first Finding of each rule.
    """

    def __init__(
        self, watched: "Watched", chosen: "Chosen", settings: "Settings", *, exceptions: str, keep_lines: bool
    ) -> None:
        from watchfloor.film.matches import Matches
        from watchfloor.rules.hunting import Hunt

        began = time.monotonic()
        self._chosen = chosen
        self.exceptions = exceptions
        self._hunt = Hunt(chosen.rules, chosen.tuning)
        self._keep = keep_lines
        # One file a level: lines come out gravest first without ever being sorted in memory.
        self._files = ExitStack()
        self._lines: list[IO[bytes]] = [
            self._files.enter_context(
                tempfile.SpooledTemporaryFile(_HELD_BYTES, dir=settings.temp_dir or None)  # noqa: SIM115
            )
            for _ in LEVELS
        ]
        self.matches = Matches(watched.reel, watched.scenes)
        self.examples: dict[tuple[str, str], Finding] = {}
        try:
            self._run(watched)
        except BaseException:
            self.close()
            raise
        self._seen = self.matches.seen(watched.scenes)
        self.seconds = time.monotonic() - began

    def _run(self, watched: "Watched") -> None:
        reel = watched.reel
        findings = self._hunt.over_spooled(reel.spool, reel.table)
        while part := list(islice(findings, _AT_ONCE)):
            for finding, scene_id in zip(part, self.matches.add(part), strict=True):
                self.examples.setdefault((finding.rule_id, finding.title), finding)
                if self._keep:
                    line = outputs.json_line(finding.to_json() | {"scene_id": scene_id})
                    self._lines[rank(finding.level)].write(line)

    def lines(self) -> Iterator[bytes]:
        """A line a match, the gravest level first, then as they were found."""
        for kept in reversed(self._lines):
            kept.seek(0)
            yield from kept

    def record(self) -> dict[str, Any]:
        """The rules' part of the summary record."""
        from watchfloor.cli.rules_summary import record_of

        return {**record_of(self._hunt, self._chosen), "matches": self.matches.total, "seen_by": self._seen}

    def close(self) -> None:
        """Delete temporary files."""
        self._files.close()
