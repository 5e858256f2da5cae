"""Routes of the addressees: sealed numbers in, sealed answers out; each act by the permit in its header.

An Individual Number travels only inside a JWE: to the vault's key, or back to a key that the caller made for one answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response

from api.permits import Act
from linkage.addressee import changes, looking, numbering
from linkage.addressee.sealing import seal, sealed_handle
from linkage.addressee.values import Basic, Kind, Numbering, local_handle
from linkage.http.answering import Form, permit
from linkage.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.callers import Caller
    from linkage.addressee.vault import Vault
    from linkage.gate import Gate
    from linkage.http.answering import Answering
    from linkage.ticket import Ticket

READ, WRITE = "linkage:addressee:read", "linkage:addressee:write"
Handle = Annotated[str, msgspec.Meta(pattern=r"^ad_[a-z2-7]{26}$")]
Sealed = Annotated[str, msgspec.Meta(min_length=1, max_length=8 * 1024 * 1024)]


class NumberingForm(Form, frozen=True, kw_only=True):
    """付番依頼."""

    system: str
    local: str
    basic: Basic
    sealed: Sealed | None = None
    kind: Kind = Kind.RESIDENT


class SealedForm(Form, frozen=True, kw_only=True):
    """A sealed number, query or batch."""

    sealed: Sealed


class AnswerForm(Form, frozen=True, kw_only=True):
    """A person, and the public key (JWK) to which the answer is sealed."""

    handle: Handle
    key: dict[str, str]


class ChangeForm(Form, frozen=True, kw_only=True):
    """Another number, from a day."""

    handle: Handle
    sealed: Sealed
    on: date


class CorrectionForm(Form, frozen=True, kw_only=True):
    """The right number."""

    handle: Handle
    sealed: Sealed


class AmendmentForm(Form, frozen=True, kw_only=True):
    """基本4情報 as they are now."""

    handle: Handle
    basic: Basic
    kind: Kind | None = None


class MergerForm(Form, frozen=True, kw_only=True):
    """Two addressees of one person."""

    keep: Handle
    away: Handle


class MappingForm(Form, frozen=True, kw_only=True):
    """By which 宛名番号 a system knows a person."""

    handle: Handle
    system: str
    local: str


class _Desk:
    """One act through the gate."""

    def __init__(self, gate: Gate, vault: Vault) -> None:
        self._gate, self.vault = gate, vault

    def act(
        self,
        request: Request,
        caller: Caller,
        form: Form,
        name: str,
        handles: tuple[str, ...],
        work: Callable[[Ticket], Any],
    ) -> Any:
        subject = next((handle for handle in handles if handle.startswith("ad_")), None)
        act = Act(name, "addressee", handles)
        return self._gate.act(
            permit(request),
            caller.client_id,
            act,
            work,
            subject=subject,
            handler=form.handler,
            thumbprint=caller.thumbprint,
        ).result


def router(gate: Gate, vault: Vault, answering: Answering) -> APIRouter:
    """The routes, under /v1/linkage/addressees."""
    routes = APIRouter(prefix="/v1/linkage/addressees", tags=["団体内統合宛名"])
    desk = _Desk(gate, vault)
    _looking(routes, desk, answering)
    _numbering(routes, desk, answering)
    _changes(routes, desk, answering)
    return routes


def _looking(routes: APIRouter, desk: _Desk, answering: Answering) -> None:
    vault = desk.vault

    @routes.get("/key")
    async def key(request: Request) -> Response:
        """The public key to which numbers are sealed."""
        return await answering.look(request, READ, lambda _: vault.public_key())

    @routes.post("/search")
    async def search(request: Request) -> Response:
        """個人番号による検索."""

        def work(caller: Caller, form: SealedForm) -> object:
            handles = (sealed_handle(form.sealed),)
            found = desk.act(
                request, caller, form, "addressee.search", handles, lambda t: looking.search(t, vault, form.sealed)
            )
            return {"found": found}

        return await answering.act(request, READ, SealedForm, work)

    @routes.post("/find")
    async def find(request: Request) -> Response:
        """基本情報検索."""

        def work(caller: Caller, form: SealedForm) -> object:
            handles = (sealed_handle(form.sealed),)
            found = desk.act(
                request, caller, form, "addressee.find", handles, lambda t: looking.find(t, vault, form.sealed)
            )
            return {"handles": found}

        return await answering.act(request, READ, SealedForm, work)

    @routes.post("/show")
    async def show(request: Request) -> Response:
        """個人番号の表示, sealed to the key that the caller made for it."""

        def work(caller: Caller, form: AnswerForm) -> object:
            show = lambda t: looking.show(t, vault, form.handle, form.key)  # noqa: E731
            return {"sealed": desk.act(request, caller, form, "addressee.show", (form.handle,), show)}

        return await answering.act(request, READ, AnswerForm, work)

    @routes.post("/basic")
    async def basic(request: Request) -> Response:
        """基本4情報の表示, sealed likewise."""

        def work(caller: Caller, form: AnswerForm) -> object:
            return {
                "sealed": desk.act(
                    request, caller, form, "addressee.basic", (form.handle,), lambda t: _basic(t, vault, form)
                )
            }

        return await answering.act(request, READ, AnswerForm, work)


def _basic(ticket: Ticket, vault: Vault, form: AnswerForm) -> str:
    key: Mapping[str, Any] = form.key
    return seal(msgspec.json.encode(looking.basic(ticket, vault, form.handle)).decode(), key)


def _numbering(routes: APIRouter, desk: _Desk, answering: Answering) -> None:
    vault = desk.vault

    @routes.post("/numbering", status_code=201)
    async def number(request: Request) -> Response:
        """付番."""

        def work(caller: Caller, form: NumberingForm) -> object:
            own_system(caller, form.system)
            asked = Numbering(form.system, form.local, form.basic, form.sealed, form.kind)
            return desk.act(
                request, caller, form, "addressee.number", asked.handles, lambda t: numbering.number(t, vault, asked)
            )

        return await answering.act(request, WRITE, NumberingForm, work, 201)

    @routes.post("/batches", status_code=201)
    async def load(request: Request) -> Response:
        """一括付番."""

        def work(caller: Caller, form: SealedForm) -> object:
            handles = (sealed_handle(form.sealed),)
            made = desk.act(
                request, caller, form, "addressee.load", handles, lambda t: numbering.load(t, vault, form.sealed)
            )
            return {"numbered": made}

        return await answering.act(request, WRITE, SealedForm, work, 201)

    @routes.post("/mappings", status_code=204)
    async def map_local(request: Request) -> Response:
        """対応付け."""

        def work(caller: Caller, form: MappingForm) -> None:
            own_system(caller, form.system)
            handles = (form.handle, local_handle(form.system, form.local))
            mapped = lambda t: changes.map_local(t, form.handle, form.system, form.local)  # noqa: E731
            desk.act(request, caller, form, "addressee.map", handles, mapped)

        return await answering.act(request, WRITE, MappingForm, work, 204)


def _changes(routes: APIRouter, desk: _Desk, answering: Answering) -> None:
    vault = desk.vault

    @routes.post("/change", status_code=204)
    async def change(request: Request) -> Response:
        """個人番号の変更."""

        def work(caller: Caller, form: ChangeForm) -> None:
            handles = (form.handle, sealed_handle(form.sealed))
            changed = lambda t: changes.change(t, vault, form.handle, form.sealed, form.on)  # noqa: E731
            desk.act(request, caller, form, "addressee.change", handles, changed)

        return await answering.act(request, WRITE, ChangeForm, work, 204)

    @routes.post("/correction", status_code=204)
    async def correct(request: Request) -> Response:
        """個人番号の訂正."""

        def work(caller: Caller, form: CorrectionForm) -> None:
            handles = (form.handle, sealed_handle(form.sealed))
            corrected = lambda t: changes.correct(t, vault, form.handle, form.sealed)  # noqa: E731
            desk.act(request, caller, form, "addressee.correct", handles, corrected)

        return await answering.act(request, WRITE, CorrectionForm, work, 204)

    @routes.post("/amendment", status_code=204)
    async def amend(request: Request) -> Response:
        """基本4情報の変更."""

        def work(caller: Caller, form: AmendmentForm) -> None:
            amended = lambda t: changes.amend(t, vault, form.handle, form.basic, form.kind)  # noqa: E731
            desk.act(request, caller, form, "addressee.amend", (form.handle,), amended)

        return await answering.act(request, WRITE, AmendmentForm, work, 204)

    @routes.post("/merger", status_code=204)
    async def merge(request: Request) -> Response:
        """重複の統合."""

        def work(caller: Caller, form: MergerForm) -> None:
            merged = lambda t: changes.merge(t, vault, form.keep, form.away)  # noqa: E731
            desk.act(request, caller, form, "addressee.merge", (form.keep, form.away), merged)

        return await answering.act(request, WRITE, MergerForm, work, 204)


def own_system(caller: Caller, system: str) -> None:
    """A system numbers and maps by its own 宛名番号 only.

    Raises:
        Refusal: G0905.
    """
    if caller.system != system:
        raise Refusal(
            "G0905",
            "ほかの業務システムの宛名番号は扱えない。",
            "登録された業務IDの宛名番号を示してください。",
            403,
        )
