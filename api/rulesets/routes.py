"""`/v1/rulesets`: published rule sets, what differs between them, and the steps of drafts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.routing import APIRoute

from api.callers import Caller, require
from api.callers.model import RULESET_APPROVE, RULESET_EDIT, RULESET_PUBLISH, RULESET_READ
from api.callers.rights import allows
from api.canonical import canonical
from api.rulesets import forms, openapi
from api.rulesets.aside import Aside
from api.rulesets.contents import TextFile, of_project, read_upload
from api.rulesets.drafts import drafts
from api.rulesets.examining import MOST_ROWS
from api.rulesets.lifecycle import Lifecycle
from api.rulesets.loaded import FILES
from api.rulesets.people import of_caller
from api.rulesets.refusal import BAD_UPLOAD, RuleSetRefused
from api.rulesets.release import Release
from api.rulesets.shelf import bundles, find, texts_of, verified

if TYPE_CHECKING:
    from api.rulesets.drafts import Draft
    from api.service.context import ServiceContext

_COMPARISONS = 16  # kept
_T = TypeVar("_T")


class _Route(APIRoute):
    """A route that answers a refused step with a problem of RFC 9457."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """The handler of FastAPI within."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except RuleSetRefused as refused:
                return problem(refused)

        return handler


def problem(refused: RuleSetRefused) -> Response:
    """A refusal as a problem; it repeats nothing that was sent but names of the rule set."""
    said = {
        "type": "urn:jorei:problem:ruleset-refused",
        "title": refused.text,
        "status": refused.status,
        "detail": refused.help,
        "code": refused.code,
    }
    return Response(canonical(said), refused.status, media_type="application/problem+json")


async def _body(request: Request) -> bytes:
    """The body of a call, up to the limit of batches: texts are long."""
    from api.service.calls import read_body

    limit = request.app.state.context.settings.limits.batch_body
    return await read_body(request.receive, dict(request.headers.raw), limit)


def _who(request: Request) -> Caller:
    from api.service.routing import caller_of

    return caller_of(request)


Body = Annotated[bytes, Depends(_body)]
Who = Annotated[Caller, Depends(_who)]


def _read(body: bytes, form: type[_T]) -> _T:
    from api.service.problems import Problem

    try:
        return msgspec.json.decode(body or b"{}", type=form)
    except msgspec.ValidationError:
        raise Problem("request-invalid") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem("body-malformed") from None


def _need(caller: Caller, *scopes: str) -> None:
    """Let pass a caller with one of the scopes."""
    if not any(allows(caller, scope) for scope in scopes):
        require(caller, scopes[0])


def _answer(value: Any, status: int = 200) -> Response:
    return Response(canonical(value), status, media_type="application/json")


def router(context: ServiceContext) -> APIRouter:
    """The routes, to be included by the service. Each runs in a thread; what takes long, in a process of its own."""
    routes = APIRouter(prefix="/v1/rulesets", tags=["規則集"], route_class=_Route)
    life = Lifecycle(
        context.database, context.settings.publications, context.keys, context.clock, Aside(), context.journal
    )
    _drafts(routes, life)
    _steps(routes, life)
    _releases(routes, context, Release(life))
    _reading(routes, context, life)
    return routes


