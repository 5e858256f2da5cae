"""Routes of the registers, for administrators: handlers, training, files and impact assessments. Each entry is an operation."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, TypeVar

from fastapi import APIRouter, Request, Response

from api.clock import today
from linkage.assessments import registering, steps
from linkage.assessments import standing as standings
from linkage.http.answering import Form
from linkage.people import handlers, organisation, training
from linkage.people.keeping import admitted
from linkage.people.organisation import affair_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from api.callers import Caller
    from linkage.http.answering import Answering
    from linkage.layer import Layer
    from linkage.ticket import Ticket

SCOPE = "linkage:register:write"
T = TypeVar("T")
F = TypeVar("F", bound=Form)


class HandlerForm(Form, frozen=True, kw_only=True):
    """A handler to enter."""

    name: str
    first: date
    id: str | None = None


class AssignmentForm(Form, frozen=True, kw_only=True):
    """A handler's affair."""

    agency: str
    section: str
    affair: str
    first: date
    last: date | None = None
    contract: str | None = None


class DutyForm(Form, frozen=True, kw_only=True):
    """A section carries out an affair."""

    agency: str
    section: str
    affair: str
    first: date


class TrainingForm(Form, frozen=True, kw_only=True):
    """A course that was taken."""

    course: str
    taken: date


class RevocationForm(Form, frozen=True, kw_only=True):
    """Why somebody is a handler no more."""

    why: str


class FileForm(Form, frozen=True, kw_only=True):
    """A file that is to be held, and how many persons it has."""

    agency: str
    affair: str
    name: str
    persons: int
    staff: int
    exemption: str | None = None


class DraftForm(Form, frozen=True, kw_only=True):
    """An assessment begun."""

    agency: str
    affair: str
    level: str
    on: date


class DayForm(Form, frozen=True, kw_only=True):
    """The day of a step; of a publication beyond 基礎 that of its 基礎項目評価書 too."""

    on: date
    basic: date | None = None


class WithdrawalForm(Form, frozen=True, kw_only=True):
    """Why an assessment is taken back."""

    why: str


def router(layer: Layer, answering: Answering) -> APIRouter:
    """The routes, under /v1/linkage/registers."""
    routes = APIRouter(prefix="/v1/linkage/registers", tags=["登録簿"])
    _people(routes, layer, answering)
    _assessments(routes, layer, answering)
    return routes


def _writer(layer: Layer) -> Callable[[Caller, Callable[[Ticket], T]], T]:
    def write(caller: Caller, work: Callable[[Ticket], T]) -> T:
        result = layer.gate.operate("register.write", caller.client_id, work).result
        layer.registers_changed()
        return result

    return write


def _people(routes: APIRouter, layer: Layer, answering: Answering) -> None:
    write = _writer(layer)

    @routes.get("/handlers")
    async def listed(request: Request) -> Response:
        """事務取扱担当者の一覧."""

        def work(_: Caller) -> object:
            with layer.database.read() as connection:
                found = handlers.assignments(connection, layer.body, today(layer.clock))
                due = training.due(connection, layer.body, today(layer.clock))
            return {"assignments": found, "training_due": due}

        return await answering.look(request, SCOPE, work)

    @routes.post("/handlers", status_code=201)
    async def enrol(request: Request) -> Response:
        """Enter a handler."""

        def work(caller: Caller, form: HandlerForm) -> object:
            return {"id": write(caller, lambda t: handlers.enrol(t, layer.body, form.name, form.first, id_=form.id))}

        return await answering.act(request, SCOPE, HandlerForm, work, 201)

    @routes.post("/handlers/{id_}/assignments", status_code=201)
    async def assign(request: Request, id_: str) -> Response:
        """Assign a handler to an affair."""

        def work(caller: Caller, form: AssignmentForm) -> object:
            affair = affair_key(layer.rule_set, layer.body, form.affair)

            def assigned(ticket: Ticket) -> str:
                return handlers.assign(
                    ticket,
                    id_,
                    form.agency,
                    form.section,
                    affair,
                    form.first,
                    last=form.last,
                    contract=form.contract,
                )

            return {"id": write(caller, assigned)}

        return await answering.act(request, SCOPE, AssignmentForm, work, 201)

    @routes.post("/duties", status_code=201)
    async def duty(request: Request) -> Response:
        """Enter that a section carries out an affair."""

        def work(caller: Caller, form: DutyForm) -> object:
            affair = affair_key(layer.rule_set, layer.body, form.affair)

            def entered(ticket: Ticket) -> str:
                organisation.add_unit(ticket, layer.body, form.agency, form.section, form.first)
                return organisation.add_duty(ticket, layer.body, form.agency, form.section, affair, form.first)

            return {"id": write(caller, entered)}

        return await answering.act(request, SCOPE, DutyForm, work, 201)

    @routes.post("/handlers/{id_}/trainings", status_code=201)
    async def trained(request: Request, id_: str) -> Response:
        """Enter a training."""

        def work(caller: Caller, form: TrainingForm) -> object:
            return {"valid_until": write(caller, lambda t: training.record(t, id_, form.course, form.taken))}

        return await answering.act(request, SCOPE, TrainingForm, work, 201)

    @routes.post("/handlers/{id_}/revocation", status_code=204)
    async def revoke(request: Request, id_: str) -> Response:
        """Take a handler off, at once."""

        def work(caller: Caller, form: RevocationForm) -> None:
            write(caller, lambda t: handlers.revoke(t, id_, form.why))

        return await answering.act(request, SCOPE, RevocationForm, work, 204)


