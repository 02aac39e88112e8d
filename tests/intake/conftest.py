"""Reading in one call, for tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from watchfloor.base.account import Account
from watchfloor.base.settings import Settings
from watchfloor.intake.reader import Reader

Rows = list[dict[str, Any]]
Read = Callable[..., tuple[Rows, Account]]


@pytest.fixture
def read() -> Read:
    """``read(path, ..., max_depth=1)`` → rows without their empty columns, and the books."""

    def reading(*paths: Path | str, **settings: Any) -> tuple[Rows, Account]:
        reader = Reader([str(path) for path in paths], Settings(**{"workers": 1, **settings}))
        rows: Rows = []
        for batch in reader.batches():
            assert batch.num_rows <= 8_192
            rows.extend({k: v for k, v in row.items() if v is not None} for row in batch.to_pylist())
        assert reader.account.kept == len(rows)
        assert reader.account.records_read == reader.account.kept + reader.account.rejected_records
        return rows, reader.account

    return reading
