"""What is recorded, and what a recorder gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from api.decision_log.commitment import committed
from api.decision_log.digits import holds_number
from api.decision_log.refused import BAD_ENTRY, refused

#: Members that the log itself writes into a leaf.
RESERVED = frozenset({"v", "kind", "id", "at_ms", "clock_ms", "commit"})

VERSION = 1


class Entry(msgspec.Struct, frozen=True):
    """What is to be recorded.

    Attributes:
        id: unique: of the evaluation, the act …
        kind: "decision", "permit", "act", "provision", "erasure", "ruleset", "fork" …
        leaf: the public part; never personal.
        body: canonical JSON, kept apart under a salt and erased after its time.
        retain_until: the day after which body and salt may be erased; none for never.
    """

    id: str
    kind: str
    leaf: Mapping[str, Any]
    body: bytes
    retain_until: date | None = None


class Receipt(msgspec.Struct, frozen=True):
    """Where an entry stands in the log."""

    id: str
    index: int
    leaf_hash: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry checked, with its salt and commitment."""

    entry: Entry
    salt: bytes
    commit: str


def prepare(entry: Entry) -> Prepared:
    """Check an entry and commit to its body.

    Raises:
        JournalRefused: when it holds what may be an Individual Number, or a member that the log writes itself.
    """
    if not entry.id or not entry.kind or not RESERVED.isdisjoint(entry.leaf):
        raise refused(BAD_ENTRY)
    try:
        entry.body.decode("utf-8")
        if holds_number(entry.body) or holds_number(entry.id.encode()) or any(map(_of_leaf, entry.leaf.values())):
            raise refused(BAD_ENTRY)
    except UnicodeError:
        raise refused(BAD_ENTRY, "UTF-8でない文字") from None
    return Prepared(entry, *committed(entry.body))


def _of_leaf(value: object) -> bool:
    return isinstance(value, str) and _of_text(value)


@lru_cache(maxsize=1_024)
def _of_text(text: str) -> bool:
    """Of what many leaves have in common: the digest of a rule set, an outcome."""
    return holds_number(text.encode())
