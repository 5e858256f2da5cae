"""What checks of unchanged files found: one file for each state of the nation's files and of the code.

A folder of which the system says what it said last time is not read again, as with git's index: the stamps of its files
stand for its fingerprint. A stamp is kept only when no file of the folder had changed for a while when it was taken:
a file written twice within one tick of the system's clock would else look unchanged.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, TypeVar

import msgspec

from api import cache, kept_nation
from api.checked_folder import Outcome, fingerprint, read_folder, stamp, texts_of
from api.kept_nation import libraries

if TYPE_CHECKING:
    from api.project import Listing
    from dsl.compile import Nation

_T = TypeVar("_T")

_CHECKS = ".checks"
_KEEP = 4
#: municipalities remembered under one state of the nation; those not met for longest are forgotten first
_MOST = 10_000
#: how long (ns) the files of a folder must have been as they are: longer than a tick of any file system (FAT: 2 s)
_SETTLED = 3_000_000_000


class _Kept(msgspec.Struct, array_like=True):
    nation: Outcome
    bodies: dict[bytes, Outcome]
    fingerprints: dict[bytes, bytes]  # by stamp


class NationChangedError(Exception):
    """The nation's files changed while the check was under way: what was taken to be known of them holds no more."""


class Known:
    """What is known under the present state of the nation's files.

    Args:
        national: the folder of the national rules.
        use_cache: whether what earlier checks found may be used, and kept.
    """

    def __init__(self, national: Listing, use_cache: bool = True) -> None:
        self._national = national
        self._use_cache = use_cache
        self._name = self._name_of(fingerprint(national)) if use_cache else None
        self._kept = self._read()
        self._met: dict[bytes, Outcome] = {}
        self._fingerprints: dict[bytes, bytes] = {}
        self._new = self._kept is None
        self._nation: Nation | None = None
        self._outcome: Outcome | None = self._kept.nation if self._kept is not None else None

    @property
    def nation_outcome(self) -> Outcome:
        """What is wrong with the nation's files."""
        if self._outcome is None:
            self._compile()
        assert self._outcome is not None
        return self._outcome

    @property
    def nation(self) -> Nation:
        """What municipalities are compiled against.

        Raises:
            NationChangedError: if outcomes known under the files as they were may have been given already.
        """
        if self._nation is None:
            self._compile()
        assert self._nation is not None
        return self._nation

    @property
    def sound(self) -> frozenset[bytes]:
        """The scenario files that are known to have no finding."""
        kept = self._kept.bodies.values() if self._kept is not None else ()
        return frozenset(mark for outcome in kept for mark in outcome.sound)

    def _compile(self) -> None:
        read = read_folder(self._national)
        name = self._name_of(read.key)
        if self._kept is not None and name != self._name:
            raise NationChangedError
        self._name = name
        diagnostics, self._nation = kept_nation.compiled(read.files, name is not None)
        self._outcome = Outcome(reading=read.problems, rules=diagnostics, texts=texts_of(read.files))

    def fingerprint(self, found: Listing) -> bytes | None:
        """The fingerprint of a folder: known from its stamp, or from the bytes of its files."""
        seen = stamp(found) if self._use_cache else None
        if seen is None:
            return fingerprint(found)
        stamped, newest = seen
        key = self._kept.fingerprints.get(stamped) if self._kept is not None else None
        if key is None:
            settled = newest < time.time_ns() - _SETTLED
            key = fingerprint(found)
            if key is None or not settled:
                return key
            self._new = True
        self._fingerprints[stamped] = key
        return key

    def outcome(self, key: bytes | None) -> Outcome | None:
        """What was found in a folder with this fingerprint, if that is known."""
        if key is None or self._kept is None:
            return None
        found = self._kept.bodies.get(key)
        if found is not None:
            self._met[key] = found
        return found

    def keep(self, key: bytes, outcome: Outcome) -> None:
        """Remember what was found in a folder."""
        self._met[key] = outcome
        self._new = True

    def write(self) -> None:
        """Put what was learnt into the cache."""
        if self._name is None or not self._new:
            return
        older = self._kept.bodies if self._kept is not None else {}
        bodies = {key: found for key, found in older.items() if key not in self._met} | self._met
        stamps = self._kept.fingerprints if self._kept is not None else {}
        stamps = {key: found for key, found in stamps.items() if key not in self._fingerprints} | self._fingerprints
        kept = _Kept(self.nation_outcome, _newest(bodies), _newest(stamps))
        cache.write_body(self._name + _CHECKS, msgspec.msgpack.encode(kept), _KEEP)

    def _read(self) -> _Kept | None:
        body = cache.read_body(self._name + _CHECKS) if self._name is not None else None
        if body is None:
            return None
        with cache.without_collection():
            try:
                return msgspec.msgpack.decode(body, type=_Kept)
            except (msgspec.MsgspecError, ValueError, TypeError):
                return None

    def _name_of(self, key: bytes | None) -> str | None:
        return hashlib.sha256(_code() + key).hexdigest() if self._use_cache and key is not None else None


def _newest(kept: dict[bytes, _T]) -> dict[bytes, _T]:
    return dict(list(kept.items())[-_MOST:])


def _code() -> bytes:
    """Digest of all that findings follow from besides the files.

    Of `api` only its own modules: what stands in packages within it (the service, its log) finds nothing in texts.
    """
    return cache.compiling_code() + cache.code_digest((), ("api",)) + libraries()
