"""Attack commands set into real surroundings, so that surroundings alone never tell attack from ordinary work.

Text corpora know commands, not who ran them; benign audit logs know both. Without this, everything an audit
record shows beside the command would mean "benign". Each command of a Unix corpus, harmless ones too, is put in
the place of a real launch: same parent, account, folder and outcome (copy-paste augmentation; Ghiasi et al. 2021).
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from watchfloor.base.events import Row
from watchfloor.film.filming import Reel

#: Surroundings a command is put into.
COPIES: Final = 4
#: Columns of a launch that are the command's own; all others are surroundings.
_OWN: Final = ("process.uid", "process.file.path", "process.cmd_line", "process.file.internal_name")
_DROPPED: Final = ("time", "raw_data", "source", "record", "actor.process.uid", "process.pid", "actor.process.pid")


def surroundings(reel: Reel, intrusion: frozenset[str] = frozenset(), most: int = 2_000) -> list[Row]:
    """Real ordinary launches of a Unix reel, evenly spread, without what identifies them."""
    found: list[Row] = []
    for batch in reel.spool:
        resolved = reel.table.resolve(batch)
        launch = pc.and_(
            pc.equal(resolved.column("action"), "process.launch"), pc.is_valid(resolved.column("process.cmd_line"))
        )
        launches = resolved.filter(launch.fill_null(False)).to_pylist()
        found.extend(row for row in launches if row["record"] not in intrusion)
    step = max(1, len(found) // most)
    return [{k: v for k, v in row.items() if v is not None and k not in _DROPPED} for row in found[::step]]


def transplanted(
    staged: Iterable[tuple[dict[str, Any], list[Row]]], places: list[Row], seed: int = 7
) -> Iterator[tuple[dict[str, Any], list[Row]]]:
    """Each Unix command in ``COPIES`` places; what is no Unix launch passes unchanged."""
    rng = np.random.default_rng(seed)
    for facts, rows in staged:
        unix = [r for r in rows if r["action"] == "process.launch" and r.get("device.os") in ("linux", "macos")]
        if not unix or not places:
            yield facts, rows
            continue
        moved = [
            _put(row, places[int(i)], n) for row in unix for n, i in enumerate(rng.integers(0, len(places), COPIES))
        ]
        yield facts, rows + moved


def _put(row: Row, place: Row, copy: int) -> Row:
    own = {column: row.get(column) for column in _OWN}
    own["process.uid"] = f"{row['process.uid']}/{copy}"
    own["process.file.path"] = row.get("process.file.path") or place.get("process.file.path")
    parent = {k: v for k, v in row.items() if k.startswith("actor.process.") and v and row.get("source") == "sigma"}
    return place | own | parent | {"source": "text", "record": "1"}
