"""The command line: which subcommands there are, and how each way to fail becomes an exit code.

Knows nothing of what a subcommand does. Nothing heavy is imported here or at the top of a subcommand's
module, so that ``--help`` and a small file are answered at once.
"""

import argparse
import io
import json
import os
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn

from watchfloor import __version__
from watchfloor.base.errors import EXIT_CODES, RefusedError, UsageError, WatchfloorError
from watchfloor.cli import (
    ask,
    code,
    experts,
    formats,
    investigate,
    knowledge,
    lab,
    lake,
    reduce,
    rules,
    settings,
    triage,
    watch,
)  # fmt: skip
from watchfloor.film.story import visible

#: Every subcommand; each module offers NAME, SUMMARY, DESCRIPTION, and add_arguments and run or COMMANDS of its own.
COMMANDS: tuple[ModuleType, ...] = (
    watch, triage, investigate, reduce, ask, code, rules, lake, knowledge, experts, lab, formats, settings,
)  # fmt: skip

INTERRUPTED = 130
PIPE_CLOSED = 141


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of exiting: only ``main`` decides to exit."""

    def __init__(self, **options: Any) -> None:
        # An abbreviation that works today would break when a later option shares its beginning.
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Turn argparse's complaint into ours."""
        raise UsageError(f"{message}.", hint=f"See `{self.prog} --help`.")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all subcommands."""
    codes = "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_CODES.items())
    parser = Parser(
        prog="watchfloor",
        description="Endpoint logs in; a verdict, its story and its film out. Nothing leaves this machine.",
        epilog=f"exit codes:\n{codes}\n\n`watchfloor COMMAND --help` has examples.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"watchfloor {__version__}")
    _add_commands(parser, COMMANDS, required=False)
    return parser


def _add_commands(parser: argparse.ArgumentParser, modules: Sequence[ModuleType], *, required: bool) -> None:
    """Declare subcommands; a module with COMMANDS of its own is only a name for them."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=required)
    for module in modules:
        command = commands.add_parser(
            module.NAME,
            help=module.SUMMARY,
            description=module.DESCRIPTION,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if hasattr(module, "COMMANDS"):
            _add_commands(command, module.COMMANDS, required=True)
            continue
        command.add_argument("--debug", action="store_true", help="on a fault, print the traceback")
        module.add_arguments(command)
        command.set_defaults(run=module.run)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character must not turn a verdict into a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except WatchfloorError as error:
        _show(error, arguments, error.exit_code)
        return error.exit_code
    except PermissionError as error:
        refused = RefusedError(f"permission denied: {error.filename or error}.")
        _show(refused, arguments, refused.exit_code, error)
        return refused.exit_code
    except KeyboardInterrupt:
        print("watchfloor: interrupted; nothing was written that is not complete.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away; the interpreter must not complain about it while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:
        fault = WatchfloorError(
            f"internal error: {type(error).__name__}: {error}.",
            hint="This is a fault of ours: run again with --debug and report what it prints.",
        )
        _show(fault, arguments, fault.exit_code, error)
        return fault.exit_code


def _dispatch(arguments: list[str]) -> int:
    parser = build_parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as done:  # argparse answers --help and --version itself
        return int(done.code or 0)
    if not hasattr(options, "run"):
        parser.print_help(sys.stderr)
        return UsageError.exit_code
    return int(options.run(options))


def _show(error: WatchfloorError, arguments: list[str], code: int, cause: BaseException | None = None) -> None:
    """One clear line, or one JSON line where JSON was asked for; the traceback only with --debug."""
    if "--debug" in arguments:
        for line in traceback.format_exception(cause or error):
            for part in line.rstrip("\n").split("\n"):
                print(visible(part), file=sys.stderr)
    destination = _json_destination(arguments)
    if destination is None:
        print(f"watchfloor: {visible(str(error))}", file=sys.stderr)
        return
    record = {"type": "error", "code": code, "message": error.message, "hint": error.hint}
    # With `--json -` whoever reads the lines learns of the error there; a file is never left half done.
    print(json.dumps(record), file=sys.stdout if destination == "-" else sys.stderr, flush=True)


def _json_destination(arguments: list[str]) -> str | None:
    """Where ``--json`` points, read from the raw words: the error may be that they do not parse."""
    for place, word in enumerate(arguments):
        if word == "--json":
            return arguments[place + 1] if place + 1 < len(arguments) else ""
        if word.startswith("--json="):
            return word.partition("=")[2]
    return None


if __name__ == "__main__":
    sys.exit(main())
