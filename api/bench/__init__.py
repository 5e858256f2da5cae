"""Figures of speed and size: `jorei bench`. Ratios within one run, against a plain dict and against other engines."""

from __future__ import annotations
