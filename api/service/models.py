"""The bodies of requests and answers as the OpenAPI document shows them.

They describe; the operations read with `api.service.reading` and `engine.reading`. tests/service/test_one_schema.py shows
that what these models accept is what the operations accept.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_FACTS = "事実の名と値（真偽、はい・いいえ・不明）。pia は保護評価の状態か、その記録"

REQUEST_EXAMPLE: dict[str, Any] = {
    "action": "transfer",
    "municipality": "石巻市",
    "agency": "市長",
    "holder": "市長",
    "affair": "child-medical",
    "procedure": 1,
    "information": ["地方税関係情報"],
    "facts": {"resident": True},
    "on": "2016-04-01",
}
UNLAWFUL_EXAMPLE: dict[str, Any] = REQUEST_EXAMPLE | {"on": "2015-12-01"}


class Strict(BaseModel):
    """Knows every member."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Open(BaseModel):
    """Ignores members that it does not know."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Information(Strict):
    """求める情報。だれのものかを限るときは person を書く。"""

    name: str
    person: str | None = None


class DecisionRequest(Strict):
    """判断を求める要求。名は条例や法令の書き方でも識別子でもよい。個人番号は書かない。"""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [REQUEST_EXAMPLE, UNLAWFUL_EXAMPLE]}
    )

    action: Annotated[
        str, Field(description="use（利用）・transfer（庁内連携）・link（情報連携）・store（保管）・card")
    ]
    municipality: Annotated[str | None, Field(description="市町村の名か団体コード")] = None
    agency: Annotated[str, Field(description="行う機関（市長、教育委員会…）")]
    affair: Annotated[str, Field(description="事務の識別子、名か引用（番号法別表第一の15の項）")]
    procedure: Annotated[str | int | None, Field(description="手続の番号（号）か識別子")] = None
    information: Annotated[list[str | Information] | str | None, Field(description="求める情報")] = None
    holder: Annotated[str | None, Field(description="情報の保有者")] = None
    on: Annotated[str, Field(description="判断する日（2016-04-01、平成28年4月1日）")]
    facts: Annotated[dict[str, Any] | None, Field(description=_FACTS)] = None
    attachments: Annotated[list[str] | str | bool | None, Field(description="書類の名。true はすべて")] = None


class BatchRequest(Strict):
    """一度に判断を求める要求の並び（10,000件まで）。"""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"examples": [{"requests": [REQUEST_EXAMPLE, UNLAWFUL_EXAMPLE]}]},
    )

    requests: Annotated[
        list[DecisionRequest | Any],
        Field(max_length=10_000, description="要求の並び。形の正しくないものは、その位置に誤りとして返る"),
    ]


class InForce(BaseModel):
    """効力のある期間。"""

    from_: Annotated[str, Field(alias="from")]
    to: str | None


class Citation(BaseModel):
    """規定の引用。"""

    label: str
    instrument: str
    clause: Annotated[str, Field(description="規定の識別子（番号が変わっても同じ）")]
    article: str | None
    paragraph: str | None
    item: str | None
    table: str | None
    row: str | None
    in_force: InForce


class Unmet(BaseModel):
    """認められない理由。"""

    code: str
    text: str | None = None
    basis: Citation | str | None
    fact: str | None
    remedy: str | None = None


class Item(BaseModel):
    """情報一件についての判断。"""

    information: str | None
    person: str | None
    lawful: bool
    outcome: str
    grants: list[str] | None = None
    basis: list[Citation | str]
    unmet: list[Unmet]


class Duty(BaseModel):
    """従うべき義務。"""

    id: str
    text: str
    basis: Citation


class Answer(BaseModel):
    """判断。要求と規則集だけから決まる。"""

    lawful: bool
    outcome: Literal[
        "permitted", "forbidden", "no_basis", "condition_unmet", "undetermined", "rule_set_fault", "refused"
    ]
    on: str | None = None
    ruleset: str
    items: list[Item] | None = None
    duties: list[Duty | str] | None = None
    assumptions: list[str] | None = None
    problems: list[dict[str, Any]] | None = None


class Place(BaseModel):
    """記録の中の位置。"""

    index: int


class Decided(BaseModel):
    """記録された判断。"""

    id: str
    at: str
    bundle: Annotated[str, Field(description="判断した規則集の公開の名（手元の文書なら files）")]
    decision: Answer
    log: Place | None


class ProblemDetails(BaseModel):
    """RFC 9457 の問題の説明。要求の値は繰り返さない。"""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[dict[str, Any]] | None = None


class Failed(BaseModel):
    """判断できなかった要求。"""

    error: ProblemDetails


class DecidedBatch(BaseModel):
    """要求と同じ順の判断。"""

    decisions: list[Decided | Failed]


# --- AuthZEN ---------------------------------------------------------------------------------------

EVALUATION_EXAMPLE: dict[str, Any] = {
    "subject": {"type": "agency", "id": "市長"},
    "resource": {"type": "information", "id": "地方税関係情報", "properties": {"holder": "市長"}},
    "action": {"name": "transfer"},
    "context": {
        "municipality": "石巻市",
        "affair": "child-medical",
        "procedure": 1,
        "on": "2016-04-01",
        "facts": {"resident": True},
    },
}


class Entity(Open):
    """主体（agency・section）又は対象（information・file）。"""

    type: str
    id: str
    properties: dict[str, Any] = {}


class ActionName(Open):
    """行為。"""

    name: str
    properties: dict[str, Any] = {}


class EvaluationRequest(Open):
    """AuthZEN 1.0 の一件の評価。"""

    model_config = ConfigDict(strict=True, extra="ignore", json_schema_extra={"examples": [EVALUATION_EXAMPLE]})

    subject: Entity
    resource: Entity
    action: ActionName
    context: dict[str, Any] = {}


class Options(Open):
    """一括評価のしかた。"""

    evaluations_semantic: Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"] = "execute_all"


class EvaluationsRequest(Open):
    """AuthZEN 1.0 の一括の評価。最上位の値は、各件にないときの既定となる。"""

    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        json_schema_extra={
            "examples": [
                EVALUATION_EXAMPLE
                | {
                    "evaluations": [
                        {},
                        {"resource": {"type": "information", "id": "住民票関係情報", "properties": {"holder": "市長"}}},
                    ]
                }
            ]
        },
    )

    subject: Entity | None = None
    resource: Entity | None = None
    action: ActionName | None = None
    context: dict[str, Any] = {}
    options: Options = Options()
    evaluations: Annotated[list[Any], Field(description="形の正しくないものは、その位置に誤りとして返る")] = []


class Evaluated(BaseModel):
    """AuthZEN の答。false は拒否。"""

    decision: bool
    context: dict[str, Any] | None = None


class EvaluatedBatch(BaseModel):
    """一括の答。"""

    evaluations: list[Evaluated]


class SearchType(Open):
    """探す対象の種類。"""

    type: str


class Page(Open):
    """何件ずつ返すか。"""

    token: str | None = None
    limit: int | None = None


class ResourceSearchRequest(Open):
    """求められる情報を探す。"""

    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        json_schema_extra={"examples": [EVALUATION_EXAMPLE | {"resource": {"type": "information"}}]},
    )

    subject: Entity
    action: ActionName
    resource: SearchType
    context: dict[str, Any] = {}
    page: Page = Page()


class ActionSearchRequest(Open):
    """行える行為を探す。"""

    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        json_schema_extra={"examples": [{k: v for k, v in EVALUATION_EXAMPLE.items() if k != "action"}]},
    )

    subject: Entity
    resource: Entity
    context: dict[str, Any] = {}
    page: Page = Page()


class SearchResult(BaseModel):
    """探した結果。"""

    results: list[dict[str, str]]
    page: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
