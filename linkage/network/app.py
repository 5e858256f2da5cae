"""HTTP face of the network simulator. See the package: a SIMULATOR that stands for no national system."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from api.clock import Clock, SystemClock
from api.storage.database import Database, open_database
from api.storage.migrating import migrate
from linkage.network import SIMULATOR_JAPANESE, SIMULATOR_TEXT, enrolment, jlis, permitted, tables
from linkage.network.bells import Bells
from linkage.network.envelope import Envelope, problem
from linkage.network.exchange import Exchange, agency_of
from linkage.network.faults import Faults
from linkage.network.link_codes import LinkCodes
from linkage.network.refusals import NetworkRefused
from linkage.network.sealing import kept_secret
from linkage.network.signing import Gatekeeper, SignKey
from linkage.network.wire import (
    Acknowledged,
    AcquisitionRequest,
    Assessment,
    CodeIssued,
    CodeRequest,
    Enrolled,
    Fault,
    Inquiry,
    Member,
    Provision,
    Records,
    Residents,
)

T = TypeVar("T", bound=msgspec.Struct)
LONGEST_WAIT_MS = 25_000
_SCHEMA = Path(__file__).with_name("schema")


@dataclass(frozen=True, slots=True)
class Network:
    """Everything of one simulator process."""

    database: Database
    clock: Clock
    exchange: Exchange
    codes: LinkCodes
    key: SignKey
    faults: Faults
    admin: bytes
    bells: Bells


def open_network(
    home: Path, *, url: str | None = None, listed: Path | None = None, clock: Clock | None = None
) -> Network:
    """Open a simulator in a folder of its own: database, keys, administrator's token (admin.token, mode 0600)."""
    home.mkdir(parents=True, exist_ok=True)
    clock = clock or SystemClock()
    database = open_database(url or f"sqlite:///{home / 'network.db'}")
    migrate(database, tables.metadata, _SCHEMA, "network_version")
    faults = Faults()
    exchange = Exchange(
        database, clock, permitted.load(listed or permitted.default_list()), faults.reach, lambda: faults.now.late_ms
    )
    return Network(
        database,
        clock,
        exchange,
        LinkCodes(home / "keys" / "link_codes.secret"),
        SignKey(home / "keys" / "sign.key"),
        faults,
        kept_secret(home / "admin.token", lambda: secrets.token_urlsafe(32).encode()),
        Bells(),
    )


def create_app(network: Network) -> FastAPI:
    """The application of one simulator."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        network.database.close()

    app = FastAPI(
        title="情報提供ネットワークシステム 模擬装置 (SIMULATOR)",
        description=f"{SIMULATOR_JAPANESE} This is a {SIMULATOR_TEXT}.",
        version="1",
        lifespan=lifespan,
    )
    _inquiries(app, network)
    _mail(app, network)
    _persons(app, network)
    _administration(app, network)

    @app.get("/livez")
    def livez() -> Response:
        """That the process runs, and that it is a simulator."""
        return Response(SIMULATOR_JAPANESE, media_type="text/plain; charset=utf-8")

    @app.exception_handler(NetworkRefused)
    async def refused(_: Request, error: NetworkRefused) -> Response:
        return problem(error)

    def key_of(member: str) -> str | None:
        with network.database.read() as connection:
            return enrolment.sign_key_of(connection, member)

    app.add_middleware(
        Envelope, key=network.key, gatekeeper=Gatekeeper(network.clock), key_of=key_of, faults=network.faults
    )
    return app


def _inquiries(app: FastAPI, network: Network) -> None:
    @app.post("/v1/inquiries")
    async def inquire(request: Request) -> Response:
        """Take an inquiry, check it (番号法21条2項), and put it into the provider's mailbox."""
        message = await _read(request, Inquiry)
        receipt, wake = await run_in_threadpool(network.exchange.inquire, _member(request), message)
        network.bells.ring(wake)
        return _json(receipt, 202)

    @app.get("/v1/inquiries/{number}")
    def state(request: Request, number: str) -> Response:
        """What became of an inquiry."""
        return _json(network.exchange.state(_member(request), number))

    @app.post("/v1/provisions/{number}")
    async def provide(request: Request, number: str) -> Response:
        """Take the provider's answer, once, and put it into the requester's mailbox."""
        answer = await _read(request, Provision)
        state, wake = await run_in_threadpool(network.exchange.provide, _member(request), number, answer)
        network.bells.ring(wake)
        return _json(state)


