"""Routes of the files: created, written and searched by the permit in the header; closed by an administrator's order."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from api.permits import Act
from linkage.addressee.routes import Handle
from linkage.files import opening, reading, writing
from linkage.http.answering import Form, permit
from linkage.network.wire import Id

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.callers import Caller
    from linkage.http.answering import Answering
    from linkage.layer import Layer
    from linkage.ticket import Ticket

CREATE, WRITE, READ = "linkage:file:create", "linkage:record:write", "linkage:record:read"
CLOSE = "linkage:register:write"


class CreationForm(Form, frozen=True, kw_only=True):
    """A file of the register to create."""

    file: Id


class RecordForm(Form, frozen=True, kw_only=True):
    """A record; with `record` and `after`, its next version. `closed` is the day on which the case ended."""

    file: Id
    person: Handle
    fields: dict[str, str]
    record: Id | None = None
    after: int = 0
    closed: date | None = None


class SearchForm(Form, frozen=True, kw_only=True):
    """Whose records; with `versions`, those before the current ones too."""

    person: Handle
    versions: bool = False


def router(layer: Layer, answering: Answering) -> APIRouter:
    """The routes, under /v1/linkage/files."""
    routes = APIRouter(prefix="/v1/linkage/files", tags=["特定個人情報ファイル"])
    _files(routes, layer, answering)
    _records(routes, layer, answering)
    return routes


def _files(routes: APIRouter, layer: Layer, answering: Answering) -> None:
    @routes.post("", status_code=204)
    async def create(request: Request) -> Response:
        """特定個人情報ファイルの作成."""

        def work(caller: Caller, form: CreationForm) -> None:
            act = Act("file.create", "file", (form.file,))
            _act(layer, request, caller, form, act, lambda ticket: opening.create(ticket, form.file))

        return await answering.act(request, CREATE, CreationForm, work, 204)

    @routes.post("/{file}/closing", status_code=204)
    async def close(request: Request, file: str) -> Response:
        """The file is held no more."""

        def work(caller: Caller, _: Form) -> None:
            layer.gate.operate("register.write", caller.client_id, lambda ticket: opening.close(ticket, file))
            layer.registers_changed()

        return await answering.act(request, CLOSE, Form, work, 204)


def _records(routes: APIRouter, layer: Layer, answering: Answering) -> None:
    @routes.post("/records", status_code=201)
    async def write(request: Request) -> Response:
        """業務の記録の登録."""

        def work(caller: Caller, form: RecordForm) -> object:
            handles = (form.file, form.person, *(() if form.record is None else (form.record,)))

            def written(ticket: Ticket) -> object:
                return writing.write(
                    ticket,
                    layer.vault,
                    form.file,
                    form.person,
                    form.fields,
                    record=form.record,
                    after=form.after,
                    closed=form.closed,
                )

            act = Act("record.write", "record", handles)
            return _act(layer, request, caller, form, act, written, subject=form.person)

        return await answering.act(request, WRITE, RecordForm, work, 201)

    @routes.post("/records/search")
    async def search(request: Request) -> Response:
        """業務の記録の検索."""

        def work(caller: Caller, form: SearchForm) -> object:
            def found(ticket: Ticket) -> object:
                return reading.search(ticket, layer.vault, form.person, versions=form.versions)

            act = Act("record.search", "record", (form.person,))
            return {"records": _act(layer, request, caller, form, act, found, subject=form.person)}

        return await answering.act(request, READ, SearchForm, work)


def _act(
    layer: Layer,
    request: Request,
    caller: Caller,
    form: Form,
    act: Act,
    work: Callable[[Ticket], Any],
    *,
    subject: str | None = None,
) -> Any:
    return layer.gate.act(
        permit(request),
        caller.client_id,
        act,
        work,
        subject=subject,
        handler=form.handler,
        thumbprint=caller.thumbprint,
    ).result
