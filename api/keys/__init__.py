"""Signing keys of the installation: one purpose a folder, rotated with an overlap, revoked at once."""

from __future__ import annotations

from api.keys.refused import KeyRefused
from api.keys.ring import KeyRecord, Purpose, State
from api.keys.store import ALGORITHM, KeyStore

__all__ = ["ALGORITHM", "KeyRecord", "KeyRefused", "KeyStore", "Purpose", "State"]
