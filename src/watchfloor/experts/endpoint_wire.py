"""HTTP to an OpenAI-compatible server: tries, waits and bounds. Knows nothing of experts or answers.

What the server sends is bounded in size and time and is read as JSON, nothing else. Redirects and proxies of the
environment are not followed: texts go to the address that was named and nowhere else.
"""

import email.utils
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import Any, Final

import httpx2

from watchfloor.experts.endpoint_config import Budget
from watchfloor.experts.endpoint_errors import (
    AnswerError,
    BudgetError,
    DeclinedError,
    UnansweredError,
    UnauthorisedError,
    UnknownModelError,
    UnreachableError,
)

#: The longest answer that is read, in bytes; a label with its log-probabilities is some kilobytes.
MOST_BYTES: Final = 2 * 1024 * 1024
#: The longest wait between two tries, seconds.
_LONGEST_WAIT: Final = 8.0
#: Worth another try: timeout, conflict, too early, too many requests, and faults of the server or what stands before.
_PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_CONNECT_S: Final = 5.0


class Purse:
    """What a run may spend and what it has spent. Requests under way when it runs out still count and still end."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.requests = 0
        self.tokens = 0
        self._lock = Lock()

    def take_request(self) -> None:
        """Count one request about to be sent.

        Raises:
            BudgetError: it would be one too many, or the tokens are spent.
        """
        with self._lock:
            for what, spent, most in (("requests", self.requests, self.budget.requests),
                                      ("tokens", self.tokens, self.budget.tokens)):  # fmt: skip
                if most and spent >= most:
                    raise BudgetError(f"the budget of {most:,} {what} is spent ({spent:,}).",
                                      hint="Raise the expert's budget, or begin a new run.")  # fmt: skip
            self.requests += 1

    def pay(self, tokens: int) -> None:
        """Count tokens that were taken."""
        with self._lock:
            self.tokens += tokens


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often: seconds for one request, further tries, seconds before the first of them."""

    timeout_s: float = 30.0
    retries: int = 3
    backoff_s: float = 0.25


