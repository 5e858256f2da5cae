"""Signing keys in a folder of their own, outside the database.

`<purpose>/ring.json` says which key does what; it is replaced whole, so a rotation is seen entirely or not at all.
`<purpose>/<kid>.jwk` is a private key, written before the ring that names it and removed when it is revoked. Every
call looks at the ring's stamp, so other processes on the folder see a rotation or a revocation with their next call.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from api.clock import Clock, to_ms
from api.keys import files
from api.keys.refused import DAMAGED, UNKNOWN_KEY, KeyRefused
from api.keys.ring import LASTING, OVERLAP, KeyRecord, Purpose, Ring, State, empty
from engine.japanese import has_twelve_digits

#: The one algorithm of every key here (RFC 9864).
ALGORITHM = "Ed25519"

_RING = "ring.json"
_SECRETS = "secrets"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_Stamp = tuple[int, int, int]


class _Loaded:
    """A ring as it was read, and its keys made so far."""

    __slots__ = ("private", "public", "ring", "stamp")

    def __init__(self, stamp: _Stamp | None, ring: Ring) -> None:
        self.stamp, self.ring = stamp, ring
        self.public = {
            key.kid: OKPKey.import_key(_public(key.kid, key.x)) for key in ring.keys if key.revoked_ms is None
        }
        self.private: dict[str, OKPKey] = {}


class KeyStore:
    """The keys of an installation. Safe for several threads, and for several processes on one folder.

    Args:
        folder: made with mode 0700 when it is not there.
        clock: what ends an overlap.

    Raises:
        KeyRefused: when others can open the folder, or it cannot be made.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._loaded: dict[Purpose, _Loaded] = {}
        files.make_folder(folder)

    def signing_key(self, purpose: Purpose, kid: str | None = None) -> OKPKey:
        """The key that signs now, made on first use; or the one of a name while it is not revoked or retired.

        The second is for signing again what was signed before (Ed25519 gives the same bytes).

        Raises:
            KeyRefused: when that key may sign no more, or a file is damaged or open to others.
        """
        loaded = self._current(purpose)
        record = loaded.ring.active if kid is None else loaded.ring.of(kid)
        if record is None and kid is None:
            loaded = self._first(purpose)
            record = loaded.ring.active
        if record is None or record.state(self._now_ms()) not in (State.ACTIVE, State.OVERLAP):
            raise unknown_key()
        found = loaded.private.get(record.kid)
        if found is None:
            found = loaded.private[record.kid] = self._private(purpose, record)
        return found

    def verifying_key(self, purpose: Purpose, kid: str) -> OKPKey | None:
        """The public key of a name while it is trusted; the folder is read again once for a name not known."""
        loaded = self._current(purpose)
        if kid not in loaded.public:
            self._loaded.pop(purpose, None)
            loaded = self._current(purpose)
        record = loaded.ring.of(kid)
        return loaded.public[kid] if record is not None and self._trusted(purpose, record) else None

    def public_keys(self, purpose: Purpose) -> KeySet:
        """The public keys that are trusted now; those of checkpoints and bundles until they are revoked."""
        loaded = self._current(purpose)
        return KeySet([loaded.public[k.kid] for k in loaded.ring.keys if self._trusted(purpose, k)])

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The trusted public keys of every purpose but the vault's, each with its purpose, as a JWK set."""
        return {
            "keys": [
                {**_public(k.kid, k.x), "purpose": purpose.value}
                for purpose in Purpose
                if purpose is not Purpose.VAULT
                for k in self._current(purpose).ring.keys
                if self._trusted(purpose, k)
            ]
        }

    def listed(self) -> Iterator[tuple[Purpose, KeyRecord, State]]:
        """Every key there ever was, by purpose, oldest first."""
        now = self._now_ms()
        for purpose in Purpose:
            yield from ((purpose, k, k.state(now)) for k in self._current(purpose).ring.keys)

    def rotate(self, purpose: Purpose) -> str:
        """Let a new key sign; the one before it verifies for its overlap. Returns the name of the new key."""
        folder = self._made(purpose)
        with files.alone(folder):
            return self._follow(purpose, self._read(purpose).ring)

    def revoke(self, kid: str) -> Purpose:
        """Trust a key no more, from this moment; when it signed, another takes its place at once.

        Raises:
            KeyRefused: P0332 when no key has that name.
        """
        for purpose in Purpose:
            if self._current(purpose).ring.of(kid) is None:
                continue
            folder = self._made(purpose)
            with files.alone(folder):
                ring = self._read(purpose).ring
                signed = ring.active is not None and ring.active.kid == kid
                ring = ring.without(kid, self._now_ms())
                if signed:
                    self._follow(purpose, ring)
                else:
                    self._write(purpose, ring)
                files.remove(folder / f"{kid}.jwk")
            return purpose
        raise unknown_key()

    def secret(self, purpose: Purpose, name: str, length: int = 32) -> bytes:
        """Random bytes kept under a name, drawn on first use.

        Raises:
            KeyRefused: when what is kept has another length, or cannot be read or written.
        """
        path = self._secret_path(purpose, name)
        kept = files.read(path)
        if kept is None:
            self._made(purpose)
            files.make_folder(path.parent)
            with files.alone(path.parent):
                kept = files.read(path)
                if kept is None:
                    kept = secrets.token_bytes(length)
                    files.write(path, kept)
        if len(kept) != length:
            raise damaged(path)
        return kept

    def put_secret(self, purpose: Purpose, name: str, data: bytes) -> None:
        """Keep bytes under a name not used before.

        Raises:
            KeyRefused: when other bytes are kept under that name.
        """
        path = self._secret_path(purpose, name)
        self._made(purpose)
        files.make_folder(path.parent)
        with files.alone(path.parent):
            kept = files.read(path)
            if kept is None:
                files.write(path, data)
            elif kept != data:
                raise damaged(path)

    def read_secret(self, purpose: Purpose, name: str) -> bytes | None:
        """The bytes kept under a name; None when there are none."""
        return files.read(self._secret_path(purpose, name))

    def secret_names(self, purpose: Purpose) -> tuple[str, ...]:
        """The names of what is kept, sorted."""
        folder = self._folder / purpose.value / _SECRETS
        return tuple(sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))) if folder.is_dir() else ()

    def drop_secret(self, purpose: Purpose, name: str) -> None:
        """Destroy what is kept under a name."""
        files.remove(self._secret_path(purpose, name))

    # --- within ---------------------------------------------------------------------------------

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())

    def _made(self, purpose: Purpose) -> Path:
        folder = self._folder / purpose.value
        files.make_folder(folder)
        return folder

    def _trusted(self, purpose: Purpose, record: KeyRecord) -> bool:
        state = record.state(self._now_ms())
        return state in (State.ACTIVE, State.OVERLAP) or (state is State.RETIRED and purpose in LASTING)

    def _current(self, purpose: Purpose) -> _Loaded:
        kept = self._loaded.get(purpose)
        if kept is not None and kept.stamp == _stamp(self._folder / purpose.value / _RING):
            return kept
        loaded = self._loaded[purpose] = self._read(purpose)
        return loaded

    def _read(self, purpose: Purpose) -> _Loaded:
        path = self._folder / purpose.value / _RING
        stamp = _stamp(path)
        data = files.read(path)
        if data is None:
            return _Loaded(None, empty())
        try:
            return _Loaded(stamp, msgspec.json.decode(data, type=Ring, strict=True))
        except (msgspec.MsgspecError, JoseError, ValueError):
            raise damaged(path) from None

    def _private(self, purpose: Purpose, record: KeyRecord) -> OKPKey:
        path = self._folder / purpose.value / f"{record.kid}.jwk"
        data = files.read(path)
        try:
            key = OKPKey.import_key(msgspec.json.decode(data or b"", type=dict[str, str | list[str]]))
            sound = key.is_private and key.as_dict(private=False)["x"] == record.x and key.thumbprint() == record.kid
        except (msgspec.MsgspecError, JoseError, ValueError, KeyError, TypeError):
            sound = False
        if not sound:
            raise damaged(path)
        return key

    def _first(self, purpose: Purpose) -> _Loaded:
        folder = self._made(purpose)
        with files.alone(folder):
            ring = self._read(purpose).ring
            if ring.active is None:
                self._follow(purpose, ring)
        return self._current(purpose)

    def _follow(self, purpose: Purpose, ring: Ring) -> str:
        """Write a new key, then the ring in which it signs."""
        key = _generate()
        kid, now = key.thumbprint(), self._now_ms()
        private = {"alg": ALGORITHM, "kid": kid, "use": "sig", **key.as_dict(private=True)}
        files.write(self._folder / purpose.value / f"{kid}.jwk", msgspec.json.encode(private, order="sorted"))
        record = KeyRecord(kid, str(key.as_dict(private=False)["x"]), now)
        self._write(purpose, ring.followed_by(record, now + OVERLAP[purpose] // timedelta(milliseconds=1)))
        return kid

    def _write(self, purpose: Purpose, ring: Ring) -> None:
        files.write(self._folder / purpose.value / _RING, msgspec.json.encode(ring, order="sorted"))
        self._loaded.pop(purpose, None)

    def _secret_path(self, purpose: Purpose, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("a name is of small letters, digits, dots, underscores and hyphens")
        return self._folder / purpose.value / _SECRETS / name


def _generate() -> OKPKey:
    """A key whose name nothing takes for an Individual Number, and no command line for an option."""
    while True:
        key = OKPKey.generate_key("Ed25519")
        kid = key.thumbprint()
        if not has_twelve_digits(kid) and not kid.startswith("-"):
            return key


def _public(kid: str, x: str) -> dict[str, Any]:
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": ALGORITHM}


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def damaged(path: Path) -> KeyRefused:
    """The refusal of a file that is not as it was written."""
    return KeyRefused(
        DAMAGED,
        f"鍵の文書 {path} が壊れているか、入れ替えられています",
        "控えから鍵のフォルダを元に戻すか、その鍵を jorei keys revoke で失効させてください。",
    )


def unknown_key() -> KeyRefused:
    """The refusal of a name that no key has, or whose key is no longer trusted."""
    return KeyRefused(
        UNKNOWN_KEY, "その名の鍵はないか、もう使えません", "jorei keys list で、今ある鍵の名と状態を確かめてください。"
    )
