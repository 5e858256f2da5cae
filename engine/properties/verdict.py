"""What came of examining a property: proved over all classes of requests, or refuted by a request that shows it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.rule_set import Citation

#: A request in the words that `engine.resolve.Resolver` and `jorei decide` read.
Raw = Mapping[str, object]


class Counterexample(msgspec.Struct, frozen=True):
    """One fault that refutes a property.

    `request` decided by the naive evaluator says `decided`, and that shows the fault. It is None when no request that
    the registers allow can reach the fault, or when the fault is in the texts themselves; it refutes all the same.
    """

    text: str  # what is wrong, 日本語の一文
    citation: Citation | None = None  # the clause responsible
    request: Raw | None = None
    decided: str = ""
    place: str = ""  # file:line, where the fault stands in a text


class Remark(msgspec.Struct, frozen=True):
    """Something worth knowing that refutes nothing."""

    text: str
    citation: Citation | None = None
    place: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """The verdict on one property. `how` says what was examined, with the numbers of it."""

    code: str  # V0101 …, each with a page docs/ja/codes/<code>.md
    title: str
    how: str
    examined: int
    counterexamples: tuple[Counterexample, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether nothing refutes it."""
        return not self.counterexamples
