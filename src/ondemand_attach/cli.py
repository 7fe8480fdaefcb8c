"""The command ``ondemand-attach``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ondemand_attach import __version__
from ondemand_attach.errors import MailError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    from ondemand_attach import demo
    from ondemand_attach._commands import inspect, verify
    from ondemand_attach._commands._files import shown

    parser = argparse.ArgumentParser(
        prog="ondemand-attach", description="Protected attachments made on demand."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, command, purpose, failure in (
        ("demo", demo, "send protected order confirmations to a server on this machine, and check", 1),
        ("inspect", inspect, "say who can read which part of a message, or of a document", 2),
        ("verify", verify, "say whether a file is what a receipt says was sent", 2),
    ):
        below = commands.add_parser(name, help=purpose)
        command.add_arguments(below)
        below.set_defaults(run=command.run, failure=failure)
    parsed = parser.parse_args(arguments)
    try:
        status = int(parsed.run(parsed))
        sys.stdout.flush()
    except MailError as error:
        print(f"ondemand-attach: {shown(str(error))}", file=sys.stderr)
        return int(parsed.failure)
    except BrokenPipeError:  # nobody reads it
        _let_go_of_output()
        return int(parsed.failure)
    return status


def _let_go_of_output() -> None:
    """Have the interpreter write to nowhere what is left to write when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
