"""Watch a recording: inputs in, judged scenes out."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watchfloor.base.account import Account
from watchfloor.base.scenes import Scene
from watchfloor.base.settings import Settings
from watchfloor.film import screen as screens
from watchfloor.film.document import document
from watchfloor.film.filming import Reel, film
from watchfloor.film.judging import judge
from watchfloor.film.matches import Matches, standing_out
from watchfloor.intake.reader import Progress, Reader
from watchfloor.store.spool import Spool


@dataclass(frozen=True, slots=True)
class Watched:
    """What watching found: all scenes, worst first, and what rules say of them. Close it to free the spool."""

    scenes: tuple[Scene, ...]
    account: Account
    seconds: float
    hosts: tuple[str, ...]
    frames_encoded: int
    reel: Reel = field(repr=False)
    matches: Matches | None = field(default=None, repr=False)

    def document(self, *, title: str, all_scenes: bool = False, most_frames: int = 100_000) -> dict[str, Any]:
        """The report's document, see ``film.document``."""
        return document(
            self.reel,
            self.account,
            self.scenes,
            self.scenes if all_scenes else standing_out(self.scenes, self.matches),
            title=title,
            seconds=self.seconds,
            most_frames=most_frames,
            matches=self.matches,
        )

    def close(self) -> None:
        """Delete temporary files."""
        self.reel.spool.close()


def watch(
    inputs: Sequence[str],
    settings: Settings,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    hear: Callable[[Reel], Matches] | None = None,
) -> Watched:
    """Read the inputs, film them and judge every scene, by the screen and by what ``hear`` makes of the film.

    Raises:
        PackError: the screen's model pack is missing or damaged.
    """
    began = time.monotonic()
    screen = screens.load(Path(settings.model_pack) if settings.model_pack else screens.BUNDLED)
    reader = Reader(inputs, settings, on_progress=on_progress)
    spool = Spool(settings.spool_bytes, settings.temp_dir)
    try:
        reel = film(reader.batches(), screen, spool)
        matches = hear(reel) if hear is not None else None
        scenes = judge(reel, matches)
    except BaseException:
        spool.close()
        raise
    hosts = tuple(sorted({o.host for o in reel.cast.owners if o.host}))
    return Watched(scenes, reader.account, time.monotonic() - began, hosts, spool.rows, reel, matches)
