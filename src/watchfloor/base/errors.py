"""What can go wrong, as a tree. Libraries raise; only the command line decides to exit.

WatchfloorError               exit 1 (a fault of ours unless a subclass says otherwise)
├── UsageError                exit 2: the command line or a setting makes no sense
├── InputError                exit 3: some input could not be read
├── RefusedError              exit 4: policy or permission forbids it
└── PackError                 exit 1: a model pack is missing, damaged or of another version
"""


class WatchfloorError(Exception):
    """Any error with a message for the person at the keyboard and a hint on what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(WatchfloorError):
    """The command line or a setting makes no sense."""

    exit_code = 2


class InputError(WatchfloorError):
    """Input that cannot be read at all; single bad records are Rejections, not errors."""

    exit_code = 3


class RefusedError(WatchfloorError):
    """Policy or permission forbids the operation."""

    exit_code = 4


class PackError(WatchfloorError):
    """A model pack is missing, damaged or made for another version."""


#: Every exit code the command line can return, and what it means.
EXIT_CODES: dict[int, str] = {
    0: "done",
    1: "a fault of ours",
    2: "usage: the command line or a setting makes no sense",
    3: "some input could not be read; the rest was done",
    4: "refused by policy or permission",
}
