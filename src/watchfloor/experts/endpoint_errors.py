"""What can go wrong between an expert and the endpoint its model is behind. Knows nothing of HTTP.

WatchfloorError
├── UnreachableError          nobody answers there
│   └── UnansweredError       somebody is there, and this request had no answer in time
├── DeclinedError             the server refuses this very request
├── AnswerError               the answer is not of the form that was asked for (never leaves the expert)
├── UsageError
│   └── UnknownModelError     the server has no model of that name
└── RefusedError
    ├── UnauthorisedError     the API key is missing or wrong
    └── BudgetError           what this run may spend is spent
"""

from watchfloor.base.errors import RefusedError, UsageError, WatchfloorError


class UnreachableError(WatchfloorError):
    """The endpoint cannot be reached, or what is there speaks another language."""


class UnansweredError(UnreachableError):
    """The endpoint is there, and did not answer this request within its tries and its time."""


class DeclinedError(WatchfloorError):
    """The server refuses this request as it is: asking again unchanged is of no use. ``reason`` is the server's."""

    def __init__(self, message: str, *, reason: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class AnswerError(WatchfloorError):
    """An answer that is none of those allowed. Its message is ours alone: it never quotes the answer."""


class UnknownModelError(UsageError):
    """The server has no model of that name."""


class UnauthorisedError(RefusedError):
    """The server wants another API key."""


class BudgetError(RefusedError):
    """The requests or tokens of this run are spent."""