class Wire:
    """One server, over connections that are kept. Safe for use by several threads."""

    def __init__(self, url: str, *, api_key: str = "", patience: Patience | None = None, purse: Purse | None = None,
                 connections: int = 8) -> None:  # fmt: skip
        self.url = url.rstrip("/")
        self.patience = patience or Patience()
        self.purse = purse or Purse(Budget(0, 0))
        # "identity": a packed answer could unpack to more than memory holds.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "watchfloor"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        # Who waits for a connection is not yet being timed: many callers may share one server.
        self._free = BoundedSemaphore(connections)
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx2.Client(headers=headers, limits=limits, follow_redirects=False, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str) -> dict[str, Any]:
        """JSON from ``url/path``. Raises as ``post`` does."""
        return _object(self.send("GET", path))

    def post(self, path: str, body: Mapping[str, Any], *, deadline: float | None = None) -> dict[str, Any]:
        """JSON out for JSON in; ``deadline`` is of ``time.monotonic``.

        Raises:
            UnreachableError: nobody is there, or no answer came within tries and time (``UnansweredError``).
            UnauthorisedError, UnknownModelError, DeclinedError, BudgetError: as they say.
            AnswerError: what came is no JSON object, or too long.
        """
        return _object(self.send("POST", path, body, deadline=deadline))

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, deadline: float | None = None,
             retries: int | None = None) -> bytes:  # fmt: skip
        """One request with its tries. ``retries``: fewer of them, where asking twice does something twice."""
        deadline = deadline if deadline is not None else time.monotonic() + 10 * self.patience.timeout_s
        tries = 1 + (self.patience.retries if retries is None else retries)
        for number in range(tries):
            try:
                return self._once(method, path, body, deadline)
            except _PassingError as passing:
                wait = passing.wait if passing.wait is not None else self._pause(number)
                if number + 1 == tries or time.monotonic() + wait >= deadline:
                    raise self._given_up(passing, number + 1) from None
                time.sleep(wait)
        raise AssertionError("there is at least one try")

    def _pause(self, number: int) -> float:
        """Exponential backoff with jitter, so that many clients do not come back all at once."""
        return min(_LONGEST_WAIT, self.patience.backoff_s * 2.0**number) * random.uniform(0.5, 1.0)

    def _once(self, method: str, path: str, body: Mapping[str, Any] | None, deadline: float) -> bytes:
        if not self._free.acquire(timeout=max(0.001, deadline - time.monotonic())):
            raise _PassingError("no connection was free in time")
        try:
            self.purse.take_request()
            return self._exchange(method, path, body, min(deadline, time.monotonic() + self.patience.timeout_s))
        finally:
            self._free.release()

    def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None, ends: float) -> bytes:
        left = max(0.001, ends - time.monotonic())
        timeout = httpx2.Timeout(left, connect=min(left, _CONNECT_S))
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        asked = self._client.stream(method, f"{self.url}/{path}", content=content, headers=headers, timeout=timeout)
        try:
            with asked as reply:
                found = _bounded(reply, ends)
                self._check(reply, found)
                return found
        except httpx2.ConnectError as error:
            raise _PassingError(f"no connection ({_cause(error)})", gone=True) from None
        except httpx2.ConnectTimeout:
            raise _PassingError(f"no connection within {min(left, _CONNECT_S):.3g} s", gone=True) from None
        except httpx2.TimeoutException:
            raise _PassingError(f"no answer within {left:.3g} s") from None
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise _PassingError(f"the connection broke ({_cause(error)})") from None

    def _check(self, reply: httpx2.Response, body: bytes) -> None:
        status = reply.status_code
        if 200 <= status < 300:
            return
        if status in _PASSING:
            raise _PassingError(f"HTTP {status}", wait=_retry_after(reply.headers.get("Retry-After", "")))
        if status in (401, 403):
            raise UnauthorisedError(f"{self.url} refuses the API key (HTTP {status}).",
                                    hint="Set WATCHFLOOR_ENDPOINT_KEY to a key of this server.")  # fmt: skip
        reason = _reason(body)
        elsewhere = status == 404 and reason.lower().strip(".") in ("", "not found")
        if status == 404 and "model" in reason.lower():
            raise UnknownModelError(f"{self.url} has no such model: {reason}",
                                    hint="Load the adapter there, or name one that its /models lists.")  # fmt: skip
        if status in (301, 302, 303, 307, 308) or elsewhere:
            raise UnreachableError(f"{self.url} is no OpenAI-compatible server (HTTP {status}).",
                                   hint="The address usually ends in /v1.")  # fmt: skip
        raise DeclinedError(f"{self.url} refuses the request (HTTP {status}): {reason or 'it does not say why.'}",
                            reason=reason, hint="See the server's log.")  # fmt: skip

    def _given_up(self, passing: "_PassingError", tries: int) -> UnreachableError:
        times = "1 try" if tries == 1 else f"{tries} tries"
        if passing.gone:
            return UnreachableError(f"nobody answers at {self.url}: {passing} ({times}).",
                                    hint="Is the server running, and is the address right?")  # fmt: skip
        return UnansweredError(f"{self.url} gave no answer: {passing} ({times}).",
                               hint="Is the server overloaded? Ask less at once, or give it more time.")  # fmt: skip


class _PassingError(Exception):
    """A failure that may pass. ``wait``: seconds the server asks for; ``gone``: there was no connection."""

    def __init__(self, what: str, *, wait: float | None = None, gone: bool = False) -> None:
        super().__init__(what)
        self.wait = wait
        self.gone = gone


def _bounded(reply: httpx2.Response, ends: float) -> bytes:
    """The body, read until it is whole, too long, or too late; the timeouts of a client are per read."""
    if reply.headers.get("Content-Encoding", "identity") != "identity":
        raise AnswerError("the server packed its answer, though it was asked not to.")
    found = bytearray()
    for part in reply.iter_raw():
        found += part
        if len(found) > MOST_BYTES:
            raise AnswerError(f"the server sent more than {MOST_BYTES:,} bytes.")
        if time.monotonic() > ends:
            raise _PassingError("the answer did not end in time")
    return bytes(found)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise AnswerError("the server sent no JSON.") from None
    if not isinstance(found, dict):
        raise AnswerError("the server sent no JSON object.")
    return found


def _reason(body: bytes) -> str:
    """What an error answer says of itself, at most 300 letters on one line; empty where it says nothing we know."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    error = found.get("error", found) if isinstance(found, dict) else None
    message = (error.get("message") or error.get("detail")) if isinstance(error, dict) else error
    text = message if isinstance(message, str) else ""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:300]


def _retry_after(text: str) -> float | None:
    """Seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3); None where there is none."""
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def _cause(error: Exception) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__
