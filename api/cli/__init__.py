"""The command line `jorei`: one module a command."""

from __future__ import annotations

import codecs
import gc
import io
import sys

#: objects made since the last round of the collector: a command makes many that stay, and ends soon
_COLLECT = 200_000


def main() -> None:
    """Run the command line and leave with its exit status (0 fine, 1 findings or unlawful, 2 wrong call)."""
    gc.set_threshold(_COLLECT, 20, 50)
    from api.cli.app import app

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"  # the locale C: Japanese goes out as UTF-8
            stream.reconfigure(encoding="utf-8" if ascii_only else stream.encoding, errors="replace")
    app(prog_name="jorei")
