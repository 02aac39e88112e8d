"""``watchfloor reduce --follow``: alerts as they come in, incidents as they open and as they end out."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from watchfloor import __version__
from watchfloor.base.errors import InputError
from watchfloor.cli import outputs
from watchfloor.cli.reduce_run import MOST_HISTORY, Floors
from watchfloor.operations import checkpoint
from watchfloor.operations.alert_columns import mapping_from
from watchfloor.operations.alert_reader import AlertReader
from watchfloor.operations.feedback import learn, remembered
from watchfloor.operations.feedback import read as read_feedback
from watchfloor.operations.incidents import Incident
from watchfloor.operations.reducing import Outcome

if TYPE_CHECKING:
    from watchfloor.base.settings import Settings

#: Alerts between two checkpoints, and between two looks for incidents that are over.
_CHECKPOINT, _LOOK = 5_000, 256


def follow(options: argparse.Namespace, settings: "Settings") -> int:
    """Read standard input to its end. An incident is written when it opens (``"status": "open"``) and, whole, when it
    can grow no more (``"closed"``); what is open at the end is written as it stands. Highest priority first does not
    hold here: order is that of time.
    """
    floors = Floors(options.state or "")
    floor, sources, marks, history = floors.new(None)
    if options.feedback:
        known = {one["incident_id"]: frozenset((n, h) for n, h in one["evidence"]) for one in history}
        floor, sources, marks, history = floors.new(learn(read_feedback(options.feedback), known))
    mapping = mapping_from(options.mapping) if options.mapping else None
    reader = AlertReader(["-"], settings, mapping=mapping, sources=sources, done=marks)
    written = 0

    def write(incident: Incident, status: str) -> None:
        nonlocal written
        written += status != "open"
        record: dict[str, Any] = incident.to_json(reader.sources) | {"status": status}
        sys.stdout.buffer.write(outputs.json_line(record))
        sys.stdout.buffer.flush()

    floor.on_open = lambda incident: write(incident, "open")
    for count, (number, alert) in enumerate(reader.live(sys.stdin.buffer), 1):
        floor.feed(alert, number)
        if not count % _LOOK:
            for incident in floor.retire():
                write(incident, "closed")
                history.append(remembered(incident))
        if options.state and not count % _CHECKPOINT:
            del history[:-MOST_HISTORY]
            checkpoint.save(options.state, floor, reader.sources, reader.done, history)
    if options.state:
        checkpoint.save(options.state, floor, reader.sources, reader.done, history)
    outcome = Outcome(floor.finish(), floor, 0.0)
    for incident in outcome.incidents:
        write(incident, "closed")
    account = reader.account
    summary = {
        "type": "summary",
        "version": __version__,
        **outcome.summary(),
        "incidents": written,
        "alerts_in_incidents": floor.books.retired + sum(one.alerts for one in outcome.incidents),
        "records_read": account.records_read + sum(reader.passed.values()),
        "records_rejected": account.rejected_records,
        "passed_over": dict(reader.passed),
        "rejected": [one.to_json() for one in account.rejections],
    }
    sys.stdout.buffer.write(outputs.json_line(summary))
    sys.stdout.buffer.flush()
    return InputError.exit_code if account.rejections else 0