def _drafts(routes: APIRouter, life: Lifecycle) -> None:
    @routes.get("/drafts", summary="案の一覧", responses=openapi.ANSWERS)
    def list_drafts(who: Who) -> Response:
        """新しい順に100件。"""
        _need(who, RULESET_READ, RULESET_EDIT, RULESET_APPROVE)
        with life.database.read() as connection:
            return _answer({"drafts": [forms.listed_draft(row) for row in drafts(connection)]})

    @routes.post("/drafts", summary="案を作る", status_code=201, **openapi.taking(openapi.UPLOAD, 201))
    def create(who: Who, body: Body) -> Response:
        """`base` を指定すると、その公開の文書に、送った文書を重ねます。"""
        _need(who, RULESET_EDIT)
        said = _read(body, forms.Upload)
        made = life.create(of_caller(who), said.pairs, said.base, said.remove, said.note)
        return _answer(forms.draft_value(made), 201)

    @routes.get("/drafts/{id}", summary="案を見る", responses=openapi.ANSWERS)
    def show(id: str, who: Who) -> Response:
        """段階、だれがいつ何をしたか、文書の符号。"""
        _need(who, RULESET_READ, RULESET_EDIT, RULESET_APPROVE)
        return _answer(forms.draft_value(life.draft(id)))

    @routes.put("/drafts/{id}", summary="案の文書を改める", **openapi.taking(openapi.UPLOAD))
    def edit(id: str, who: Who, body: Body) -> Response:
        """検査からやり直しになります。`revision` を送ると、見たときから変わっていれば改めません。"""
        _need(who, RULESET_EDIT)
        said = _read(body, forms.Upload)
        if said.base is not None or said.note is not None:
            raise RuleSetRefused(
                BAD_UPLOAD, "base と note は、案を作るときにだけ送れます", "その項目を除いて送ってください。"
            )
        return _answer(forms.draft_value(life.edit(id, of_caller(who), said.pairs, said.remove, seen=said.revision)))


def _steps(routes: APIRouter, life: Lifecycle) -> None:
    def examined(draft: Draft, found: Any) -> Response:
        return _answer({"draft": forms.draft_value(draft), "found": msgspec.to_builtins(found)})

    @routes.post("/drafts/{id}/check", summary="案を検査する", responses=openapi.ANSWERS)
    def check(id: str, who: Who) -> Response:
        """すべての文書を組み立て直し、誤りと警告を場所とともに示します。誤りがなければ「検査済み」になります。"""
        _need(who, RULESET_EDIT, RULESET_APPROVE)
        return examined(*life.check(id, of_caller(who)))

    @routes.post("/drafts/{id}/replay", summary="案の事例を確かめる", responses=openapi.ANSWERS)
    def replay(id: str, who: Who) -> Response:
        """すべての事例をすべての判定器で判定します。すべて期待どおりなら「事例確認済み」になります。"""
        _need(who, RULESET_EDIT, RULESET_APPROVE)
        return examined(*life.replay(id, of_caller(who)))

    @routes.post("/drafts/{id}/approve", summary="案を承認する", **openapi.taking(openapi.SEEN))
    def approve(id: str, who: Who, body: Body) -> Response:
        """案を一度でも書いた人は承認できません。`content` は、見た案の符号です。"""
        _need(who, RULESET_APPROVE)
        return _answer(forms.draft_value(life.approve(id, of_caller(who), _read(body, forms.Seen).content)))

    @routes.post("/drafts/{id}/reject", summary="案を差し戻す", **openapi.taking(openapi.REASON))
    def reject(id: str, who: Who, body: Body) -> Response:
        """理由を書けます。"""
        _need(who, RULESET_APPROVE)
        return _answer(forms.draft_value(life.reject(id, of_caller(who), _read(body, forms.Reason).reason)))

    @routes.post("/drafts/{id}/withdraw", summary="案を取り下げる", **openapi.taking(openapi.REASON))
    def withdraw(id: str, who: Who, body: Body) -> Response:
        """公開していない案を取り下げます。"""
        _need(who, RULESET_EDIT, RULESET_APPROVE)
        return _answer(forms.draft_value(life.withdraw(id, of_caller(who), _read(body, forms.Reason).reason)))


