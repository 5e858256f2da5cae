"""The keys of one purpose: which signs, which still verify, which are no longer trusted."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

import msgspec


class Purpose(StrEnum):
    """What a key is for. No key serves two purposes."""

    PERMIT = "permit"
    CHECKPOINT = "checkpoint"
    TOKEN = "token"
    BUNDLE = "bundle"
    VAULT = "vault"  # of the linkage layer


_FORM = 1  # of the file

#: How long a key that was rotated out still verifies. Longer than anything it signed lives.
OVERLAP = {
    Purpose.PERMIT: timedelta(minutes=5),
    Purpose.TOKEN: timedelta(minutes=30),
    Purpose.CHECKPOINT: timedelta(days=1),
    Purpose.BUNDLE: timedelta(days=1),
    Purpose.VAULT: timedelta(days=1),
}

#: What these signed is evidence for years, so their keys verify until they are revoked.
LASTING = frozenset({Purpose.CHECKPOINT, Purpose.BUNDLE})


class State(StrEnum):
    """What a key may do now."""

    ACTIVE = "active"  # signs and verifies
    OVERLAP = "overlap"  # verifies
    RETIRED = "retired"  # past its overlap; verifies only what lasts
    REVOKED = "revoked"  # nothing


class KeyRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of a ring, without its private part.

    `x` is the public key, `until_ms` the end of its overlap once another took its place.
    """

    kid: str
    x: str
    created_ms: int
    until_ms: int | None = None
    revoked_ms: int | None = None

    def state(self, now_ms: int) -> State:
        """What it may do at a moment."""
        if self.revoked_ms is not None:
            return State.REVOKED
        if self.until_ms is None:
            return State.ACTIVE
        return State.OVERLAP if now_ms < self.until_ms else State.RETIRED


class Ring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All keys a purpose ever had, oldest first. A list without its members is damaged, not empty."""

    keys: tuple[KeyRecord, ...]
    v: int

    @property
    def active(self) -> KeyRecord | None:
        """The key that signs."""
        return next((k for k in reversed(self.keys) if k.until_ms is None and k.revoked_ms is None), None)

    def of(self, kid: str) -> KeyRecord | None:
        """The key of a name."""
        return next((k for k in self.keys if k.kid == kid), None)

    def followed_by(self, new: KeyRecord, until_ms: int) -> Ring:
        """The ring in which a new key signs and the one before it overlaps."""
        old = tuple(
            msgspec.structs.replace(k, until_ms=until_ms) if k.until_ms is None and k.revoked_ms is None else k
            for k in self.keys
        )
        return Ring((*old, new), _FORM)

    def without(self, kid: str, now_ms: int) -> Ring:
        """The ring in which a key is revoked."""
        revoked = (
            msgspec.structs.replace(k, revoked_ms=now_ms) if k.kid == kid and k.revoked_ms is None else k
            for k in self.keys
        )
        return Ring(tuple(revoked), _FORM)


def empty() -> Ring:
    """The ring of a purpose that never had a key."""
    return Ring((), _FORM)
