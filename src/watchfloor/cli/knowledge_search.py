"""``watchfloor knowledge search``: a question in, documents with their passages and sources out."""

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from watchfloor.cli import knowledge_shelf

if TYPE_CHECKING:
    from watchfloor.knowledge.knowledge_base import Answer, Kept, KnowledgeBase

NAME = "search"
SUMMARY = "ask the knowledge base"
DESCRIPTION = """Rank documents for a question, by words and by meaning; ids (T1059.001, CVE-2021-44228, CWE-79, S0154,
a rule's id) and names that are named come first. A procedure that fits speaks for its technique;
--kind procedure shows procedures themselves.

examples:
  watchfloor knowledge search 'how do attackers dump LSASS memory'
  watchfloor knowledge search 'SQL 注入' --kind cwe,capec --limit 5
  watchfloor knowledge search T1059.001 --json -
  watchfloor knowledge search 'log4j' --as-of 2026-01-31
  watchfloor knowledge search T1003 --versions"""

_SNIPPET = 240


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The question and what may answer it."""
    add = parser.add_argument
    add("question", metavar="QUESTION", help="a question, words, an id or a name")
    add("--kind", metavar="KINDS", action="append", help="only documents of these kinds, comma between them")
    add("--limit", metavar="N", type=knowledge_shelf.count, default=10, help="answers at most; default 10")
    add("--as-of", metavar="WHEN", default="", help="what was in force on this day (YYYY-MM-DD) or in this edition")
    add("--versions", action="store_true", help="QUESTION is an id: show every version kept of it")
    add("--words-only", action="store_true", help="no vectors: faster to start, found by words alone")
    knowledge_shelf.add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Search and print."""
    from watchfloor.base.settings import from_environment
    from watchfloor.knowledge.knowledge_base import KnowledgeBase

    settings = from_environment()
    knowledge_shelf.check_json(options)
    folder = knowledge_shelf.folder_of(options, settings)
    began = time.monotonic()
    bare = options.words_only or options.versions
    with KnowledgeBase.open(folder) as base:  # says at once that there is none, before the backbone is loaded
        if options.versions:
            return _show_versions(options, base, began)
        if not bare and base.has_vectors:
            base.use(knowledge_shelf.open_encoder(settings))
        kinds = tuple(kind for words in options.kind or () for kind in words.split(",") if kind)
        found = base.search(options.question, kinds, options.limit, as_of=options.as_of)
        without = "" if options.words_only else base.without_vectors
        records: list[dict[str, Any]] = [
            {"type": "answer", "rank": n} | each.record() for n, each in enumerate(found, 1)
        ]
        seconds = round(time.monotonic() - began, 3)
        summary = {"type": "summary", "question": options.question, "answers": len(found)}
        records.append(summary | {"words_only": without or bare, "seconds": seconds})
    knowledge_shelf.write_json(options, records if options.json is not None else [])
    if options.json != "-":
        _tell(found, without)
    return 0


def _tell(found: "list[Answer]", without: str) -> None:
    from watchfloor.cli.terminal import Terminal

    terminal = Terminal(sys.stdout)
    if not found:
        terminal.line("Nothing answers that. Fewer or other words may; without --kind everything is searched.")
    for place, each in enumerate(found, 1):
        score = "named" if each.exact else f"{each.score:.2f}"
        title = f"  {each.title}" if each.title != each.id else ""
        terminal.line(f"{place}. {each.id}{title}  ({each.kind}, {score})", style="bold")
        via = f"{each.evidence}: " if each.evidence != each.id else ""
        where = f" [{each.place}]" if each.place else ""
        text = each.snippet if len(each.snippet) <= _SNIPPET else each.snippet[:_SNIPPET] + "…"
        terminal.line(f"{via}{text}{where}".replace("\n", " "), indent=3)
        origin = each.origin.record()
        told = ", ".join(filter(None, (origin["source"], origin.get("version", "")[:12], origin.get("licence", ""))))
        terminal.line(
            f"{told}; here since {each.since[:10]}" + (f", until {each.until[:10]}" if each.until else ""), indent=3
        )
    if without:
        terminal.line(f"Words alone were searched: {without}.", style="yellow")


def _show_versions(options: argparse.Namespace, base: "KnowledgeBase", began: float) -> int:
    from watchfloor.cli.terminal import Terminal

    id = base.resolve(options.question)
    found = base.get(id, versions=True)
    records: list[dict[str, Any]] = [_version(each) for each in found]
    records.append({"type": "summary", "id": id, "versions": len(found), "seconds": round(time.monotonic() - began, 3)})
    knowledge_shelf.write_json(options, records if options.json is not None else [])
    if options.json != "-":
        terminal = Terminal(sys.stdout)
        for each in found:
            until = f"until {each.until}" if each.until else "in force"
            terminal.line(f"{each.id}  {each.title}  ({each.kind}; since {each.since}, {until})", style="bold")
            terminal.line(", ".join(each.origin.record().values()), indent=2)
            for passage in each.passages:
                terminal.line(passage.text.replace("\n", " "), indent=2)
    return 0


def _version(each: "Kept") -> dict[str, Any]:
    text = [{"text": passage.text} | ({"place": passage.place} if passage.place else {}) for passage in each.passages]
    found: dict[str, Any] = {"type": "version", "id": each.id, "kind": each.kind, "title": each.title, "passages": text}
    return found | each.origin.record() | {"since": each.since, "until": each.until, "facts": each.facts}
