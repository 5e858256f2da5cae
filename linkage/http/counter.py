"""Routes of the counter: log-in tickets and notices of My Portal, requests of the person, cards, and 庁内連携."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
from fastapi import APIRouter, Request, Response

from linkage.addressee.routes import Handle
from linkage.authority import RIGHTS
from linkage.cards.values import Identity, Step
from linkage.http.answering import Form, permit
from linkage.network.wire import AgencyCode, Id
from linkage.portal.logins import Bearer
from linkage.portal.notices import Notice
from linkage.rights.values import Application, By, Outcome
from linkage.transfer import Transfer, Transfers

if TYPE_CHECKING:
    from api.callers import Caller
    from linkage.cards.desk import CardDesk
    from linkage.http.answering import Answering
    from linkage.intermediate.client import Line
    from linkage.portal.portal import Portal
    from linkage.rights.desk import RightsDesk

TRANSFER = "linkage:transfer:use"
CARD = "linkage:card:use"
CODE = "linkage:code:acquire"


class TicketForm(Form, frozen=True, kw_only=True):
    """A person at the counter whose identity was checked."""

    person: Handle
    by: By = By.SELF
    representative: str | None = None
    authority: str | None = None


class NoticeForm(Form, frozen=True, kw_only=True):
    """What a section tells."""

    section: str
    title: str
    body: str
    first: date
    last: date | None = None
    person: Handle | None = None


class DecisionForm(Form, frozen=True, kw_only=True):
    """How a request is decided."""

    outcome: Outcome
    reason: str = ""
    article: str | None = None


class WordsForm(Form, frozen=True, kw_only=True):
    """What was done or asked."""

    what: str


class TransferForm(Form, frozen=True, kw_only=True):
    """庁内連携."""

    transfer: Transfer


class IntroductionForm(Form, frozen=True, kw_only=True):
    """Whom to introduce to the network: the reference that stands for the 住民票コード."""

    agency: AgencyCode
    resident: Id


class PersonForm(Form, frozen=True, kw_only=True):
    """Whose card."""

    person: Handle


class MoveForm(Form, frozen=True, kw_only=True):
    """The next step of a card."""

    step: Step
    text: str = ""
    identity: Identity | None = None


class EnrolForm(Form, frozen=True, kw_only=True):
    """An application for the free area of a card; `application` is the identifier the permit names."""

    card: str
    application: str
    affair: str
    local: str


def portal_router(portal: Portal, answering: Answering) -> APIRouter:
    """What the counter does for My Portal."""
    routes = APIRouter(prefix="/v1/linkage/portal", tags=["マイ・ポータル"])

    @routes.post("/tickets", status_code=201)
    async def ticket(request: Request) -> Response:
        """A log-in ticket, as it is printed."""

        def work(caller: Caller, form: TicketForm) -> object:
            bearer = Bearer(form.person, form.by, form.representative, form.authority)
            return {"ticket": portal.ticket(caller.client_id, bearer)}

        return await answering.act(request, RIGHTS, TicketForm, work, 201)

    @routes.post("/notices", status_code=201)
    async def notice(request: Request) -> Response:
        """A notice of a section."""

        def work(caller: Caller, form: NoticeForm) -> object:
            fields = {name: getattr(form, name) for name in Notice.__struct_fields__}
            return {"id": portal.post(caller.client_id, Notice(**fields))}

        return await answering.act(request, RIGHTS, NoticeForm, work, 201)

    return routes


def rights_router(desk: RightsDesk, answering: Answering) -> APIRouter:
    """Requests for disclosure, correction, stop of use, deletion, stop of provision."""
    routes = APIRouter(prefix="/v1/linkage/rights", tags=["本人の請求"])

    @routes.get("/requests")
    async def listed(request: Request) -> Response:
        """What is to be decided, the most urgent first."""
        return await answering.look(request, RIGHTS, lambda _: {"open": desk.open(), "overdue": desk.overdue()})

    @routes.post("/requests", status_code=201)
    async def receive(request: Request) -> Response:
        """Take a request in."""
        return await answering.act(
            request, RIGHTS, Application, lambda caller, form: desk.receive(caller.client_id, form), 201
        )

    @routes.post("/requests/{id_}/decision")
    async def decide(request: Request, id_: str) -> Response:
        """Decide."""

        def work(caller: Caller, form: DecisionForm) -> object:
            return desk.decide(caller.client_id, id_, form.outcome, form.reason, form.article)

        return await answering.act(request, RIGHTS, DecisionForm, work)

    @routes.post("/requests/{id_}/execution")
    async def carry_out(request: Request, id_: str) -> Response:
        """Note that it is done."""

        def work(caller: Caller, form: WordsForm) -> object:
            return desk.carry_out(caller.client_id, id_, form.what)

        return await answering.act(request, RIGHTS, WordsForm, work)

    return routes


def transfer_router(transfers: Transfers, answering: Answering) -> APIRouter:
    """庁内連携."""
    routes = APIRouter(prefix="/v1/linkage/transfers", tags=["庁内連携"])

    @routes.post("")
    async def give(request: Request) -> Response:
        """Give one agency what another holds ready, by a permit for transfer.provide or transfer.use."""

        def work(caller: Caller, form: TransferForm) -> object:
            token = permit(request)
            return transfers.give(
                token, caller.client_id, form.transfer, handler=form.handler, thumbprint=caller.thumbprint
            )

        return await answering.act(request, TRANSFER, TransferForm, work)

    return routes


def introduction_router(line: Line, answering: Answering) -> APIRouter:
    """取得番号, asked of the J-LIS part of the simulator."""
    routes = APIRouter(prefix="/v1/linkage/acquisitions", tags=["情報連携"])

    @routes.post("", status_code=201)
    async def acquire(request: Request) -> Response:
        """An acquisition number for one agency; it is kept nowhere here."""

        def work(_: Caller, form: IntroductionForm) -> object:
            return {"acquisition_number": line.acquisition(form.agency, form.resident).acquisition_number}

        return await answering.act(request, CODE, IntroductionForm, work, 201)

    return routes


def card_router(desk: CardDesk, answering: Answering) -> APIRouter:
    """Notification, cards, and their use by ordinance."""
    routes = APIRouter(prefix="/v1/linkage/cards", tags=["個人番号カード"])

    @routes.post("", status_code=201)
    async def apply(request: Request) -> Response:
        """An application for a card."""
        return await answering.act(
            request, RIGHTS, PersonForm, lambda caller, form: desk.apply(caller.client_id, form.person), 201
        )

    @routes.post("/{case}/steps")
    async def move(request: Request, case: str) -> Response:
        """The next step."""

        def work(caller: Caller, form: MoveForm) -> object:
            return desk.move(caller.client_id, case, form.step, form.text, form.identity)

        return await answering.act(request, RIGHTS, MoveForm, work)

    @routes.post("/applications", status_code=201)
    async def enrol(request: Request) -> Response:
        """Write an application on a card, by permit."""

        def work(caller: Caller, form: EnrolForm) -> object:
            act = msgspec.structs.replace(desk.enrol_act(form.card), handles=(form.card, form.application))
            return desk.enrol(permit(request), caller.client_id, act, form.affair, form.local)

        return await answering.act(request, CARD, EnrolForm, work, 201)

    @routes.post("/applications/{application}/uses")
    async def use(request: Request, application: str) -> Response:
        """Use a card by its application, by permit."""

        def work(caller: Caller, form: Form) -> object:
            return desk.use(permit(request), caller.client_id, application)

        return await answering.act(request, CARD, Form, work)

    return routes
