"""Searches for information and for actions. Subjects are not searched: that would list who may know what."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from api.callers import acts_for, require
from api.callers.model import EVALUATE
from api.canonical import canonical
from api.decision_log import Entry
from api.service.authzen.answering import moved
from api.service.authzen.evaluation import API, body_of
from api.service.authzen.mapping import ACTIONS, INFORMATION, SUBJECT_TYPES, context_of, entity, words_of
from api.service.calls import Call, Reply, check_type
from api.service.problems import Problem
from engine.request import RequestRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.context import ServiceContext
    from api.service.deciding import Deciding

KIND: Final = "search"
_SLICE: Final = 256
_Found = list[tuple[dict[str, str], dict[str, Any]]]


class Search:
    """One search: candidates, each decided as it would be in an evaluation."""

    def __init__(self, context: ServiceContext, call: Call, required: tuple[str, ...]) -> None:
        require(call.caller, EVALUATE)
        check_type(call.headers)
        self.context, self.call = context, call
        self.asked = body_of(context, call)
        self.deciding: Deciding = context.deciding()
        self.moment = context.recorder.now()
        self.subject = entity(self.asked, "subject", ("type", "id"))
        self.action: Mapping[str, Any] = {"name": ""}
        if "action" in required:
            self.action = entity(self.asked, "action", ("name",))
        self.resource = entity(self.asked, "resource", ("type", "id") if "resource.id" in required else ("type",))
        self.about = context_of(self.asked)
        self.page = _Page(self.asked)

    def words(self, action: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
        """The words of one candidate.

        Raises:
            Problem: 403 when it is not the caller's to ask.
        """
        words = words_of(self.subject, action, resource, self.about, self.call.caller, self.moment.today)
        refused = acts_for(self.call.caller, words)
        if refused is not None:
            errors = moved([{"code": refused.code, "pointer": refused.pointer}])
            raise Problem("forbidden", refused.text, errors=errors)
        return words

    async def results(self, candidates: _Found) -> list[dict[str, str]]:
        """The candidates that are lawful."""
        found = []
        for number, (shown, words) in enumerate(candidates, 1):
            try:
                if self.deciding.desk.decide(words).lawful:
                    found.append(shown)
            except RequestRefused as error:
                if any(problem.code == "R0111" for problem in error.problems):
                    raise Problem("personal-number-not-allowed") from None
            if number % _SLICE == 0:
                await asyncio.sleep(0)
        return found

    async def answer(self, results: list[dict[str, str]]) -> Reply:
        """Record the search and answer the page asked for."""
        mark = hashlib.sha256(canonical({k: v for k, v in self.asked.items() if k != "page"})).hexdigest()[:8]
        first = self.page.offset(mark)
        last = len(results) if self.page.limit is None else min(len(results), first + self.page.limit)
        await self._record(results)
        said: dict[str, Any] = {"results": results[first:last]}
        if "page" in self.asked:
            token = f"{last:x}-{mark}" if last < len(results) else ""
            said["page"] = {"next_token": token, "count": last - first, "total": len(results)}
        return Reply(canonical(said))

    async def _record(self, results: list[dict[str, str]]) -> None:
        if not self.context.settings.log:
            return
        recorder = self.context.recorder
        search_id = "se" + recorder.new_id()[2:]
        asked = {k: v for k, v in self.asked.items() if k in ("subject", "action", "resource", "context")}
        body = b'{"api":"%s","at":"%s","caller":%s,"id":"%s","request":%s,"results":%s,"ruleset":%s,"v":1}' % (
            API,
            self.moment.iso,
            recorder.caller(self.call.caller),
            search_id.encode(),
            canonical(asked),
            canonical(results),
            self.deciding.ruleset,
        )
        leaf = {"ruleset": self.deciding.digest, "count": len(results)}
        await recorder.record(Entry(search_id, KIND, leaf, body, recorder.retain_until(self.moment.today)))


class _Page:
    """What page was asked for."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        given = asked.get("page", {})
        if given.__class__ is not dict:
            raise _fault("page", "オブジェクトで書いてください")
        limit, token = given.get("limit"), given.get("token")
        if limit is not None and (limit.__class__ is not int or limit < 1):
            raise _fault("page/limit", "1以上の整数で書いてください")
        if token is not None and token.__class__ is not str:
            raise _fault("page/token", "文字列で書いてください")
        self.limit: int | None = limit
        self.token: str = token or ""

    def offset(self, mark: str) -> int:
        """Where the page begins.

        Raises:
            Problem: When the token is not one of this search.
        """
        if not self.token:
            return 0
        at, _, of = self.token.partition("-")
        try:
            offset = int(at, 16)
        except ValueError:
            offset = -1
        if of != mark or offset < 0:
            raise _fault("page/token", "この検索の続きではありません")
        return offset


def _fault(pointer: str, detail: str) -> Problem:
    return Problem("request-invalid", errors=[{"pointer": f"#/{pointer}", "detail": detail}])


async def resources(context: ServiceContext, call: Call) -> Reply:
    """Which information may be asked for. Other types, and subjects that are none, have no results."""
    search = Search(context, call, ("action",))
    if search.resource["type"] != INFORMATION or search.subject["type"] not in SUBJECT_TYPES:
        return await search.answer([])
    properties = search.resource.get("properties", {})
    body = search.words(search.action, {"type": INFORMATION, "id": "", "properties": properties}).get("municipality")
    candidates: _Found = []
    for name in _information(search.deciding, body):
        resource = {"type": INFORMATION, "id": name, "properties": properties}
        candidates.append(({"type": INFORMATION, "id": name}, search.words(search.action, resource)))
    return await search.answer(await search.results(candidates))


async def actions(context: ServiceContext, call: Call) -> Reply:
    """Which actions are lawful on a resource."""
    search = Search(context, call, ("resource.id",))
    if search.subject["type"] not in SUBJECT_TYPES or search.resource["type"] not in (INFORMATION, "file"):
        return await search.answer([])
    candidates: _Found = [({"name": name}, search.words({"name": name}, search.resource)) for name in ACTIONS]
    return await search.answer(await search.results(candidates))


def _information(deciding: Deciding, municipality: object) -> Iterator[str]:
    directories = deciding.desk.resolver.directories
    find: Callable[[str], str | None] = directories.registered.municipality
    code = find(municipality) if isinstance(municipality, str) else None
    if municipality is not None and code is None:
        return
    names = {name for table in directories.of(code).tables for name in table.information.values()}
    yield from sorted(names)