def _mail(app: FastAPI, network: Network) -> None:
    @app.get("/v1/mailbox")
    async def mailbox(request: Request, wait_ms: int = 0) -> Response:
        """What waits for the member; waits for it when asked to."""
        member = _member(request)
        ends = time.monotonic() + min(max(wait_ms, 0), LONGEST_WAIT_MS) / 1000
        with network.bells.listening(member) as bell:
            while True:
                bell.clear()
                found = await run_in_threadpool(network.exchange.mailbox, member)
                left = ends - time.monotonic()
                if found.messages or left <= 0 or network.faults.now.down:
                    return _json(found)
                try:
                    await asyncio.wait_for(bell.wait(), min(left, 0.5))  # what is due later rings no bell
                except TimeoutError:
                    continue

    @app.post("/v1/mailbox/acknowledgement")
    async def acknowledge(request: Request) -> Response:
        """The member has kept these messages."""
        kept = await _read(request, Acknowledged)
        await run_in_threadpool(network.exchange.acknowledge, _member(request), kept.seqs)
        return Response(status_code=204)


def _persons(app: FastAPI, network: Network) -> None:
    @app.post("/jlis/v1/acquisitions")
    async def acquire(request: Request) -> Response:
        """An acquisition number of a resident, for one agency (J-LIS part of the simulator)."""
        asked = await _read(request, AcquisitionRequest)
        return _json(await run_in_threadpool(_acquire, network, _member(request), asked), 201)

    @app.post("/v1/codes")
    async def code(request: Request) -> Response:
        """The link code of the person whom the acquisition number introduces; the number is deleted."""
        asked = await _read(request, CodeRequest)
        return _json(await run_in_threadpool(_code, network, _member(request), asked), 201)

    @app.put("/v1/assessments")
    async def assess(request: Request) -> Response:
        """Tell the state of an impact assessment (番号法28条)."""
        told = await _read(request, Assessment)
        await run_in_threadpool(_assess, network, _member(request), told)
        return Response(status_code=204)

    @app.get("/v1/records")
    def records(request: Request, agency: str, link_code: str) -> Response:
        """The network's records about one person (番号法23条3項)."""
        return _json(Records(network.exchange.records(_member(request), agency, link_code)))


def _acquire(network: Network, member: str, asked: AcquisitionRequest) -> msgspec.Struct:
    with network.database.begin() as connection:
        if agency_of(connection, asked.agency).member != member:
            raise NetworkRefused("N0202")
        return jlis.acquire(connection, asked.resident, asked.agency, network.clock)


def _code(network: Network, member: str, asked: CodeRequest) -> CodeIssued:
    with network.database.begin() as connection:
        if agency_of(connection, asked.agency).member != member:
            raise NetworkRefused("N0202")
        person = jlis.redeem(connection, asked.acquisition_number, asked.agency, network.clock)
        return CodeIssued(network.codes.issue(connection, asked.agency, person))


def _assess(network: Network, member: str, told: Assessment) -> None:
    with network.database.begin() as connection:
        enrolment.set_assessment(connection, member, told, network.clock)


def _administration(app: FastAPI, network: Network) -> None:
    @app.put("/admin/members")
    async def enrol(request: Request) -> Response:
        """Register an intermediate server; answers with the key by which the network signs."""
        _administrator(request, network)
        member = await _read(request, Member)
        with network.database.begin() as connection:
            enrolment.enrol(connection, member)
        return _json(Enrolled(network.key.public))

    @app.post("/admin/residents")
    async def residents(request: Request, count: int = 1) -> Response:
        """References of new synthetic residents (J-LIS part)."""
        _administrator(request, network)
        with network.database.begin() as connection:
            return _json(Residents(jlis.register_residents(connection, max(1, min(count, 10_000)))), 201)

    @app.put("/admin/faults")
    async def faults(request: Request) -> Response:
        """Switch faults on and off, for drills."""
        _administrator(request, network)
        try:
            network.faults.set(await _read(request, Fault))
        except ValueError:
            raise NetworkRefused("N0212", status=400) from None
        return Response(status_code=204)


def _administrator(request: Request, network: Network) -> None:
    """Only from the same machine, only with the token of the folder."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
    server, client = request.scope.get("server"), request.client
    if (
        client is None
        or not _loopback(client.host)
        or not (server and _loopback(str(server[0])))
        or not hmac.compare_digest(given, network.admin)
    ):
        raise NetworkRefused("N0214")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _member(request: Request) -> str:
    return str(request.state.member)


async def _read(request: Request, form: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.body(), type=form)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise NetworkRefused("N0212", status=400) from None


def _json(value: msgspec.Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
