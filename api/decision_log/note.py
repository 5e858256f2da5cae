"""Signed notes of C2SP (c2sp.org/signed-note), with Ed25519 keys, and the checkpoints written on them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_MARK = "— "
_SPACE = re.compile(r"\s|\+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_LARGEST = 64 * 1024 * 1024


class NoteRefused(ValueError):
    """Not a note signed by a key that is trusted."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A key that is trusted to sign for a log. The name of the key is the origin of the log.

    Attributes:
        name: of the key.
        public: the key.
        revoked: it signed once, and is trusted no more; what it signed counts for nothing.
    """

    name: str
    public: bytes
    revoked: bool = False

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The key as verifiers of notes take it: name+id+key."""
        return f"{self.name}+{self.key_id.hex()}+{_b64(_ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """A key from its text.

        Raises:
            NoteRefused: when it is none.
        """
        name, _, rest = text.strip().partition("+")
        key_id, _, key = rest.partition("+")
        raw = _unb64(key)
        if not name or raw[:1] != _ED25519 or len(raw) != 33:
            raise NoteRefused("not a key")
        found = cls(name, raw[1:])
        if found.key_id.hex() != key_id:
            raise NoteRefused("the key does not have that id")
        return found

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether this key signed the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """The key of a log."""

    name: str
    private: Ed25519PrivateKey

    def __post_init__(self) -> None:
        if not self.name or _SPACE.search(self.name):
            raise ValueError("the name of a key has no spaces and no plus")

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The text as a signed note."""
        if not text.endswith("\n") or any(ord(ch) < 0x20 and ch != "\n" for ch in text):
            raise ValueError("not the text of a note")
        signature = self.private.sign(text.encode())
        return f"{text}\n{_MARK}{self.name} {_b64(self.verifier.key_id + signature)}\n"


def opened(note: str, verifiers: Iterable[Verifier]) -> str:
    """The text of a note that a trusted key signed.

    Raises:
        NoteRefused: when none did, or a trusted key's signature is wrong.
    """
    at = note.rfind("\n\n")
    if at < 0 or len(note) > _LARGEST or not note.endswith("\n"):
        raise NoteRefused("not a note")
    text, lines = note[: at + 1], note[at + 2 :].splitlines()
    known = {(one.name, one.key_id): one for one in verifiers if not one.revoked}
    signed = False
    for line in lines:
        name, _, encoded = line.removeprefix(_MARK).partition(" ")
        raw = _unb64(encoded)
        if not line.startswith(_MARK) or len(raw) < 5:
            raise NoteRefused("not a signature")
        key = known.get((name, raw[:4]))
        if key is None:
            continue
        if not key.verifies(text, raw[4:]):
            raise NoteRefused("a wrong signature")
        signed = True
    if not signed:
        raise NoteRefused("no signature of a known key")
    return text


def disowned(note: str, verifiers: Iterable[Verifier]) -> bool:
    """Whether a key that was revoked signed a note, and no trusted one did."""
    former = [replace(one, revoked=False) for one in verifiers if one.revoked]
    try:
        opened(note, former)
    except NoteRefused:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a log went: c2sp.org/tlog-checkpoint."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"


def sign(checkpoint: Checkpoint, signer: Signer) -> str:
    """A signed checkpoint; the name of the key is the origin."""
    if checkpoint.origin != signer.name:
        raise ValueError("the key is that of another log")
    return signer.sign(checkpoint.text)


def verify(note: str, verifiers: Iterable[Verifier]) -> Checkpoint:
    """The checkpoint of a note.

    Raises:
        NoteRefused: when no trusted key signed it, or it is no checkpoint of that key's log.
    """
    keys = tuple(verifiers)
    lines = opened(note, keys).split("\n")
    if len(lines) < 4 or not _SIZE.fullmatch(lines[1]):
        raise NoteRefused("not a checkpoint")
    root = _unb64(lines[2])
    if len(root) != 32 or lines[0] not in {key.name for key in keys if not key.revoked}:
        raise NoteRefused("not a checkpoint of this log")
    return Checkpoint(lines[0], int(lines[1]), root)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteRefused("not base64") from None
