"""What servers turned out to take: JSON schemas, log-probabilities. Learned once a server, kept while the program runs.

A server that refuses one is asked without; what is remembered is only a refusal after which the plainer question was
answered. Knows nothing of HTTP.
"""

from dataclasses import dataclass
from threading import Lock
from typing import Final

_SCHEMA_WORDS: Final = ("response_format", "json_schema", "schema", "guided", "structured", "grammar")
#: Words of servers for a text that does not fit: no other form of the question would.
_LENGTH_WORDS: Final = ("context length", "context window", "maximum length", "too long", "max_model_len", "n_ctx")


@dataclass(frozen=True, slots=True)
class Form:
    """How a question is put: with a JSON schema, and with log-probabilities instead of a score that the model says."""

    schema: bool = True
    logprobs: bool = True

    def plainer(self, reason: str) -> "Form | None":
        """The form to try after a refusal: without what the server names, else without the schema first.

        None where there is nothing left to leave out, or where the length of the text was refused.
        """
        said = reason.lower()
        if any(word in said for word in _LENGTH_WORDS):
            return None
        if self.logprobs and "logprob" in said:
            return Form(self.schema, logprobs=False)
        if self.schema and (not self.logprobs or any(word in said for word in _SCHEMA_WORDS)):
            return Form(schema=False, logprobs=self.logprobs)
        if self.schema:
            return Form(schema=False, logprobs=True)
        return Form(schema=False, logprobs=False) if self.logprobs else None


class Habits:
    """What one server takes. ``proven`` once it has answered anything."""

    def __init__(self) -> None:
        self.form = Form()
        self.proven = False
        self._lock = Lock()

    def learn(self, form: Form) -> None:
        """It answered a question of this form."""
        with self._lock:
            self.proven = True
            self.form = Form(self.form.schema and form.schema, self.form.logprobs and form.logprobs)


_SERVERS: dict[str, Habits] = {}
_LOCK: Final = Lock()


def habits_of(url: str) -> Habits:
    """The habits of the server at an address; all experts there share them."""
    with _LOCK:
        return _SERVERS.setdefault(url.rstrip("/"), Habits())


def forget() -> None:
    """Forget all habits: servers were changed, and what they refused may be taken now."""
    with _LOCK:
        _SERVERS.clear()
