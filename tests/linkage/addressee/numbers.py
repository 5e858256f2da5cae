"""Individual Numbers for tests, made in memory and never written down."""

from __future__ import annotations

from linkage.addressee.number import check_digit


def number(seed: int) -> str:
    """A number with a right check digit: eleven digits counted up from a base, and theirs."""
    eleven = f"{(seed * 7_368_787 + 31_415_926_535) % 10**11:011d}"
    return f"{eleven}{check_digit(eleven)}"
