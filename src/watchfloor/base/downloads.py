"""Downloads: https only, certificates checked, bounded in bytes and time, and a digest of what came."""

import hashlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.client import HTTPException
from typing import IO, Any, Protocol
from urllib import request
from urllib.error import HTTPError, URLError

from watchfloor import __version__
from watchfloor.base.errors import InputError
from watchfloor.base.settings import MIB

#: Bytes of one download at most, unless its caller says otherwise.
LARGEST = 200 * 1000 * 1000
_SECONDS_SILENT = 30.0
_SECONDS_ALL = 900.0
_BY_HAND = "Without a network: fetch that address elsewhere and give the file with --from."

#: Bytes done and bytes in all, 0 where that is unknown.
OnProgress = Callable[[int, int], None]


class Response(Protocol):
    """What is used of an answer."""

    headers: Any

    def read(self, size: int, /) -> bytes:
        """The next bytes, none at the end."""
        ...


#: Opens an https address, with the seconds it may be silent.
Opener = Callable[[str, float], AbstractContextManager[Response]]


class _HttpsOnly(request.HTTPRedirectHandler):
    """Follows redirects to https only."""

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: str) -> Any:
        if not newurl.lower().startswith("https://"):
            raise URLError(f"it sends us on to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_https(address: str, timeout: float) -> AbstractContextManager[Response]:
    """Open an https address with certificates checked; no other scheme has a handler here."""
    director = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPSHandler(),
        _HttpsOnly(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    ):
        director.add_handler(handler)
    director.addheaders = [("User-Agent", f"watchfloor/{__version__}")]
    answer: Any = director.open(address, timeout=timeout)
    return answer  # type: ignore[no-any-return]


def download(
    address: str, target: IO[bytes], opener: Opener, on_progress: OnProgress | None = None, largest: int = LARGEST
) -> str:
    """Copy what stands at an address into a file of at most ``largest`` bytes; returns its sha256.

    Raises:
        InputError: it cannot be reached, is cut off or too large.
    """
    whole = hashlib.sha256()
    done, began = 0, time.monotonic()
    try:
        with opener(address, _SECONDS_SILENT) as answer:
            announced = str(answer.headers.get("Content-Length") or "")
            size = int(announced) if announced.isdecimal() else 0
            while done <= largest and size <= largest and (data := answer.read(MIB // 4)):
                done += len(data)
                whole.update(data)
                target.write(data)
                if on_progress is not None:
                    on_progress(done, size)
                if time.monotonic() - began > _SECONDS_ALL:
                    raise InputError(f"{address} is too slow: {done:,} bytes in {_SECONDS_ALL:.0f} s.", hint=_BY_HAND)
    except HTTPError as error:
        raise InputError(f"{address} answers {error.code} {error.reason}.", hint=_BY_HAND) from error
    except (OSError, HTTPException) as error:
        why = error.reason if isinstance(error, URLError) else error
        raise InputError(f"{address} cannot be reached: {why}.", hint=_BY_HAND) from error
    if max(done, size) > largest:
        raise InputError(f"{address} is larger than {largest // 1_000_000} MB and was not taken.")
    if size and done < size:
        raise InputError(f"{address} was cut off after {done:,} of {size:,} bytes.", hint="Try again.")
    target.flush()
    return whole.hexdigest()
