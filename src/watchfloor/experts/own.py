"""Experts that ship and do not stand on the backbone: analyses with rules, validators and small models of their own."""

from collections.abc import Callable, Mapping
from typing import Final

from watchfloor.base.judgements import Expert


def _code() -> Expert:
    from watchfloor.experts.code import make_code

    return make_code()


def _sensitive() -> Expert:
    from watchfloor.experts.sensitive import make_sensitive

    return make_sensitive()


#: Each is made when it is asked for: none of them costs the others anything.
OWN: Final[Mapping[str, Callable[[], Expert]]] = {"code": _code, "sensitive": _sensitive}
#: What they answer, for lists.
ABOUT: Final[Mapping[str, str]] = {
    "code": "is this code vulnerable, which CWE, which lines",
    "sensitive": "personal data and secrets in text, code and logs",
}
