"""``watchfloor knowledge build``: public sources into the knowledge base, by pinned address or from a folder."""

import argparse
from typing import TYPE_CHECKING

from watchfloor.cli import knowledge_shelf

if TYPE_CHECKING:
    from watchfloor.knowledge.building import Built, OnProgress

NAME = "build"
SUMMARY = "read public sources into the knowledge base"
DESCRIPTION = """Read ATT&CK, CAPEC and CVE (JSON), CWE and CAPEC (XML), D3FEND, KEV, Sigma, LOLBAS and GTFOBins into
the knowledge base. Without --from they are fetched from pinned public addresses and checked against
their digests; only https is used. What did not change is not read into vectors again, and what
changed keeps its older versions.

Files that are no knowledge of these kinds are passed over and named. Exit code 3 says that a record
could not be read.

examples:
  watchfloor knowledge build
  watchfloor knowledge build --only attack,cwe
  watchfloor knowledge build --from feeds/ --from sigma.zip
  watchfloor knowledge build --from nvdcve-2.0-2026.json.gz --encode all"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sources, what to encode, and the knowledge base."""
    add = parser.add_argument
    add(
        "--from",
        dest="origins",
        metavar="PATH",
        action="append",
        help="read this file, archive or folder instead of fetching",
    )
    add("--only", metavar="NAMES", help="fetch only these sources, comma between them")
    add(
        "--encode", choices=("known", "all", "none"), default="known",
        help="texts that get vectors: all, none, or all but CVEs that nobody is known to exploit (default)",
    )  # fmt: skip
    add("--quiet", action="store_true", help="no progress bar and no words")
    knowledge_shelf.add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Fetch what is to be fetched, build, and say what came of it."""
    from watchfloor.base.errors import UsageError
    from watchfloor.base.settings import from_environment
    from watchfloor.knowledge.building import build
    from watchfloor.knowledge.fetching import fetch_all, sources_named

    settings = from_environment()
    knowledge_shelf.check_json(options)
    target = knowledge_shelf.folder_of(options, settings)
    if options.origins and options.only:
        raise UsageError("--only names sources to fetch, and --from fetches none.", hint="Give one of them.")
    wanted = sources_named(options.only)
    encoder = None if options.encode == "none" else knowledge_shelf.open_encoder(settings)

    def work(bar: "OnProgress | None") -> "Built":
        if options.origins:
            return build(target, options.origins, settings, encoder, encode=options.encode, on_progress=bar)
        fetched = fetch_all(target.with_name(target.name + "-sources"), wanted, on_progress=bar)
        built = build(target, [str(fetched.folder)], settings, encoder, encode=options.encode, on_progress=bar)
        for name, why in fetched.failed:
            built.account.reject_source(name, "download", why)
        return built

    return knowledge_shelf.built_and_told(options, work)
