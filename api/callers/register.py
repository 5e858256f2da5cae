"""The register of callers: written by the command line and administrators, read by every worker."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from api.callers import tables
from api.callers.model import Caller, Role, faults, is_client_id
from api.callers.refused import BAD_CALLER, UNAVAILABLE, RegisterRefused, RegisterUnavailable
from api.callers.sealing import Sealer
from api.clock import Clock, to_ms
from api.decision_log import JournalRefused
from api.storage.database import Database
from api.telemetry.redaction import is_clean

API_KEY: Final = "jk_"
SECRET: Final = "js_"
DISABLED: Final = "disabled"
_RANDOM = 32
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST = 200


class Change(msgspec.Struct, frozen=True):
    """What was changed in the register: for the log and for the epoch of permits."""

    what: str  # "created", "disabled", "rotated", "key", "certificate"
    client_id: str
    body: str | None


class Known(msgspec.Struct, frozen=True):
    """A caller with what its credentials are checked against."""

    caller: Caller
    secret: bytes | None  # sealed
    tokens_from_ms: int


class Snapshot(msgspec.Struct, frozen=True):
    """The enabled callers of one revision of the register."""

    revision: int
    callers: Mapping[str, Known]
    keys: Mapping[bytes, str]  # SHA-256 of the API key → client
    thumbprints: Mapping[str, str]


class Listed(msgspec.Struct, frozen=True):
    """A caller as it is listed: no credential."""

    caller: Caller
    has_secret: bool
    keys: int
    created_ms: int
    disabled_ms: int | None


Hook = Callable[[Connection, Change], None]


def random_text(prefix: str) -> str:
    """256 random bits as lower-case base32 that never looks like a personal number."""
    while True:
        drawn = base64.b32encode(secrets.token_bytes(_RANDOM)).decode().rstrip("=").lower()
        if is_clean(drawn):
            return prefix + drawn


def hash_of(api_key: str) -> bytes:
    """What is kept of an API key.

    One round of SHA-256 is right here: the key holds 256 random bits, so there is nothing to guess that a slow or salted
    hash would protect, and a slow one would let strangers burn the processor of every worker.
    """
    return hashlib.sha256(api_key.encode()).digest()


class Register:
    """The register in the database.

    Args:
        hooks: called in the transaction of each change.
        recorder: the hook that writes the change into the decision log, called last.

    Attributes:
        changed: called after a commit, so that this process looks at once; other workers look each second.
    """

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        clock: Clock,
        hooks: Sequence[Hook] = (),
        recorder: Hook | None = None,
    ) -> None:
        self._database, self._sealer, self._clock, self._recorder = database, sealer, clock, recorder
        self._hooks: tuple[Hook, ...] = (*hooks, recorder) if recorder else tuple(hooks)
        self.changed: list[Callable[[], None]] = []

    def create(self, caller: Caller) -> None:
        """Add a caller; it has no credential yet.

        Raises:
            RegisterRefused: when its roles exclude each other, its scopes do not fit them, or its name is taken.
        """
        _check(caller)
        now = to_ms(self._clock.now())
        row = _row(caller) | {"tokens_from_ms": now, "created_ms": now}
        try:
            self._write(
                Change("created", caller.client_id, caller.body), lambda c: c.execute(insert(tables.caller), row)
            )
        except IntegrityError:
            raise _refused(
                "同じ client_id か、同じ証明書の呼び出し元がすでにあります",
                "別の client_id にするか、jorei callers list で確かめてください",
            ) from None

    def disable(self, client_id: str) -> None:
        """Refuse the caller from now on, with whatever credential."""
        now = to_ms(self._clock.now())
        found = self._existing(client_id)

        def write(connection: Connection) -> None:
            own = tables.caller.c.client_id == client_id
            connection.execute(update(tables.caller).where(own).values(disabled_ms=now))

        self._write(Change(DISABLED, client_id, found.body), write)

    def rotate_secret(self, client_id: str) -> str:
        """A new client secret, returned once. The one before, and tokens made with it, are refused from now on."""
        found = self._existing(client_id)
        secret = random_text(SECRET)
        sealed = self._sealer.seal(secret, client_id)
        now = to_ms(self._clock.now())

        def write(connection: Connection) -> None:
            own = tables.caller.c.client_id == client_id
            connection.execute(update(tables.caller).where(own).values(secret=sealed, tokens_from_ms=now + 1))

        self._write(Change("rotated", client_id, found.body), write)
        return secret

    def rotate_key(self, client_id: str) -> str:
        """A new API key, returned once. Those before are refused from now on."""
        found = self._existing(client_id)
        key, now = random_text(API_KEY), to_ms(self._clock.now())

        def write(connection: Connection) -> None:
            mine = (tables.caller_key.c.client_id == client_id) & tables.caller_key.c.revoked_ms.is_(None)
            connection.execute(update(tables.caller_key).where(mine).values(revoked_ms=now))
            row = {"hash": hash_of(key), "client_id": client_id, "created_ms": now}
            connection.execute(insert(tables.caller_key), row)

        self._write(Change("key", client_id, found.body), write)
        return key

    def set_certificate(self, client_id: str, thumbprint: str | None) -> None:
        """Bind the caller to a client certificate (its x5t#S256), or to none."""
        found = self._existing(client_id)
        if thumbprint is not None and _THUMBPRINT.fullmatch(thumbprint) is None:
            raise _refused("証明書の SHA-256 が正しくありません", "base64url 43字で指定してください")

        def write(connection: Connection) -> None:
            own = tables.caller.c.client_id == client_id
            connection.execute(update(tables.caller).where(own).values(thumbprint=thumbprint))

        self._write(Change("certificate", client_id, found.body), write)

    def list(self) -> list[Listed]:
        """Every caller, disabled ones too, by client id."""
        with self._database.read() as connection:
            keys = connection.execute(
                select(tables.caller_key.c.client_id).where(tables.caller_key.c.revoked_ms.is_(None))
            ).scalars()
            counts: dict[str, int] = {}
            for client_id in keys:
                counts[client_id] = counts.get(client_id, 0) + 1
            rows = connection.execute(select(tables.caller).order_by(tables.caller.c.client_id))
            return [
                Listed(_caller(r), r.secret is not None, counts.get(r.client_id, 0), int(r.created_ms), r.disabled_ms)
                for r in rows
            ]

    def revision(self) -> int:
        """How often the register has changed.

        Raises:
            RegisterUnavailable: when it cannot be read.
        """
        try:
            with self._database.read() as connection:
                return int(connection.execute(select(tables.caller_register.c.revision)).scalar_one())
        except SQLAlchemyError:
            raise _unavailable() from None

    def snapshot(self) -> Snapshot:
        """The enabled callers as one view shows them.

        Raises:
            RegisterUnavailable: when it cannot be read.
        """
        try:
            with self._database.read() as connection:
                return _snapshot(connection)
        except SQLAlchemyError:
            raise _unavailable() from None

    def secret_of(self, known: Known) -> str | None:
        """The client secret, None when it has none."""
        return None if known.secret is None else self._sealer.unseal(known.secret, known.caller.client_id)

    def _existing(self, client_id: str) -> Caller:
        with self._database.read() as connection:
            found = connection.execute(
                select(tables.caller).where(tables.caller.c.client_id == client_id)
            ).one_or_none()
        if found is None or found.disabled_ms is not None:
            raise _refused(
                "その client_id の、使われている呼び出し元はありません", "jorei callers list で確かめてください"
            )
        return _caller(found)

    def _write(self, change: Change, write: Callable[[Connection], Any]) -> None:
        try:
            self._commit(change, write, self._hooks)
        except JournalRefused:
            if change.what != DISABLED:
                raise
            # to keep somebody out must not wait until the log is mended
            self._commit(change, write, tuple(h for h in self._hooks if h is not self._recorder))
        for look in self.changed:
            look()

    def _commit(self, change: Change, write: Callable[[Connection], Any], hooks: Sequence[Hook]) -> None:
        with self._database.begin() as connection:
            write(connection)
            connection.execute(update(tables.caller_register).values(revision=tables.caller_register.c.revision + 1))
            for hook in hooks:
                hook(connection, change)


def _snapshot(connection: Connection) -> Snapshot:
    revision = connection.execute(select(tables.caller_register.c.revision)).scalar_one()
    enabled = select(tables.caller).where(tables.caller.c.disabled_ms.is_(None))
    callers = {
        row.client_id: Known(_caller(row), None if row.secret is None else bytes(row.secret), int(row.tokens_from_ms))
        for row in connection.execute(enabled)
    }
    keys = connection.execute(select(tables.caller_key).where(tables.caller_key.c.revoked_ms.is_(None)))
    return Snapshot(
        int(revision),
        callers,
        {bytes(row.hash): row.client_id for row in keys if row.client_id in callers},
        {k.caller.thumbprint: name for name, k in callers.items() if k.caller.thumbprint is not None},
    )


def _check(caller: Caller) -> None:
    if not is_client_id(caller.client_id):
        raise _refused(
            "client_id が正しくありません",
            "英小文字で始まる3字から64字の、英小文字、数字、「.」「_」「-」にしてください",
        )
    texts = (
        caller.name,
        caller.system,
        caller.body,
        caller.municipality,
        caller.agency,
        caller.section,
        *caller.agencies,
    )
    if any(t is not None and (not t or len(t) > _LONGEST or not t.isprintable() or not is_clean(t)) for t in texts):
        raise _refused(
            "名前などに、空の文、長すぎる文、改行、または11桁から13桁の数字の並びがあります",
            f"{_LONGEST}字までの、個人番号を含まない文にしてください",
        )
    wrong = faults(caller.roles, caller.scopes)
    if wrong:
        raise _refused("。".join(wrong), "役割とスコープを選び直してください")
    if caller.thumbprint is not None and _THUMBPRINT.fullmatch(caller.thumbprint) is None:
        raise _refused("証明書の SHA-256 が正しくありません", "base64url 43字で指定してください")
    if caller.per_minute is not None and not 0 < caller.per_minute <= 100_000_000:
        raise _refused("1分あたりの要求の数が正しくありません", "1以上の整数にしてください")


def _row(caller: Caller) -> dict[str, Any]:
    row = {name: getattr(caller, name) for name in caller.__struct_fields__}
    return row | {name: json.dumps(sorted(row[name]), ensure_ascii=False) for name in ("roles", "scopes", "agencies")}


def _caller(row: Row[Any]) -> Caller:
    return Caller(
        client_id=row.client_id,
        name=row.name,
        body=row.body,
        municipality=row.municipality,
        agency=row.agency,
        section=row.section,
        roles=frozenset(Role(name) for name in json.loads(row.roles)),
        scopes=frozenset(json.loads(row.scopes)),
        system=row.system,
        agencies=frozenset(json.loads(row.agencies)),
        per_minute=row.per_minute,
        thumbprint=row.thumbprint,
    )


def _refused(text: str, help_: str) -> RegisterRefused:
    return RegisterRefused(BAD_CALLER, text, help_)


def _unavailable() -> RegisterUnavailable:
    return RegisterUnavailable(
        UNAVAILABLE, "呼び出し元の台帳を読めないため、誰も認証できません", (("Retry-After", "1"),)
    )
