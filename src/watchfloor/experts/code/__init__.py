"""Is this code vulnerable: an abstract interpreter for Python, a lexical reader for Java and C, a calibrated layer."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchfloor.experts.code.expert import CodeExpert


def make_code() -> "CodeExpert":
    """The expert with the pack that ships; nothing is loaded before it is asked for.

    Raises:
        PackError: the pack is missing or damaged.
    """
    from watchfloor.experts.code.expert import CodeExpert
    from watchfloor.experts.code.model import load

    return CodeExpert(load())
