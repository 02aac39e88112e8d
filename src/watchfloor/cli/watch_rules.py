"""Rules over a watched recording: the hunt, its matches joined to scenes, and their lines for later."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from watchfloor.base.findings import LEVELS, Finding, rank
from watchfloor.cli import outputs

if TYPE_CHECKING:
    from watchfloor.base.scenes import Scene
    from watchfloor.base.settings import Settings
    from watchfloor.cli.rules_options import Chosen
    from watchfloor.film.filming import Reel
    from watchfloor.film.matches import Matches

#: Findings joined to scenes at once.
_AT_ONCE = 4_096
#: Bytes of lines of one level kept in memory before they go to a temporary file.
_HELD_BYTES = 16 << 20


def by_own_rules(settings: "Settings") -> "Callable[[Reel], Matches]":
    """What ``film.watching.watch`` hears of the shipped rules where nothing else is asked of them."""
    from watchfloor.film.matches import Matches
    from watchfloor.rules.cache import ruleset
    from watchfloor.rules.hunting import Hunt
    from watchfloor.rules.shipped import OWN_RULES

    rules = ruleset([str(OWN_RULES)], settings)

    def hear(reel: "Reel") -> "Matches":
        matches, findings = Matches(reel), Hunt(rules).over_spooled(reel.spool, reel.table)
        while part := list(islice(findings, _AT_ONCE)):
            matches.add(part)
        return matches

    return hear


class Hunted:
    """Rules applied to a filmed recording, done when made. Close it to free its temporary files.

    ``matches`` joins them to scenes, ``examples`` is the first Finding of each rule.
    """

    def __init__(
        self, reel: "Reel", chosen: "Chosen", settings: "Settings", *, exceptions: str, keep_lines: bool
    ) -> None:
        from watchfloor.film.matches import Matches
        from watchfloor.rules.hunting import Hunt

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
        self.matches = Matches(reel)
        self.examples: dict[tuple[str, str], Finding] = {}
        try:
            self._run(reel)
        except BaseException:
            self.close()
            raise

    def _run(self, reel: "Reel") -> None:
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

    def record(self, scenes: "Sequence[Scene]") -> dict[str, Any]:
        """The rules' part of the summary record; ``scenes`` are all of the recording, judged."""
        from watchfloor.cli.rules_summary import record_of

        return {
            **record_of(self._hunt, self._chosen),
            "matches": self.matches.total,
            "seen_by": self.matches.seen(scenes),
        }

    def close(self) -> None:
        """Delete temporary files."""
        self._files.close()
