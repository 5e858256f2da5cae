"""The answer as a memo in Japanese: what is decided, on which grounds, with which papers and duties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from api.layout import wrapped
from api.scenario import OUTCOMES
from engine import wording
from engine.index import index_of
from engine.japanese import spoken_day

if TYPE_CHECKING:
    from engine.answer import Answer
    from engine.attachments import Attachment
    from engine.decision import ItemDecision
    from engine.explain import Node
    from engine.request import Request
    from engine.rule_set import Citation, Grant, RuleSet

_PAPERS = {"yes": "省略できる", "no": "省略できない", "partial": "一部だけ省略できる"}
_YES = {True: "はい", False: "いいえ"}
_MARKS = {True: "○", False: "×", None: "－"}


def memo(rule_set: RuleSet, request: Request, answer: Answer, published: str | None = None) -> str:
    """The memo that a section chief signs; `published` names the publication whose texts decided, if one did."""
    decision = answer.decision
    lines = [
        "個人番号の利用等に関する判定について",
        "",
        *_entry("件名", _subject(rule_set, request)),
        *_entry("判定日", f"{spoken_day(decision.on)}現在の規定による"),
        *_entry("結論", _conclusion(answer)),
        "",
    ]
    sections = (
        ("根拠", _grounds(rule_set, request, answer)),
        ("条件", _conditions(rule_set, request, answer)),
        ("添付書類", _papers(answer.attachments)),
        ("義務", _duties(answer)),
        ("適法とする道", _ways(answer)),
        ("前提（仮定）", _assumptions(answer)),
    )
    for number, (title, body) in enumerate(sections, 1):
        lines.append(f"{number} {title}")
        lines.extend(body)
    lines += [
        "",
        *_entry("規則集", decision.ruleset),
        *(_entry("公開", published) if published is not None else ()),
        *wrapped("この判定は、上の規則集の文書と前提に限って述べるものである。", 0, 0),
        "",
        "確認　　　　年　　月　　日　　　課長",
    ]
    return "\n".join(lines)


def tree(node: Node) -> str:
    """Reasoning, or what a provision grants, drawn as a tree: ○ holds, × does not, － cannot be said."""
    return "\n".join(_tree(node, "", ""))


def _tree(node: Node, head: str, below: str) -> Iterator[str]:
    where = f"［{node.citation.label}］" if node.citation and node.citation.label not in node.text else ""
    yield f"{head}{_MARKS[node.holds]} {node.text}{where}"
    for n, child in enumerate(node.children, 1):
        last = n == len(node.children)
        yield from _tree(child, below + ("└ " if last else "├ "), below + ("　" if last else "│ "))


def in_force(basis: Citation) -> str:
    """The days on which a citation is the address in force."""
    first = f"{spoken_day(basis.in_force.first)}から"
    return first + ("施行" if basis.in_force.last is None else f"{spoken_day(basis.in_force.last)}まで施行")


def _subject(rule_set: RuleSet, request: Request) -> str:
    index = index_of(rule_set)
    party = index.party(request.body, request.party)
    affair = index.affair(request.body, request.affair)
    body = rule_set.bodies[request.body].body if request.body in rule_set.bodies else None
    who = f"{body.name if body else ''}{party.name if party else request.party}"
    what = affair.name_on(request.on) if affair else request.affair
    procedure = ""
    if request.procedure is not None:
        said = [
            p.procedures[request.procedure] for p in rule_set.parts(request.body) if request.procedure in p.procedures
        ]
        procedure = f"（手続: {said[0].text_on(request.on)}）" if said else f"（手続: {request.procedure}）"
    return f"{who}が「{what}」{procedure}のために行う{wording.ACTIONS[request.action]}について"


def _conclusion(answer: Answer) -> str:
    decision = answer.decision
    if decision.lawful:
        return "適法である。"
    allowed = sum(item.lawful for item in decision.items)
    part = f"（求める情報{len(decision.items)}件のうち{allowed}件は適法）" if allowed else ""
    return f"適法でない。{OUTCOMES[decision.outcome.value]}。{part}"


def _grounds(rule_set: RuleSet, request: Request, answer: Answer) -> Iterator[str]:
    for number, item in enumerate(answer.decision.items, 1):
        said = "適法" if item.lawful else f"適法でない（{OUTCOMES[item.outcome.value]}）"
        yield from wrapped(f"({number}) {wording.information(item.information)}: {said}", 2, 6)
        if item.lawful:
            for basis in item.bases:
                yield from wrapped(f"・{basis.label}（{in_force(basis)}）", 6, 8)
        else:
            for unmet in item.unmet:
                where = unmet.citation
                cited = f"（{where.label}）" if where is not None and where.label not in unmet.text else ""
                yield from wrapped(f"・{unmet.text}{cited}", 6, 8)


def _conditions(rule_set: RuleSet, request: Request, answer: Answer) -> Iterator[str]:
    by_id = {g.id: g for part in rule_set.parts(request.body) for g in part.grants}
    said = [
        f"{wording.fact(name)}: {_YES[value]}（要求又は登録簿による事実）"
        for name, value in sorted(request.facts.items())
    ]
    said += _said((by_id[g] for item in answer.decision.items for g in item.grants if g in by_id), request)
    said += _remedies(answer.decision.items)
    yield from _bullets(dict.fromkeys(said), "なし")


def _said(grants: Iterable[Grant], request: Request) -> Iterator[str]:
    for grant in grants:
        for condition in grant.conditions:
            yield f"{condition.text}（{condition.citation.label}）: 満たす"
        for bar in grant.bars:
            if bar.period.contains(request.on):
                yield f"次の場合に当たらない（{bar.citation.label}）: {bar.text}"


def _remedies(items: Sequence[ItemDecision]) -> Iterator[str]:
    for item in items:
        for unmet in item.unmet:
            if unmet.remedy:
                yield f"満たすには: {unmet.remedy}"


def _papers(papers: Sequence[Attachment]) -> Iterator[str]:
    if not papers:
        yield from wrapped("この手続で提出を求める書類の定めはない。", 2, 2)
    for number, paper in enumerate(papers, 1):
        yield from wrapped(f"({number}) {paper.name}: {_PAPERS[paper.droppable.value]}", 2, 6)
        for reason in paper.reasons:
            yield from wrapped(f"・{reason}", 6, 8)
        labels = "、".join(dict.fromkeys(basis.label for basis in paper.bases))
        if labels:
            yield from wrapped(f"根拠 {labels}", 6, 11)


def _duties(answer: Answer) -> Iterator[str]:
    yield from _bullets([f"{duty.text}（{duty.citation.label}）" for duty in answer.duties], "なし")


def _ways(answer: Answer) -> Iterator[str]:
    none = "（適法であるので、要しない）" if answer.lawful else "見当たらない"
    yield from _bullets([way.text for way in answer.alternatives], none)


def _assumptions(answer: Answer) -> Iterator[str]:
    said = [f"{a.text}〔{a.id}〕{f'出典: {a.source}' if a.source else ''}" for a in answer.assumptions]
    yield from _bullets(said, "なし")


def _bullets(texts: Iterable[str], none: str) -> Iterator[str]:
    found = list(texts)
    for text in found or [none]:
        yield from wrapped(f"・{text}" if found else text, 2, 4)


def _entry(title: str, text: str) -> list[str]:
    between = {2: "　　", 3: " "}.get(len(title), "")
    return wrapped(f"{between.join(title)}　{text}", 0, 10)
