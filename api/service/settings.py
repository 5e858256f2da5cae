"""What an installation is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

#: Bodies larger than this are refused before they are read to the end.
KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one call may ask."""

    body: int = 256 * KIB
    batch_body: int = 16 * KIB * KIB
    depth: int = 16
    batch: int = 10_000
    evaluations: int = 1_000
    slice: int = 256  # decisions made and recorded at a time, so that other calls are not kept waiting
    #: calls by caller and minute; None for no limit
    per_minute: int | None = None
    #: calls without a valid credential by address and minute
    stranger_per_minute: int | None = 120


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one service; `home` holds the database, the keys, checkpoints and publications."""

    home: Path
    database_url: str | None = None  # None: SQLite in `home`
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    log: bool = True  # False: nothing is recorded; for measuring only
    base_url: str | None = None  # as callers reach it, https
    files: bool = False  # decide by the project's files while no rule set is published
    rules: Path | None = None
    ordinances: tuple[Path, ...] = ()
    lean: bool = True  # the hot path beside FastAPI's routes
    proxies: tuple[str, ...] = ()  # whose header with a client certificate is believed
    certificate_header: str | None = None
    retention_years: int = 7
    checkpoint_every: int = 1_000  # entries
    idempotency_hours: int = 24
    plug_ins: bool = True  # what other packages mount (entry points `jorei.service`)
    limits: Limits = field(default_factory=Limits)

    @property
    def url(self) -> str:
        """The database."""
        from api.storage.database import default_url

        return self.database_url or default_url(self.home)

    @property
    def keys(self) -> Path:
        """The folder of the keys."""
        return self.home / "keys"

    @property
    def checkpoints(self) -> Path:
        """The folder of the signed checkpoints."""
        return self.home / "checkpoints"

    @property
    def publications(self) -> Path:
        """The folder of the published rule sets."""
        return self.home / "publications"

    @property
    def address(self) -> str:
        """Where it listens."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def public_url(self) -> str:
        """The base URL of the AuthZEN metadata, https without exception."""
        base = self.base_url or f"https://{self.host}:{self.port}"
        return "https://" + base.rstrip("/").removeprefix("https://").removeprefix("http://")
