"""Problem details (RFC 9457): a name, a status, a Japanese title, and pointers; nothing of the request is repeated."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from engine.request import RequestProblem

PREFIX: Final = "urn:jorei:problem:"
MEDIA_TYPE: Final = b"application/problem+json"

#: Name → status, title.
PROBLEMS: Final[dict[str, tuple[int, str]]] = {
    "body-empty": (400, "要求の本文がありません"),
    "body-malformed": (400, "要求の本文を JSON（UTF-8）として読めません"),
    "body-too-large": (413, "要求の本文が大きすぎます"),
    "content-type": (415, "要求の本文は application/json で送ってください"),
    "content-encoding": (415, "圧縮した本文は受け付けません"),
    "duplicate-member": (400, "同じ名の項目が二つ以上あります"),
    "nesting-too-deep": (400, "要求の入れ子が深すぎます"),
    "number-out-of-range": (400, "整数が大きすぎます"),
    "personal-number-not-allowed": (
        400,
        "12桁以上の数字の並びがあります。個人番号は判断に要らないので、要求に書かないでください",
    ),
    "request-invalid": (400, "要求の形が正しくありません"),
    "request-refused": (422, "この要求は判断できません"),
    "batch-too-large": (422, "一度に送れる件数を超えています"),
    "not-authenticated": (401, "呼び出し元を確かめられません"),
    "forbidden": (403, "この呼び出しは許されていません"),
    "not-found": (404, "求めるものはありません"),
    "erased": (410, "保存期間を過ぎたため、内容は消去されています"),
    "method-not-allowed": (405, "この呼び出し方はできません"),
    "not-acceptable": (406, "求める形では返せません"),
    "idempotency-key-reused": (422, "同じ Idempotency-Key で別の要求が送られました"),
    "idempotency-in-progress": (409, "同じ Idempotency-Key の要求を処理しています"),
    "idempotency-key-invalid": (400, "Idempotency-Key が正しくありません"),
    "idempotency-key-missing": (400, "Idempotency-Key がありません"),
    "permit-refused": (409, "許可証を発行しません"),
    "permit-already-used": (409, "この許可証は既に使われています"),
    "permit-not-good": (409, "この許可証は使えません"),
    "too-many-requests": (429, "要求が多すぎます"),
    "log-unavailable": (503, "判断の記録を残せないため、答えられません"),
    "log-off": (503, "記録を残さない測定用の起動では、この呼び出しはできません"),
    "rules-unavailable": (503, "規則集が読み込まれていません"),
    "register-unavailable": (503, "呼び出し元の登録簿を読めません"),
    "stopping": (503, "停止の途中です"),
    "internal-error": (500, "内部の誤りのため答えられません。適法とは扱わないでください"),
}

#: What is said of a refused member: by code, so that no value comes back.
_REFUSALS: Final[dict[str, str]] = {
    "R0101": "この市町村の規則は読み込まれていません",
    "R0102": "この機関は知られていません",
    "R0103": "この事務は知られていません",
    "R0104": "この事務に、この手続はありません",
    "R0105": "この情報は知られていません",
    "R0106": "この情報の保有者は知られていません",
    "R0107": "項目がありません",
    "R0108": "項目の値の種類が正しくありません",
    "R0109": "この日は判断できません（読み込まれた規則の期間の外です）",
    "R0110": "要求にない項目です",
    "R0111": "12桁以上の数字の並びがあります",
    "R0112": "庁内連携と情報連携には、求める情報が要ります",
    "R0113": "個人番号カードの利用では、情報を求められません",
    "R0114": "この事実は知られていません",
    "R0115": "事実の値を読めません",
    "R0116": "この行為は知られていません",
}
#: Members by which AuthZEN's route hands on types that no decision is about.
_ENTITIES: Final = ("subject", "resource")
_KNOWN: Final = frozenset(
    {
        "action",
        "municipality",
        "agency",
        "affair",
        "procedure",
        "information",
        "holder",
        "on",
        "facts",
        "attachments",
        "name",
        "person",
        "pia",
        "specific",
        "level",
        "published",
        "persons",
        "handlers",
        "incident",
        "changed",
        *_ENTITIES,
    }
)
#: The code of a run of twelve digits.
TWELVE_DIGITS: Final = "R0111"


class Problem(Exception):
    """A call that is answered with a problem."""

    def __init__(
        self,
        name: str,
        detail: str | None = None,
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        status: int | None = None,
    ) -> None:
        super().__init__(name)
        self.name, self.detail, self.errors, self.headers = name, detail, errors, headers
        usual, self.title = PROBLEMS[name]
        self.status = status or usual

    def to_json(self) -> dict[str, Any]:
        """The problem as plain values."""
        said: dict[str, Any] = {"type": PREFIX + self.name, "title": self.title, "status": self.status}
        if self.detail is not None:
            said["detail"] = self.detail
        if self.errors:
            said["errors"] = self.errors
        return said

    def encode(self) -> bytes:
        """The body of the answer."""
        return msgspec.json.encode(self.to_json())


def pointer_of(field: str) -> str:
    """The JSON Pointer of a member as the resolver names it; stops before any name that the caller made up.

    Examples:
        >>> pointer_of("information[0].name"), pointer_of("facts.秘密"), pointer_of("なまえ")
        ('#/information/0/name', '#/facts', '#')
    """
    steps = []
    for step in field.replace("[", ".").replace("]", "").split("."):
        if step not in _KNOWN and not (step.isascii() and step.isdecimal() and len(step) < 6):
            break
        steps.append(step)
    return "#" + "".join(f"/{step}" for step in steps)


def refusal(problem: RequestProblem) -> dict[str, Any]:
    """One reason why a request cannot be decided; the suggestion is a name of the rule set, never of the request."""
    said: dict[str, Any] = {
        "code": problem.code,
        "detail": _detail(problem),
        "pointer": pointer_of(problem.field),
    }
    if problem.suggestion is not None and problem.code != TWELVE_DIGITS and problem.field not in _ENTITIES:
        said["suggestion"] = problem.suggestion
    return said


def _detail(problem: RequestProblem) -> str:
    if problem.field in _ENTITIES:
        return "この種類のものについては判断しません"
    return _REFUSALS.get(problem.code, "この項目は受け付けられません")


def refused(problems: tuple[RequestProblem, ...]) -> Problem:
    """The problem of a request that cannot be decided."""
    if any(problem.code == TWELVE_DIGITS for problem in problems):
        return Problem("personal-number-not-allowed")
    return Problem("request-refused", errors=[refusal(problem) for problem in problems])
