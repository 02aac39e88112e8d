"""What is known of an expert behind an endpoint before it is asked: where, which model, which labels, what it may cost.

The manifest is plain JSON. It holds no secret: the API key comes from the settings, by way of the roof.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final
from urllib.parse import urlsplit

from watchfloor.base.errors import UsageError

#: Keys a manifest may hold that say nothing about asking: what a pack and the lab write beside the rest.
_BESIDE: Final = frozenset({"name", "format", "files", "signature", "about", "trained"})
_SECRETS: Final = frozenset({"api_key", "key", "token", "password", "authorization"})
_HINT: Final = "See docs/endpoint-experts.md."


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may spend: HTTP requests, tries included, and tokens, prompts included. 0 is without limit."""

    requests: int = 100_000
    tokens: int = 100_000_000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An expert that is a model name at an OpenAI-compatible server. Times are seconds.

    ``url`` is the address up to ``/v1``. ``timeout_s`` bounds one request and ``deadline_s`` all that is done for one
    text, waiting included. ``retries`` are further tries after a failure of the server, ``answer_retries`` further
    questions after an answer of the wrong form. A text of more than ``max_characters`` is abstained from, and so is
    an answer whose probability is below ``least_score``. ``answers_as`` is the model name the server answers with,
    where a gateway renames. ``version`` is what judgements are signed with; empty means the model's name.
    """

    expert: str
    url: str
    model: str
    labels: tuple[str, ...]
    instruction: str
    api_key: str = field(default="", repr=False)
    timeout_s: float = 30.0
    deadline_s: float = 120.0
    retries: int = 3
    answer_retries: int = 2
    backoff_s: float = 0.25
    max_tokens: int = 64
    max_characters: int = 32_000
    least_score: float = 0.0
    concurrency: int = 8
    budget: Budget = Budget()
    version: str = ""
    answers_as: str = ""
    takes_key: bool = True
    plain_http: bool = False

    def __post_init__(self) -> None:
        """Check what can be checked without asking anybody.

        Raises:
            UsageError: it makes no sense, or the API key would travel unprotected.
        """
        if not self.model.strip() or not self.expert.strip() or not self.instruction.strip():
            raise UsageError("an expert behind an endpoint needs a name, a model and an instruction.", hint=_HINT)
        if len(set(self.labels)) != len(self.labels) or len(self.labels) < 2 or not all(map(str.strip, self.labels)):
            raise UsageError("an expert behind an endpoint needs two or more labels, each once.", hint=_HINT)
        _check_url(self.url)
        low = {"timeout_s": 0.001, "deadline_s": 0.001, "retries": 0, "answer_retries": 0, "backoff_s": 0,
               "max_tokens": 1, "max_characters": 1, "least_score": 0, "concurrency": 1}  # fmt: skip
        for name, least in low.items():
            if not least <= getattr(self, name) < float("inf"):
                raise UsageError(f"{name} of endpoint expert {self.expert} is out of range.", hint=_HINT)
        if self.budget.requests < 0 or self.budget.tokens < 0:
            raise UsageError(f"the budget of endpoint expert {self.expert} is below zero.", hint=_HINT)
        if self.key and urlsplit(self.url).scheme == "http" and not self.plain_http and not _here(self.url):
            raise UsageError(
                f"the API key would go to {self.url} unencrypted.",
                hint='Use https, or "plain_http": true where the way there is protected.',
            )

    @property
    def key(self) -> str:
        """The API key this server is sent; empty where it takes none."""
        return self.api_key if self.takes_key else ""

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any], *, api_key: str = "") -> "Endpoint":
        """Read a manifest: fields by their names, ``budget`` as ``{"requests", "tokens"}``, ``labels`` as a list.

        Raises:
            UsageError: a field is missing, unknown, of the wrong type, or a secret.
        """
        if _SECRETS & manifest.keys():
            raise UsageError("the manifest of an endpoint expert holds a secret.",
                             hint="Take it out; set WATCHFLOOR_ENDPOINT_KEY instead.")  # fmt: skip
        known = {each.name: each.type for each in fields(cls)}
        unknown = manifest.keys() - known.keys() - _BESIDE
        if unknown:
            raise UsageError(f"an endpoint expert has no {', '.join(sorted(unknown))}.", hint=_HINT)
        values = {name: _typed(name, kind, manifest[name]) for name, kind in known.items() if name in manifest}
        missing = {"expert", "url", "model", "labels", "instruction"} - values.keys()
        if missing:
            raise UsageError(f"an endpoint expert needs {', '.join(sorted(missing))}.", hint=_HINT)
        return cls(**values, api_key=api_key)

    def manifest(self) -> dict[str, Any]:
        """What ``from_manifest`` reads, without the API key and without what is as usual."""
        found: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name != "api_key" and value != each.default:
                found[each.name] = list(value) if isinstance(value, tuple) else value
        if "budget" in found:
            found["budget"] = {"requests": self.budget.requests, "tokens": self.budget.tokens}
        return found


def _typed(name: str, kind: Any, value: Any) -> Any:
    right: bool
    if kind is bool:
        right = isinstance(value, bool)
    elif kind in (int, float):
        right = isinstance(value, int if kind is int else (int, float)) and not isinstance(value, bool)
    elif kind is str:
        right = isinstance(value, str)
    elif kind is Budget:
        right = isinstance(value, dict) and value.keys() <= {"requests", "tokens"}
        right = right and all(isinstance(each, int) and not isinstance(each, bool) for each in value.values())
        value = Budget(**value) if right else value
    else:
        right = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
        value = tuple(value) if right else value
    if not right:
        raise UsageError(f"{name} of an endpoint expert cannot be {value!r:.60}.", hint=_HINT)
    return value


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or parts.query or parts.fragment or parts.username or parts.password:
        raise UsageError(f"{url!r:.80} is no address of an endpoint.", hint="It looks like http://127.0.0.1:8000/v1")


def _here(url: str) -> bool:
    """Whether the address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
