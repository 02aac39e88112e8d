"""Records of Windows logs as Events, made the way a shipper's JSON lines are read."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from watchfloor.base.settings import Settings
from watchfloor.intake.reader import Reader

SYSMON = "Microsoft-Windows-Sysmon/Operational"


def written(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    """The records as JSON lines; a record without them gets the event id and channel of a Sysmon launch."""
    plain = {"EventID": 1, "Channel": SYSMON, "Hostname": "ws1.corp.example", "EventTime": "2026-03-01 10:00:00"}
    path.write_bytes(b"".join(json.dumps({**plain, **record}).encode() + b"\n" for record in records))
    return path


def batch_of(path: Path) -> pa.RecordBatch:
    """All Events of a file as one batch."""
    batches = list(Reader([str(path)], Settings(workers=1)).batches())
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def compiled(*rules: Mapping[str, Any] | str) -> Any:
    """A RuleSet of rules given as dictionaries or YAML."""
    import yaml

    from watchfloor.rules.compiling import compile_rules
    from watchfloor.rules.files import RuleFile
    from watchfloor.rules.loading import load

    texts = [rule if isinstance(rule, str) else yaml.safe_dump(dict(rule)) for rule in rules]
    return compile_rules(load([RuleFile(f"rule-{n}.yml", text.encode()) for n, text in enumerate(texts)]))
