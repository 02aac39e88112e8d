"""``watchfloor lab key``: makes the key pair that packs are signed and trusted with."""

import argparse
import sys
from pathlib import Path

from watchfloor.base.errors import UsageError
from watchfloor.cli.terminal import Terminal

NAME = "key"
SUMMARY = "make a key pair to sign packs with"
DESCRIPTION = """Make an Ed25519 key pair. Keep the private key to yourself; whoever is to trust your packs puts the
public one into the folder of trusted keys. A key that is there already is never overwritten.

examples:
  watchfloor lab key maker.key
  watchfloor lab finetune --task phishing --data mails.csv --sign-with maker.key"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("private", metavar="FILE", help="where to write the private key")
    parser.add_argument("--public", metavar="FILE", help="where to write the public key; default FILE with .pub")


def run(options: argparse.Namespace) -> int:
    """Make the pair and say where it is."""
    from watchfloor.store.signatures import PUBLIC_SUFFIX, make_key

    private = Path(options.private)
    public = Path(options.public) if options.public else private.with_suffix(PUBLIC_SUFFIX)
    for path in (private, public):
        if path.exists():
            raise UsageError(f"{path} is there already.", hint="Name another file; a key is never overwritten.")
    make_key(private, public)
    terminal = Terminal(sys.stdout)
    terminal.line(f"private key: {private} (only you can read it; keep it so)")
    terminal.line(f"public key:  {public} (for the folder of trusted keys of whoever runs your packs)")
    return 0
