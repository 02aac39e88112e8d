"""The options every command with rules has, and the rules and exceptions they name."""

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchfloor.base.errors import UsageError

if TYPE_CHECKING:
    from watchfloor.base.settings import Settings
    from watchfloor.rules.ruleset import RuleSet
    from watchfloor.rules.tuning import Tuning, TuningEntry

#: The name that stands for the rules shipped with Watchfloor.
OWN = "own"
#: The name by which the shipped rules are declined.
NONE = "none"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the options name: compiled rules, the site's exceptions in force, and those that have expired."""

    rules: "RuleSet"
    tuning: "Tuning"
    expired: "list[TuningEntry]"
    paths: tuple[str, ...]


#: What ``watch`` says of --rules: there the shipped ones are used unless they are declined.
BESIDE = (
    "Sigma rules beside those shipped with Watchfloor: file, folder or archive; may be repeated; "
    f"'{NONE}' leaves the shipped ones out"
)
_CHOSEN = f"file, folder or archive of Sigma rules; '{OWN}' are those shipped with Watchfloor; may be repeated"


def add_rule_options(parser: argparse.ArgumentParser, *, required: bool = True, rules_help: str = _CHOSEN) -> None:
    """Declare --rules, --exceptions and --placeholders."""
    add = parser.add_argument
    add(
        "--rules",
        metavar="PATH",
        action="append",
        required=required,
        help=rules_help,
    )
    add("--exceptions", metavar="FILE.yml", help="rules switched off or excepted here, with reasons (docs/rules.md)")
    add("--placeholders", metavar="FILE.yml", help="values for %%name%% in rules: name to value or list of values")


def with_own(given: list[str] | None) -> list[str]:
    """The rules to use beside the screen: the shipped ones unless declined, then those given, each once."""
    paths = given or []
    return list(dict.fromkeys([*([] if NONE in paths else [OWN]), *(path for path in paths if path != NONE)]))


def rules_and_tuning(options: argparse.Namespace, settings: "Settings", today: date) -> Chosen:
    """Load what the options name.

    Raises:
        InputError: no rules there.
        UsageError: the exceptions or placeholders make no sense.
    """
    from watchfloor.rules.cache import ruleset
    from watchfloor.rules.shipped import OWN_RULES
    from watchfloor.rules.tuning import Tuning, read_tuning

    paths = [str(OWN_RULES) if path == OWN else path for path in options.rules]
    tuning, expired = read_tuning(options.exceptions, today) if options.exceptions else (Tuning(), [])
    rules = ruleset(paths, settings, read_placeholders(options.placeholders))
    return Chosen(rules, tuning, expired, tuple(paths))


def read_placeholders(path: str | None) -> dict[str, list[str]]:
    """The values of a --placeholders file, none without one.

    Raises:
        UsageError: it cannot be read or makes no sense.
    """
    if path is None:
        return {}
    from watchfloor.rules.documents import Unreadable, documents

    try:
        document: Any = next(documents(Path(path).read_bytes()), None)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if isinstance(document, Unreadable):
        raise UsageError(f"{path} is {document.why}.")
    if not isinstance(document, dict):
        raise UsageError(f"{path} is no mapping of placeholders to values.", hint="admins: [alice, bob]")
    return {
        str(name): [str(v) for v in (given if isinstance(given, list) else [given])] for name, given in document.items()
    }
