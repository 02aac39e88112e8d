"""``watchfloor knowledge add``: own documents into the knowledge base."""

import argparse

from watchfloor.cli import knowledge_shelf

NAME = "add"
SUMMARY = "read documents of your own into the knowledge base"
DESCRIPTION = """Read Markdown, HTML, PDF and text files, folders and archives into the knowledge base, cut by heading,
each passage with its place. Reading a file again replaces what it said before; the older version is
kept. Ids named in them (T1003, CVE-…) join them to the graph. Nothing in a document is run, followed or
rendered.

examples:
  watchfloor knowledge add wiki/
  watchfloor knowledge add playbook.pdf runbook.md --json -"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Files and the knowledge base."""
    add = parser.add_argument
    add("inputs", metavar="INPUT", nargs="+", help="file, archive or folder to read")
    add("--no-vectors", action="store_true", help="make no vectors: documents are found by words alone")
    add("--quiet", action="store_true", help="no progress bar and no words")
    knowledge_shelf.add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Add and say what came of it."""
    from watchfloor.base.settings import from_environment
    from watchfloor.knowledge.building import add

    settings = from_environment()
    knowledge_shelf.check_json(options)
    target = knowledge_shelf.folder_of(options, settings)
    encoder = None if options.no_vectors else knowledge_shelf.open_encoder(settings)
    return knowledge_shelf.built_and_told(
        options, lambda bar: add(target, options.inputs, settings, encoder, on_progress=bar)
    )