def _assessments(routes: APIRouter, layer: Layer, answering: Answering) -> None:
    write = _writer(layer)

    @routes.get("/assessments")
    async def standing(request: Request, affair: str) -> Response:
        """Where the assessment of an affair stands today."""

        def work(_: Caller) -> object:
            with layer.database.read() as connection:
                return {"standing": _standing(connection, layer, affair)}

        return await answering.look(request, SCOPE, work)

    @routes.post("/files", status_code=201)
    async def file(request: Request) -> Response:
        """Enter a file with its counts."""

        def work(caller: Caller, form: FileForm) -> object:
            return {"id": write(caller, lambda t: enter_file(t, layer, form))}

        return await answering.act(request, SCOPE, FileForm, work, 201)

    @routes.post("/assessments", status_code=201)
    async def draft(request: Request) -> Response:
        """Begin an assessment."""

        def work(caller: Caller, form: DraftForm) -> object:
            affair = affair_key(layer.rule_set, layer.body, form.affair)
            return {"id": write(caller, lambda t: steps.draft(t, layer.body, form.agency, affair, form.level, form.on))}

        return await answering.act(request, SCOPE, DraftForm, work, 201)

    @routes.post("/assessments/{id_}/submission", status_code=204)
    async def submit(request: Request, id_: str) -> Response:
        """委員会への提出."""

        def work(caller: Caller, form: DayForm) -> None:
            write(caller, lambda t: steps.submit(t, id_, form.on))

        return await answering.act(request, SCOPE, DayForm, work, 204)

    @routes.post("/assessments/{id_}/publication", status_code=204)
    async def publish(request: Request, id_: str) -> Response:
        """公表."""

        def work(caller: Caller, form: DayForm) -> None:
            write(caller, lambda t: steps.publish(t, id_, form.on, basic=form.basic))

        return await answering.act(request, SCOPE, DayForm, work, 204)

    @routes.post("/assessments/{id_}/withdrawal", status_code=204)
    async def withdraw(request: Request, id_: str) -> Response:
        """取下げ: permits issued before are stale, and the network is told."""

        def work(caller: Caller, form: WithdrawalForm) -> None:
            write(caller, lambda t: steps.withdraw(t, id_, form.why))

        return await answering.act(request, SCOPE, WithdrawalForm, work, 204)


def enter_file(ticket: Ticket, layer: Layer, form: FileForm) -> str:
    """A file, its persons and its staff, in one operation."""
    admitted(ticket)
    affair = affair_key(layer.rule_set, layer.body, form.affair)
    on = today(layer.clock)
    id_ = registering.add_file(ticket, layer.body, form.agency, affair, form.name, exemption=form.exemption)
    registering.count_persons(ticket, id_, form.persons, on)
    registering.state_staff(ticket, layer.body, affair, form.staff, on)
    return id_


def _standing(connection: Connection, layer: Layer, affair: str) -> standings.Standing | None:
    return standings.standing(
        connection, layer.body, affair_key(layer.rule_set, layer.body, affair), today(layer.clock)
    )
