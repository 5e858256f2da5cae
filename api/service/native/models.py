"""The bodies of permits, papers and explanations as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.service.models import REQUEST_EXAMPLE, Citation, Decided, DecisionRequest, Strict

ACT_EXAMPLE: dict[str, Any] = {"name": "copy.register", "target": "copy", "handles": ["adr-kfmzq"]}


class ActModel(Strict):
    """許可を求める行為。取っ手に個人番号を書かない。"""

    name: str
    target: str
    handles: list[str] = Field(default=[])


class PermitRequest(Strict):
    """許可証を求める。request の on は今日（日本）でなければならない。"""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"request": REQUEST_EXAMPLE, "act": ACT_EXAMPLE}]}
    )

    request: DecisionRequest
    act: ActModel


class PermitAnswer(BaseModel):
    """判断と、適法なときの許可証。"""

    decision: Decided
    permit: dict[str, Any] | None
    refusal: dict[str, Any] | None = None


class RedeemRequest(Strict):
    """別の保管先が、行為の前に許可証を使う。"""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"examples": [{"permit": "eyJ…", "act": ACT_EXAMPLE, "act_id": "act-kfmzqbxw"}]},
    )

    permit: str
    act: ActModel
    act_id: str


class Redeemed(BaseModel):
    """許可証を使った受取り。"""

    jti: str
    act_id: str
    evaluation_id: str
    redeemed_at: str
    again: bool


class OutcomeRequest(Strict):
    """行為の結果を知らせる。"""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"examples": [{"act_id": "act-kfmzqbxw", "outcome": "completed"}]},
    )

    act_id: str
    outcome: Literal["completed", "failed", "unknown"]


class Paper(BaseModel):
    """一つの書類。"""

    name: str
    droppable: Literal["yes", "no", "partial"]
    text: str
    reasons: list[str]
    basis: list[Citation]


class Papers(BaseModel):
    """家に置いてきてよい書類。"""

    on: str
    bundle: str
    ruleset: str
    text: str
    attachments: list[Paper]


class ExplainRequest(Strict):
    """規定が何を認めるかを尋ねる。"""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"examples": [{"citation": "番号法別表第一の15の項", "on": "2016-04-01"}]},
    )

    citation: str
    on: str | None = None


class NodeModel(BaseModel):
    """理由の木。holds は成り立つか（null は分からない、又は問いでない）。"""

    text: str
    holds: bool | None
    citation: str | None
    children: list[NodeModel]


class Explained(BaseModel):
    """理由の木と、その文章。"""

    found: bool
    tree: NodeModel
    text: str
