"""Text of PDF files, by pypdf in a process of its own: a hostile file costs that process, not the build."""

import json
import subprocess
import sys
from typing import Final

_SECONDS: Final = 120
_MEMORY: Final = 2 * 1024**3
_MOST_PAGES: Final = 5_000
_MOST_CHARACTERS: Final = 20_000_000


def pages_apart(content: bytes) -> list[str]:
    """The text of each page, read in a child with limits of time and memory.

    Raises:
        ValueError: it cannot be read, and why.
    """
    command = [sys.executable, "-m", "watchfloor.knowledge.readers.own_pdf"]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"takes longer than {_SECONDS} s to read") from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise ValueError("is no PDF that can be read within the limits of time and memory") from error
    if "why" in answer:
        raise ValueError(str(answer["why"]))
    return [str(page) for page in answer["pages"]]


def pages(content: bytes) -> list[str]:
    """The text of each page.

    Raises:
        ValueError: it cannot be read, and why.
    """
    import io
    import logging

    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ValueError("is encrypted: save it without its password")
        if len(reader.pages) > _MOST_PAGES:
            raise ValueError(f"has more than {_MOST_PAGES} pages")
        found = [page.extract_text() for page in reader.pages]
    except ValueError:
        raise
    except Exception as error:  # pypdf raises whatever it likes on hostile bytes
        raise ValueError(f"is no PDF that can be read: {type(error).__name__}: {str(error)[:100]}") from error
    if sum(map(len, found)) > _MOST_CHARACTERS:
        raise ValueError(f"holds more than {_MOST_CHARACTERS} characters")
    if not any(map(str.strip, found)):
        raise ValueError("holds no text: a scan needs OCR first")
    return found


def main() -> None:
    """Read a PDF from standard input, write JSON."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    try:
        answer: dict[str, object] = {"pages": pages(sys.stdin.buffer.read())}
    except ValueError as error:
        answer = {"why": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
