"""The register of callers of an installation, ready for the service or the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from api.callers.assertions import Assertions
from api.callers.authenticator import Authenticator
from api.callers.endpoint import Endpoint
from api.callers.limiting import Limits
from api.callers.recording import epoch_hook, recorder
from api.callers.register import Hook, Register
from api.callers.sealing import Sealer
from api.callers.tokens import Tokens
from api.clock import Clock
from api.keys import KeyStore
from api.storage.database import Database


@dataclass(frozen=True)
class CallerSettings:
    """How callers are authenticated and limited.

    Attributes:
        base_url: issuer of tokens; the token endpoint is `/oauth/token` below it.
        audiences: further names that assertions may address, for an installation behind another address.
    """

    base_url: str = "http://127.0.0.1:8000"
    token_life: timedelta = timedelta(minutes=10)
    skew: timedelta = timedelta(seconds=30)
    allow_basic: bool = True
    certificate_header: str | None = None
    proxies: tuple[str, ...] = ()
    per_minute: int | None = None
    stranger_per_minute: int | None = 120
    workers: int = 1
    look_every: float = 1.0
    audiences: tuple[str, ...] = field(default=())


class Callers:
    """What the parts of the service need to know callers by."""

    def __init__(self, register: Register, authenticator: Authenticator, endpoint: Endpoint) -> None:
        self.register, self.authenticator, self.endpoint = register, authenticator, endpoint


def open_register(database: Database, keys: KeyStore, clock: Clock, hooks: Sequence[Hook] = ()) -> Register:
    """The register alone, for the command line.

    Its changes are written into the decision log; whoever is shut out takes the permits of its municipality along.
    """
    return Register(database, Sealer(keys), clock, (epoch_hook(clock), *hooks), recorder(clock))


def open_callers(
    database: Database,
    keys: KeyStore,
    clock: Clock,
    settings: CallerSettings | None = None,
    hooks: Sequence[Hook] = (),
) -> Callers:
    """Register, authenticator and OAuth endpoint of an installation.

    Args:
        hooks: called in the transaction of each change of the register, beside those of `open_register`.
    """
    settings = settings or CallerSettings()
    base = settings.base_url.rstrip("/")
    register = open_register(database, keys, clock, hooks)
    tokens = Tokens(keys, clock, base, settings.token_life, settings.skew)
    limits = Limits(settings.per_minute, settings.stranger_per_minute, workers=settings.workers)
    authenticator = Authenticator(
        register,
        tokens,
        clock,
        limits,
        certificate_header=settings.certificate_header,
        proxies=settings.proxies,
        look_every=settings.look_every,
    )
    audiences = {base, f"{base}/oauth/token", *settings.audiences}
    assertions = Assertions(database, clock, audiences, settings.skew)
    endpoint = authenticator.endpoint = Endpoint(authenticator, assertions, allow_basic=settings.allow_basic)
    return Callers(register, authenticator, endpoint)
