"""The command line `jorei`: one module a command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit status (0 fine, 1 findings or unlawful, 2 wrong call)."""
    from api.cli.app import app

    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    app(prog_name="jorei")
