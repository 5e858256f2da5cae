"""The sentences in which decisions speak to people; all Japanese text of decisions stands here."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from engine.decision import Unmet
from engine.japanese import spoken_day
from engine.rule_set import SPECIFIC_FACT, Action, Holding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.rule_set import (
        Affair,
        Bar,
        Citation,
        Condition,
        Grant,
        GrantedInformation,
        Party,
        Procedure,
        Prohibition,
        Void,
    )

ACTIONS = {
    Action.USE: "利用",
    Action.TRANSFER: "庁内連携",
    Action.LINK: "情報連携",
    Action.STORE: "収集・保管",
    Action.CARD: "個人番号カードの利用",
}
FACTS = {
    "consent": "本人等の同意",
    "pia": "特定個人情報保護評価",
    "resident": "基準日に当該市町村に住所があること",
    "ppc_notified": "個人情報保護委員会への届出の効力",
    "same_day": "即日交付の希望",
    "network_up": "情報提供ネットワークシステムの稼働",
}
HOLDINGS = {
    Holding.NONE: "（情報を伴わない）",
    Holding.OWN: "自らが保有する情報",
    Holding.OTHER_AGENCY: "同じ団体の他の機関が保有する情報",
    Holding.NETWORK: "他の団体が情報提供ネットワークシステムで提供する情報",
}


def fact(name: str) -> str:
    """The name of a fact as people know it.

    Examples:
        >>> fact("consent"), fact("specific:生計維持者が課税")
        ('本人等の同意', '生計維持者が課税')
    """
    return FACTS.get(name, name.removeprefix(SPECIFIC_FACT))


def information(item: GrantedInformation | None) -> str:
    """An item of information with the person it is about."""
    if item is None:
        return "個人番号"
    return item.name if item.person is None else f"{item.name}（{item.person}）"


def ground(grant: Grant) -> str:
    """How a grant is cited in a sentence."""
    return grant.bases[0].label if grant.bases else grant.id


def _joined(names: Iterable[str]) -> str:
    return "、".join(sorted(set(names)))


def no_ground(
    party: Party | None,
    affair: Affair | None,
    action: Action,
    item: GrantedInformation | None,
    prohibition: Prohibition | None = None,
) -> Unmet:
    """No provision grants it at all, and `prohibition` forbids it without one."""
    who = "当該機関" if party is None else party.name
    what = "当該事務" if affair is None else f"「{affair.name}」"
    act = f"{information(item)}の{ACTIONS[action]}" if item is not None else ACTIONS[action]
    general = "" if prohibition is None else f"（{prohibition.citation.label}: {prohibition.text}）"
    return Unmet(
        "no_ground",
        f"{who}が{what}のために行う{act}を認める規定がありません{general}",
        None if prohibition is None else prohibition.citation,
        remedy="番号法別表若しくは主務省令に定めがあるか、条例に定めを置く必要があります",
    )


def not_yet(grant: Grant) -> Unmet:
    """The ground comes into force later."""
    first = grant.period.first
    limit = next((limit for limit in grant.limits if limit.period.first == first), None)
    why = "" if limit is None else f"（{limit.text}）"
    return Unmet(
        "not_yet",
        f"{ground(grant)}による根拠は{spoken_day(first)}からです{why}",
        _first(grant),
        grant.id,
        remedy=f"{spoken_day(first)}以後に行う",
    )


def expired(grant: Grant) -> Unmet:
    """The ground is no longer in force."""
    last = grant.period.last
    until = "" if last is None else spoken_day(last)
    return Unmet("expired", f"{ground(grant)}による根拠は{until}までです", _first(grant), grant.id)


def holder(grant: Grant) -> Unmet:
    """The ground opens the holdings of somebody else."""
    whose = HOLDINGS[grant.holding]
    names = f"（{_joined(grant.holders)}）" if grant.holders else ""
    return Unmet(
        "holder",
        f"{ground(grant)}が認めるのは{whose}{names}です",
        _first(grant),
        grant.id,
        remedy=f"情報の保有者を、{whose}{names}とする",
    )


def procedure(grant: Grant, known: dict[str, Procedure]) -> Unmet:
    """The ground is for other procedures of the affair."""
    ids = sorted(grant.procedures or ())
    labels = _joined(known[key].label_on(grant.period.first) if key in known else key for key in ids)
    return Unmet("procedure", f"{ground(grant)}が認める手続は{labels}です", _first(grant), grant.id)


def other_information(grant: Grant, item: GrantedInformation | None) -> Unmet:
    """The ground opens other information (or, without an item, is a ground about information)."""
    opened = _joined(information(entry) for entry in grant.information or ())
    text = f"{ground(grant)}が認めるのは{opened or '情報を伴わない利用'}であり、{information(item)}ではありません"
    return Unmet("information", text, _first(grant), grant.id)


def void(provision: Void) -> Unmet:
    """A provision that would have granted grants nothing."""
    text = f"{provision.citation.label}は根拠になりません: {provision.reason}"
    return Unmet("void", text, provision.citation, remedy="委任された規則等を定めて施行する")


def barred(grant: Grant, bar: Bar) -> Unmet:
    """A prohibition takes the ground away."""
    return Unmet("barred", bar.text, bar.citation, grant.id, _only([x.fact for x in bar.literals]), bar.alternative)


def condition(grant: Grant, unmet: Condition) -> Unmet:
    """A condition of the ground does not hold."""
    return Unmet("condition", unmet.text, unmet.citation, grant.id, unmet.literal.fact, unmet.remedy)


def missing_condition(grant: Grant, unknown: Condition) -> Unmet:
    """A condition of the ground asks for a fact that the request does not give."""
    name = unknown.literal.fact
    text = f"事実「{fact(name)}」が示されていないため、{unknown.text.rstrip('。').removesuffix('こと')}ことを確かめられません"
    return Unmet("missing_fact", text, unknown.citation, grant.id, name, f"事実「{fact(name)}」を示す")


def missing_bar(grant: Grant, bar: Bar, name: str) -> Unmet:
    """A prohibition asks for a fact that the request does not give."""
    text = f"事実「{fact(name)}」が示されていないため、禁止（{bar.text.rstrip('。')}）に当たらないか不明です"
    return Unmet("missing_fact", text, bar.citation, grant.id, name, f"事実「{fact(name)}」を示す")


def uncertain(grant: Grant, party: Party | None) -> Unmet:
    """The register leaves open whether the agency is the one the ground names."""
    named = _joined(grant.parties & (party.uncertain if party is not None else frozenset()))
    who = "当該機関" if party is None else party.name
    text = f"{who}が{ground(grant)}の「{named}」に当たるかどうかが、組織の登録で不明とされています"
    return Unmet("uncertain_designation", text, _first(grant), grant.id, remedy="組織の登録を確かめて直す")


def missing_holder(grant: Grant) -> Unmet:
    """A transfer does not say who holds the information."""
    text = f"情報を保有する機関が示されていないため、{ground(grant)}に当たるかを確かめられません"
    return Unmet("holder", text, _first(grant), grant.id, remedy="情報を保有する機関（holder）を示す")


def rule_set_fault(fault: str) -> Unmet:
    """The text cannot be relied on."""
    return Unmet("rule_set_fault", f"規則に誤りがあるため判断できません: {fault}", remedy="規則ファイルの誤りを直す")


def route(action: Action) -> str:
    """What the action is called in a sentence about routes."""
    match action:
        case Action.USE:
            return "自らが保有する情報の利用"
        case Action.TRANSFER:
            return "庁内連携"
        case Action.LINK:
            return "情報提供ネットワークシステムによる情報連携"
        case Action.STORE:
            return "収集・保管"
        case Action.CARD:
            return "個人番号カードの利用"
        case _:
            assert_never(action)


def _first(grant: Grant) -> Citation | None:
    return grant.bases[0] if grant.bases else None


def _only(facts: list[str]) -> str | None:
    return facts[0] if len(set(facts)) == 1 else None
