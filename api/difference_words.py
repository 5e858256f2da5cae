"""The rows of a difference in the words of a legal-affairs clerk, and as plain values for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.layout import wrapped
from engine import wording
from engine.attachments import attachments
from engine.compiled import CompiledIndex
from engine.difference import Kind, PaperRow, Row
from engine.difference_example import point_of, request_of
from engine.difference_papers import Standing
from engine.difference_rest import spoken
from engine.difference_side import Rest
from engine.japanese import spoken_day
from engine.region import cubes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.difference import Difference
    from engine.difference_rest import OtherChange
    from engine.period import Period
    from engine.region import Diagram
    from engine.rule_set import Citation, Procedure, RuleSet

KINDS = {Kind.LAWFUL: "適法になる", Kind.UNLAWFUL: "適法でなくなる", Kind.BASES: "適法のまま根拠が変わる"}
STANDINGS = {
    Standing.NOT_ASKED: "求められない",
    Standing.DROPPABLE: "省略できる",
    Standing.PARTIAL: "一部だけ届く（提出は必要）",
    Standing.REQUIRED: "提出が必要",
}
_SAID = {
    (True,): "はい",
    (False,): "いいえ",
    (None,): "示さない",
    (None, True): "はい又は示さない",
    (None, False): "いいえ又は示さない",
    (True, False): "はい又はいいえ",
}
_FEW = 6  # names of a set that are spelled out

#: What the comparison does not say, always shown with it.
LIMITS = (
    "比べたのは、両方の規則で判断できる日だけです（判断できる期間の違いは「その他の違い」に挙げます）。",
    "適法でないままの要求どうしの、結果（禁止、条件、根拠なし）や理由の文の違いは数えていません。",
    "情報を二つ以上求める要求は、そのすべてが適法なときに限り適法なので、一つずつの違いから分かります。",
    "機関は組織の登録にあるもの、保有者は登録と規定が名を挙げるものと、その他の団体の長について比べました。",
    "義務、仮定、手続の文言と番号、登録簿の違いは「その他の違い」に挙げます。",
)


class Words:
    """Speaks of the rows of one difference.

    Args:
        old: The rules before.
        new: The rules after.
        found: Their difference.
    """

    def __init__(self, old: RuleSet, new: RuleSet, found: Difference) -> None:
        self.sides = (old, new)
        self.found = found
        self._names: dict[str, str] = {}
        self._affairs: dict[str, str] = {}
        self._procedures: dict[str, Procedure] = {}
        for rule_set in self.sides:
            for part in (rule_set.national, *rule_set.bodies.values()):
                whose = "" if part.body is None else f"{part.body.name} "
                self._names.update({key: f"{whose}{party.name}" for key, party in part.parties.items()})
                self._affairs.update({key: affair.name for key, affair in part.affairs.items()})
                self._procedures.update(part.procedures)

    # ---- text ---------------------------------------------------------------------------------------

    def summary(self, other: Sequence[OtherChange]) -> list[str]:
        """How much changes, in a few lines."""
        rows = self.found.rows
        counts = [f"{word} {sum(row.kind is kind for row in rows)}件" for kind, word in KINDS.items()]
        easier = sum(row.after < row.before for row in self.found.papers)
        days = self.found.days
        return [
            f"判断の違い　{'、'.join(counts)}",
            f"添付書類の違い　{len(self.found.papers)}件（楽になる {easier}件、重くなる {len(self.found.papers) - easier}件）",
            f"その他の違い　{len(other)}件",
            f"比べた範囲　{'なし' if days is None else spoken(days)}、事務 {self.found.affairs}件の要求のすべて",
        ]

    def row(self, row: Row) -> Iterator[str]:
        """A row on a few lines."""
        yield f"{KINDS[row.kind]}　{'・'.join(wording.ACTIONS[a] for a in sorted(row.actions))}"
        yield from self._common(row, information=self.information(row))
        if row.kind is Kind.BASES:
            yield from _entry("なくなる根拠", _labels(row.old) or "なし")
            yield from _entry("加わる根拠", _labels(row.new) or "なし")
        elif row.kind is Kind.LAWFUL:
            yield from _entry("新しい根拠", _labels(row.new))
            yield from _entry("これまでの答え", self._refusal(0, row))
        else:
            yield from _entry("これまでの根拠", _labels(row.old))
            yield from _entry("改正後の答え", self._refusal(1, row))

    def paper(self, row: PaperRow) -> Iterator[str]:
        """A row about papers on a few lines."""
        yield f"{STANDINGS[row.before]} → {STANDINGS[row.after]}　{'、'.join(sorted(row.papers))}"
        yield from self._common(row)
        if row.old:
            yield from _entry("これまでの道", _labels(row.old))
        if row.new:
            yield from _entry("これからの道", _labels(row.new))
        reason = self._paper_reason(1, row)
        if reason:
            yield from _entry("改正後の答え", reason)

    def other(self, change: OtherChange) -> list[str]:
        """A difference in registers or texts on a line."""
        if change.old is None:
            return wrapped(f"{change.what}　{change.name}　加わる: {change.new}", 0, 4)
        if change.new is None:
            return wrapped(f"{change.what}　{change.name}　なくなる: {change.old}", 0, 4)
        return wrapped(f"{change.what}　{change.name}　{change.old} → {change.new}", 0, 4)

    def _common(self, row: Row | PaperRow, information: str | None = None) -> Iterator[str]:
        yield from _entry("機関", "、".join(self._names.get(key, key) for key in sorted(row.parties)))
        yield from _entry("事務", "、".join(self.affair(key) for key in sorted(row.affairs)))
        yield from _entry("手続", self.procedures(row))
        if information is not None:
            yield from _entry("情報", information)
        if Rest.EVERY not in row.holders:
            yield from _entry("保有者", self.holders(row))
        yield from _entry("期間", "、".join(spoken(period) for period in row.days))
        if row.facts is not True:
            yield from _entry("事実", conditions(row.facts))

    def affair(self, key: str) -> str:
        """The name and the id of an affair."""
        name = self._affairs.get(key, key)
        short = key.split("/", 1)[1] if key[:6].isdigit() and "/" in key else key
        return name if name == key else f"{name}（{short}）"

    def procedures(self, row: Row | PaperRow) -> str:
        """The procedures of a row."""
        if Rest.EVERY in row.procedures:
            return "すべて"
        if Rest.LISTED in row.procedures:
            return "規則などが定めるすべて、又は手続を示さない要求"
        day = row.days[0].first
        known = sorted((key for key in row.procedures if isinstance(key, str)), key=_by_number)
        names = [self._procedure(key, day) for key in known]
        names += ["手続を示さない要求"] if Rest.UNSAID in row.procedures else []
        names += ["規則などが定めない、その他の手続"] if Rest.OTHER in row.procedures else []
        return "、".join(names)

    def _procedure(self, key: str, day: Any) -> str:
        found = self._procedures.get(key)
        return key if found is None else found.label_on(day)

    def information(self, row: Row) -> str:
        """The items of a row, by name with the persons."""
        people: dict[str | None, list[str | Rest]] = {}
        for name, person in row.information:
            people.setdefault(name, []).append(person)
        said = []
        for name in sorted(people, key=lambda n: n or ""):
            whose = people[name]
            if name is None:
                said.append("なし（特定個人情報を伴わない）")
            elif Rest.EVERY in whose:
                said.append(f"{name}（だれのものでも）")
            else:
                words = sorted(person for person in whose if isinstance(person, str))
                words += ["対象者を示さない要求"] if Rest.UNSAID in whose else []
                words += ["その他の者"] if Rest.OTHER in whose else []
                said.append(f"{name}（{'・'.join(words)}）")
        return "、".join(said)

    def holders(self, row: Row | PaperRow) -> str:
        """The holders of a row; when they are nearly all, those that are not."""
        known = self.found.vocabularies[row.body].holders
        whole: set[str | Rest] = {*known, Rest.OWN, Rest.UNSAID, Rest.OTHER}
        missing = whole - row.holders - row.parties
        if len(missing) < len(row.holders) and Rest.OTHER in row.holders:
            return (
                f"{self._listed(missing)}を除くすべて（示さない要求を{'除く' if Rest.UNSAID in missing else '含む'}）"
            )
        return self._listed(row.holders)

    def _listed(self, holders: Iterable[str | Rest]) -> str:
        known = set(holders)
        names = ["当該機関自ら"] if Rest.OWN in known else []
        names += ["保有者を示さない要求"] if Rest.UNSAID in known else []
        given = sorted((key for key in known if isinstance(key, str)), key=lambda key: (len(key), key))
        names += [self._names.get(key, key) for key in given[:_FEW]]
        names += [f"ほか{len(given) - _FEW}者"] if len(given) > _FEW else []
        names += ["どの呼び名にも当たらない者"] if Rest.OTHER in known else []
        return "、".join(names)

    def _refusal(self, side: int, row: Row) -> str:
        """Why one request of the row is refused by the old or the new rules."""
        rule_set = self.sides[side]
        request = request_of(rule_set, point_of(row))
        if request is None:
            return "この機関又は事務は、規則にも登録にもありません"
        unmet = CompiledIndex(rule_set).decide(request).items[0].unmet
        return unmet[0].text if unmet else ""

    def _paper_reason(self, side: int, row: PaperRow) -> str:
        request = request_of(self.sides[side], point_of(row))
        if request is None or row.after is Standing.NOT_ASKED:
            return ""
        answers = {answer.name: answer for answer in reversed(attachments(self.sides[side], request))}
        answer = answers.get(min(row.papers))
        return "" if answer is None else "。".join(answer.reasons)

    # ---- values -------------------------------------------------------------------------------------

    def row_value(self, row: Row) -> dict[str, Any]:
        """A row as plain values: every name spelled out, days ISO."""
        return {
            "change": row.kind.value,
            "actions": sorted(action.value for action in row.actions),
            **self._common_value(row),
            "information": [
                {"name": name, "person": person.value if isinstance(person, Rest) else person}
                for name, person in sorted(row.information, key=str)
            ],
            "old": [_citation(c) for c in row.old],
            "new": [_citation(c) for c in row.new],
        }

    def paper_value(self, row: PaperRow) -> dict[str, Any]:
        """A row about papers as plain values."""
        return {
            "papers": sorted(row.papers),
            "before": row.before.name.lower(),
            "after": row.after.name.lower(),
            **self._common_value(row),
            "old": [_citation(c) for c in row.old],
            "new": [_citation(c) for c in row.new],
        }

    def _common_value(self, row: Row | PaperRow) -> dict[str, Any]:
        return {
            "municipality": row.body,
            "agencies": sorted(row.parties),
            "affairs": [{"id": key, "name": self._affairs.get(key, key)} for key in sorted(row.affairs)],
            "procedures": _values(row.procedures),
            "holders": _values(row.holders),
            "days": [_days(period) for period in row.days],
            "facts": [{fact: list(values) for fact, values in cube} for cube in cubes(row.facts)],
        }


def conditions(facts: Diagram) -> str:
    """The statements of facts of a row.

    Examples:
        >>> conditions(("consent", False, True, False))
        '本人等の同意＝はい'
    """
    ways = ["、かつ、".join(f"{wording.fact(fact)}＝{_SAID[values]}" for fact, values in cube) for cube in cubes(facts)]
    return "　又は　".join(ways) if ways else "なし"


def _entry(title: str, text: str) -> list[str]:
    return wrapped(f"{title}　{text}", 2, 2 + 2 * (len(title) + 1)) if text else []


def _labels(citations: Iterable[Citation]) -> str:
    """The citations once each; an address that another follows on these days with its last day."""
    by_clause: dict[str, list[Citation]] = {}
    for citation in citations:
        by_clause.setdefault(citation.clause, []).append(citation)
    said: dict[str, None] = {}
    for same in by_clause.values():
        labels: dict[str, Citation] = {}
        for citation in sorted(same, key=lambda c: c.in_force):
            labels[citation.label] = citation
        for n, (label, citation) in enumerate(labels.items(), 1):
            last = citation.in_force.last
            until = f"（{spoken_day(last)}まで）" if n < len(labels) and last is not None else ""
            said[label + until] = None
    return "、".join(said)


def _by_number(key: str) -> tuple[object, ...]:
    head, _, tail = key.rpartition("/")
    return head, len(tail), tail


def _values(values: Iterable[str | Rest]) -> list[str]:
    known = list(values)
    rest = sorted(f"*{value.value}" for value in known if isinstance(value, Rest))
    return [*sorted(value for value in known if isinstance(value, str)), *rest]


def _days(period: Period) -> dict[str, str | None]:
    return {"from": period.first.isoformat(), "to": None if period.last is None else period.last.isoformat()}


def _citation(citation: Citation) -> dict[str, Any]:
    return {"label": citation.label, "clause": citation.clause, "in_force": _days(citation.in_force)}
