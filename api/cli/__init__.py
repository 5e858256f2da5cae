"""The command line `jorei`: one module a command."""

from __future__ import annotations

import codecs
import io
import sys


def main() -> None:
    """Run the command line and leave with its exit status (0 fine, 1 findings or unlawful, 2 wrong call)."""
    from api.cli.app import app

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"  # the locale C: Japanese goes out as UTF-8
            stream.reconfigure(encoding="utf-8" if ascii_only else stream.encoding, errors="replace")
    app(prog_name="jorei")
