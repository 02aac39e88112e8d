"""Personal data and secrets in text, code and logs, English and Chinese.

expert = make_sensitive()
expert.ask(["call Ann Lee on 555-010-9999"])[0].facts["spans"]
"""

from pathlib import Path
from typing import Final

from watchfloor.base.judgements import Expert
from watchfloor.experts.sensitive.expert import Sensitive

#: The pack that ships.
BUNDLED: Final = Path(__file__).resolve().parents[2] / "bundled" / "sensitive"


def make_sensitive(folder: Path = BUNDLED) -> Expert:
    """The expert of the bundled pack, or of another one.

    Raises:
        PackError: the pack is missing or damaged.
    """
    return Sensitive(folder)