def _releases(routes: APIRouter, context: ServiceContext, release: Release) -> None:
    @routes.post("/drafts/{id}/publish", summary="案を公開する", **openapi.taking(openapi.FROM))
    def publish(id: str, who: Who, body: Body) -> Response:
        """`from` の日の0時（日本の時刻）から。省くと、すぐに。もう一度すべて検査してから公開します。"""
        _need(who, RULESET_PUBLISH)
        made = release.publish(id, of_caller(who), _read(body, forms.From).day)
        context.rules.wake()
        return _answer(made.told)

    @routes.post("/rollback", summary="前の公開に戻す", **openapi.taking(openapi.BACK))
    def rollback(who: Who, body: Body) -> Response:
        """`to` で案を作り、別の人が `confirm` で承認すると、その文書による新しい公開になります。"""
        _need(who, RULESET_PUBLISH, RULESET_EDIT)
        said = _read(body, forms.Back)
        if (said.to is None) == (said.confirm is None):
            raise RuleSetRefused(
                BAD_UPLOAD,
                "to と confirm は、どちらか一つを送ってください",
                "戻す先（to）か、承認する案（confirm）です。",
            )
        if said.to is not None:
            return _answer(forms.draft_value(release.propose_rollback(said.to, of_caller(who), said.note)), 201)
        _need(who, RULESET_PUBLISH)
        made = release.confirm_rollback(said.confirm or "", of_caller(who), said.day)
        context.rules.wake()
        return _answer(made.told)

    @routes.post("/{digest}/withdraw", summary="先の日からの公開を取り下げる", **openapi.taking(openapi.REASON))
    def withdraw(digest: str, who: Who, body: Body) -> Response:
        """始まる日より前に限ります。"""
        _need(who, RULESET_PUBLISH)
        made = release.withdraw(digest, of_caller(who), _read(body, forms.Reason).reason)
        context.rules.wake()
        return _answer(made.told)


def _reading(routes: APIRouter, context: ServiceContext, life: Lifecycle) -> None:
    compared = _Comparisons(context, life)

    @routes.get("", summary="規則集の一覧", responses=openapi.ANSWERS)
    def list_rulesets(who: Who) -> Response:
        """公開された順。`current` は今判定している規則集です。"""
        _need(who, RULESET_READ)
        with life.database.read() as connection:
            found = [one.told for one in bundles(connection)]
        return _answer({"current": _current(context), "rulesets": found})

    @routes.get("/{digest}", summary="規則集を見る", responses=openapi.ANSWERS)
    def show(digest: str, who: Who) -> Response:
        """公開の名か符号（8字以上）で。署名された記録（`jws`）は、公開鍵で確かめられます。"""
        _need(who, RULESET_READ)
        if digest == FILES:
            return _answer(_current(context))
        with life.database.read() as connection:
            one = find(connection, digest)
            return _answer(forms.bundle_value(one, verified(connection, one, life.keys)))

    @routes.get("/{a}/diff/{b}", summary="二つの規則集の違い", responses=openapi.ANSWERS)
    def diff(a: str, b: str, who: Who, limit: Annotated[int, Query(ge=0, le=MOST_ROWS)] = 50) -> Response:
        """適法かどうか、添付書類、根拠がどう変わるかを、要求のすべてについて。`limit` は挙げる件数です。"""
        _need(who, RULESET_READ)
        return _answer(compared(a, b, limit))


def _current(context: ServiceContext) -> dict[str, Any] | None:
    try:
        loaded = context.rules.current()
    except RuleSetRefused:
        return None
    day = loaded.effective_from
    return {
        "bundle": loaded.name,
        "digest": loaded.digest,
        "effective_from": None if day is None else day.isoformat(),
    }


class _Comparisons:
    """What differs between two rule sets, the last few kept."""

    def __init__(self, context: ServiceContext, life: Lifecycle) -> None:
        self._context, self._life = context, life
        self._kept: OrderedDict[tuple[str, str, int], dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, a: str, b: str, limit: int) -> dict[str, Any]:
        """As plain values."""
        (old, before), (new, after) = self._texts(a), self._texts(b)
        key = (old, new, limit)
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            found = msgspec.to_builtins(self._life.examiner.compare(before, after, limit))
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > _COMPARISONS:
                    self._kept.popitem(last=False)
        return found

    def _texts(self, asked: str) -> tuple[str, Sequence[TextFile]]:
        if asked == FILES:
            loaded = self._context.rules.current()
            if loaded.name == FILES:
                return loaded.digest, read_upload(of_project(loaded.project))
        with self._life.database.read() as connection:
            manifest = verified(connection, find(connection, asked), self._life.keys)
        return manifest.content, texts_of(self._life.store, manifest)
