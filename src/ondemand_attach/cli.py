"""The command ``ondemand-attach``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ondemand_attach import __version__
from ondemand_attach.errors import MailError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    from ondemand_attach import demo

    parser = argparse.ArgumentParser(
        prog="ondemand-attach", description="Protected attachments made on demand."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    story = commands.add_parser(
        "demo", help="send protected order confirmations to a server on this machine, and check"
    )
    demo.add_arguments(story)
    story.set_defaults(run=demo.run)
    parsed = parser.parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except MailError as error:
        print(f"ondemand-attach: {error}", file=sys.stderr)
        return 1
