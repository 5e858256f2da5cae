"""The pages and the JSON of My Portal, as a router to be mounted into the service.

app.include_router(router(portal))
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from api.clock import from_ms, to_ms
from api.decision_log.receipt import OFFLINE
from linkage.portal import as_json
from linkage.portal.edge import PREFIX, Edge
from linkage.portal.logins import Begun
from linkage.portal.pages import Pages
from linkage.portal.proofs import file_name
from linkage.portal.refusals import PortalRefused
from linkage.refusal import Refusal
from linkage.rights.values import Kind, Subject

if TYPE_CHECKING:
    from linkage.portal.portal import Portal

_TEMPLATES = Path(__file__).with_name("templates")
_ASSETS = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_Before = Annotated[int | None, Query(ge=0, le=2**47)]


def router(portal: Portal) -> APIRouter:
    """Everything under /portal."""
    pages = Pages(portal)
    edge = Edge(portal, pages.refused)
    made = APIRouter(prefix=PREFIX, route_class=edge.route(), include_in_schema=False, default_response_class=Response)
    _open(made, edge, pages)
    _records(made, edge, pages)
    _requests(made, edge, pages)
    _json(made, edge)

    @made.get("/{rest:path}")
    def nothing(rest: str) -> Response:
        raise PortalRefused("M0205", 404)

    return made


def _open(made: APIRouter, edge: Edge, pages: Pages) -> None:
    """Log-in, and what may be seen without."""
    portal = edge.portal

    @made.get("/login")
    def login(request: Request, ended: int = 0) -> Response:
        return pages.page("login.html", None, refusal=None, ended=bool(ended))

    @made.post("/login")
    async def log_in(request: Request) -> Response:
        fields = await edge.form(request)
        try:
            begun = await run_in_threadpool(portal.log_in, fields.get("ticket", ""))
        except Refusal as refusal:
            return pages.page("login.html", None, refusal.status, refusal=refusal, ended=False)
        request.state.begun = begun
        return RedirectResponse(f"{PREFIX}/", 303)

    @made.post("/logout")
    async def log_out(request: Request) -> Response:
        fields = await edge.form(request)
        begun = await run_in_threadpool(edge.checked, request, fields)
        await run_in_threadpool(portal.log_out, begun)
        request.state.begun = None
        return pages.page("goodbye.html", None)

    @made.get("/verify")
    def verify(request: Request) -> Response:
        return pages.page("verify.html", edge.begun(request), keys=portal.prover.public_keys())

    @made.get("/verify/offline.py")
    def offline() -> Response:
        return _download(OFFLINE.read_text("utf-8"), "offline.py")

    @made.get("/style.css")
    def style() -> Response:
        return _asset("style.css")

    @made.get("/icon.svg")
    def icon() -> Response:
        return _asset("icon.svg")


def _records(made: APIRouter, edge: Edge, pages: Pages) -> None:
    """What happened, and the proofs."""
    portal = edge.portal
    visiting = Depends(edge.visit)

    @made.get("/")
    def home(begun: Begun = visiting) -> Response:
        records, _ = portal.records(begun)
        return pages.page(
            "home.html",
            begun,
            records=records[:5],
            notices=portal.notices(begun)[:3],
            requests=[one for one in portal.requests(begun) if one.carried_out is None][:3],
        )

    @made.get("/records")
    def records(before: _Before = None, begun: Begun = visiting) -> Response:
        items, after = portal.records(begun, _moment(before))
        return pages.page("records.html", begun, days=pages.by_day(items), after=after and to_ms(after), before=before)

    @made.get("/records/{id_}")
    def record(id_: str, begun: Begun = visiting) -> Response:
        item, proof = portal.record(begun, id_)
        return pages.page("record.html", begun, item=item, proof=proof, file=file_name(id_))

    @made.get("/records/{id_}/proof")
    def proof(id_: str, begun: Begun = visiting) -> Response:
        return _download(portal.record(begun, id_)[1].text, file_name(id_))

    @made.get("/notices")
    def notices(begun: Begun = visiting) -> Response:
        return pages.page("notices.html", begun, notices=portal.notices(begun))


def _requests(made: APIRouter, edge: Edge, pages: Pages) -> None:
    """Requests of the person."""
    portal = edge.portal
    visiting = Depends(edge.visit)

    @made.get("/requests")
    def requests(begun: Begun = visiting) -> Response:
        return pages.page("requests.html", begun, requests=portal.requests(begun))

    @made.get("/requests/new")
    def new(record: str = "", begun: Begun = visiting) -> Response:
        item = portal.record(begun, record)[0] if record else None
        filled = {"record": record, "subject": "records", "target": item.headline} if item and item.statutory else {}
        return pages.form(begun, filled, item if filled else None)

    @made.post("/requests/new")
    async def apply(request: Request) -> Response:
        fields = await edge.form(request)
        begun = await run_in_threadpool(edge.checked, request, fields)
        try:
            standing = await run_in_threadpool(_applied, portal, begun, fields)
        except Refusal as refusal:
            return await run_in_threadpool(pages.form, begun, fields, None, refusal)
        return RedirectResponse(f"{PREFIX}/requests/{standing.id}", 303)

    @made.get("/requests/{id_}")
    def one(id_: str, begun: Begun = visiting) -> Response:
        return pages.page("request.html", begun, standing=portal.request(begun, id_))

    @made.post("/requests/{id_}/withdraw")
    async def withdraw(request: Request, id_: str) -> Response:
        fields = await edge.form(request)
        begun = await run_in_threadpool(edge.checked, request, fields)
        await run_in_threadpool(portal.withdraw, begun, id_)
        return RedirectResponse(f"{PREFIX}/requests/{id_}", 303)


def _json(made: APIRouter, edge: Edge) -> None:
    """The same as JSON."""
    portal = edge.portal
    visiting = Depends(edge.visit)

    @made.get("/api/records")
    def records(before: _Before = None, begun: Begun = visiting) -> Response:
        items, after = portal.records(begun, _moment(before))
        return as_json.answer({"records": items, "next": after and to_ms(after)})

    @made.get("/api/records/{id_}")
    def record(id_: str, begun: Begun = visiting) -> Response:
        item, proof = portal.record(begun, id_)
        return as_json.answer({"record": item, "proof": as_json.proof(proof)})

    @made.get("/api/notices")
    def notices(begun: Begun = visiting) -> Response:
        return as_json.answer({"notices": [as_json.notice(one) for one in portal.notices(begun)]})

    @made.get("/api/requests")
    def requests(begun: Begun = visiting) -> Response:
        return as_json.answer({"requests": [as_json.request(one) for one in portal.requests(begun)]})

    @made.get("/api/requests/{id_}")
    def one(id_: str, begun: Begun = visiting) -> Response:
        return as_json.answer(as_json.request(portal.request(begun, id_)))


def _applied(portal: Portal, begun: Begun, fields: dict[str, str]) -> Any:
    try:
        kind, subject = Kind(fields.get("kind", "")), Subject(fields.get("subject", ""))
    except ValueError:
        raise PortalRefused("M0208", 400) from None
    return portal.apply(
        begun,
        kind,
        subject,
        fields.get("target", "").strip(),
        fields.get("reason", "").strip(),
        record=fields.get("record") or None,
        disclosure=fields.get("disclosure") or None,
    )


def _moment(before: int | None) -> datetime | None:
    return None if before is None else from_ms(before)


def _download(text: str, name: str) -> Response:
    return PlainTextResponse(text, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _asset(name: str) -> Response:
    return Response((_TEMPLATES / name).read_bytes(), media_type=_ASSETS[name])
