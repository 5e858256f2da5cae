"""Decisions as answered and recorded: canonical JSON, put together from fragments that are encoded once.

A decision is one `answer`: a pure function of the request and the rule set, so that replaying the recorded request on
the recorded rule set gives the same bytes. What differs between calls (the identifier, the moment, the place in the
log) stands outside of it.

Sound to keep: a citation or duty belongs to a rule set and never changes; `CompiledIndex` keeps the items of a decision
for the facts that matter, and everything but the day and the digest follows from them. The entry holds the items
themselves, so their identity is never that of something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from api.canonical import canonical
from engine.decision import Outcome
from engine.rule_set import Citation, Duty

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.decision import Decision, ItemDecision, Unmet

#: Of strings, null and lists of them: there what msgspec writes is canonical.
_text = msgspec.json.Encoder().encode

_BYTES = 96 * 2**20  # of encoded decisions kept; then all are forgotten


def citation_json(basis: Citation) -> dict[str, Any]:
    """A citation as plain values: its address on the day, and the identity of the provision."""
    last = basis.in_force.last
    return {
        "label": basis.label,
        "instrument": basis.instrument,
        "clause": basis.clause,
        "article": basis.article,
        "paragraph": basis.paragraph,
        "item": basis.item,
        "table": basis.table,
        "row": basis.row,
        "in_force": {"from": basis.in_force.first.isoformat(), "to": None if last is None else last.isoformat()},
    }


def answer_json(decision: Decision) -> dict[str, Any]:
    """A decision as plain values: the reference of what `Encoder` writes."""
    return {
        "lawful": decision.lawful,
        "outcome": decision.outcome.value,
        "on": decision.on.isoformat(),
        "ruleset": decision.ruleset,
        "items": [
            {
                "information": None if item.information is None else item.information.name,
                "person": None if item.information is None else item.information.person,
                "lawful": item.lawful,
                "outcome": item.outcome.value,
                "grants": list(item.grants),
                "basis": [citation_json(basis) for basis in item.bases],
                "unmet": [_unmet_json(reason) for reason in item.unmet],
            }
            for item in decision.items
        ],
        "duties": [
            {"id": duty.id, "text": duty.text, "basis": citation_json(duty.citation)} for duty in decision.duties
        ],
        "assumptions": list(decision.assumptions),
    }


def brief_json(decision: Decision) -> dict[str, Any]:
    """The same with `citations=ids`: provisions by their identity, reasons by their code."""
    return {
        "lawful": decision.lawful,
        "outcome": decision.outcome.value,
        "on": decision.on.isoformat(),
        "ruleset": decision.ruleset,
        "items": [
            {
                "information": None if item.information is None else item.information.name,
                "person": None if item.information is None else item.information.person,
                "lawful": item.lawful,
                "outcome": item.outcome.value,
                "basis": [basis.clause for basis in item.bases],
                "unmet": [
                    {
                        "code": reason.code,
                        "fact": reason.fact,
                        "basis": None if reason.citation is None else reason.citation.clause,
                    }
                    for reason in item.unmet
                ],
            }
            for item in decision.items
        ],
        "duties": [duty.id for duty in decision.duties],
        "assumptions": list(decision.assumptions),
    }


def _unmet_json(reason: Unmet) -> dict[str, Any]:
    return {
        "code": reason.code,
        "text": reason.text,
        "basis": None if reason.citation is None else citation_json(reason.citation),
        "fact": reason.fact,
        "remedy": reason.remedy,
    }


class Form:
    """One decision but for its day, encoded in the ways that were asked for.

    Attributes:
        decision: one of those that it is the form of; its items are the key, so they are held here.
        full, brief: what stands before the day.
        tail: what stands after the day.
    """

    __slots__ = ("brief", "decision", "full", "lawful", "outcome", "reasons", "tail")

    def __init__(self, decision: Decision | None, outcome: str, full: bytes = b"", tail: bytes = b"") -> None:
        self.decision = decision
        self.outcome = outcome
        self.lawful = decision is not None and decision.outcome is Outcome.PERMITTED
        self.full: bytes = full
        self.brief: bytes = b""
        self.tail = tail
        self.reasons: tuple[bytes, bytes] | None = None  # before and after the identifier, of AuthZEN's context


class Encoder:
    """Encodes the decisions of one rule set. For one thread."""

    def __init__(self, digest: str) -> None:
        self._forms: dict[int, Form] = {}
        self._parts: dict[int, tuple[object, bytes]] = {}
        self._bytes = 0
        self.forgotten: list[Callable[[], object]] = []  # told when all forms are let go
        self._tails = {
            outcome.value: b'","outcome":%s,"ruleset":%s}' % (_text(outcome.value), _text(digest))
            for outcome in Outcome
        }

    def form(self, decision: Decision) -> Form:
        """The form of a decision, the same for all decisions with the same items."""
        found = self._forms.get(id(decision.items))
        if found is None:
            outcome = decision.outcome.value
            found = self._forms[id(decision.items)] = Form(decision, outcome, tail=self._tails[outcome])
        return found

    def whole(self, decision: Decision) -> Form:
        """The form of a decision with `full` made."""
        form = self.form(decision)
        if not form.full:
            form.full = self._kept(self._full(decision))
        return form

    def full(self, decision: Decision) -> bytes:
        """Canonical JSON of `answer_json`."""
        return b"".join((self.full_head(decision), decision.on.isoformat().encode(), self.tail(decision.outcome.value)))

    def full_head(self, decision: Decision) -> bytes:
        """What stands before the day in `full`."""
        return self.whole(decision).full

    def brief_head(self, decision: Decision) -> bytes:
        """What stands before the day in `brief`."""
        return self.brief_of(self.form(decision))

    def brief_of(self, form: Form) -> bytes:
        """What stands before the day in `brief`; a request that was refused has one form only."""
        if not form.brief:
            form.brief = form.full if form.decision is None else self._kept(self._brief(form.decision))
        return form.brief

    def tail(self, outcome: str) -> bytes:
        """What stands after the day in both."""
        return self._tails[outcome]

    def brief(self, decision: Decision) -> bytes:
        """Canonical JSON of `brief_json`."""
        return b"".join(
            (self.brief_head(decision), decision.on.isoformat().encode(), self.tail(decision.outcome.value))
        )

    def part(self, value: Citation | Duty) -> bytes:
        """A citation, or a duty with its citation; encoded once."""
        kept = self._parts.get(id(value))
        if kept is not None:
            return kept[1]
        if isinstance(value, Citation):
            encoded = canonical(citation_json(value))
        else:
            basis = self.part(value.citation)
            encoded = b'{"basis":%s,"id":%s,"text":%s}' % (basis, _text(value.id), _text(value.text))
        self._parts[id(value)] = (value, encoded)
        return encoded

    def context(self, form: Form) -> tuple[bytes, bytes]:
        """The members of AuthZEN's response context that follow from a decision, before and after its day."""
        if form.reasons is None:
            decision = form.decision
            assert decision is not None
            before = self._kept(self._context(decision))
            after = b'","outcome":"%s","reasons":[%s],"ruleset":"%s"' % (
                form.outcome.encode(),
                b",".join([reason for item in decision.items for reason in self._reasons(item)]),
                decision.ruleset.encode(),
            )
            form.reasons = (before, self._kept(after))
        return form.reasons

    def _context(self, decision: Decision) -> bytes:
        missing = {unmet.fact for item in decision.items for unmet in item.unmet if unmet.code == "missing_fact"}
        return b'"missing":%s,"obligations":[%s],"on":"' % (
            _text(sorted(fact for fact in missing if fact is not None)),
            b",".join(
                [
                    b'{"id":%s,"properties":{"citation":%s,"text":%s},"type":"duty"}'
                    % (_text(duty.id), self.part(duty.citation), _text(duty.text))
                    for duty in decision.duties
                ]
            ),
        )

    def _reasons(self, item: ItemDecision) -> list[bytes]:
        about = _text(None if item.information is None else item.information.name)
        if item.lawful:
            bases = b",".join([self.part(basis) for basis in item.bases])
            text = _text("次の規定により適法です")
            return [b'{"citations":[%s],"code":"permitted","information":%s,"text":%s}' % (bases, about, text)]
        return [
            b'{"citations":[%s],"code":%s,"information":%s,"text":%s}'
            % (
                b"" if reason.citation is None else self.part(reason.citation),
                _text(reason.code),
                about,
                _text(reason.text),
            )
            for reason in item.unmet
        ]

    def _kept(self, encoded: bytes) -> bytes:
        self._bytes += len(encoded)
        if self._bytes > _BYTES:
            self._forms.clear()
            self._parts.clear()
            self._bytes = len(encoded)
            for told in self.forgotten:
                told()
        return encoded

    def _full(self, decision: Decision) -> bytes:
        return b'{"assumptions":%s,"duties":[%s],"items":[%s],"lawful":%s,"on":"' % (
            _text(decision.assumptions),
            b",".join([self.part(duty) for duty in decision.duties]),
            b",".join([self._item(item) for item in decision.items]),
            _true(decision.lawful),
        )

    def _item(self, item: ItemDecision) -> bytes:
        return b'{"basis":[%s],"grants":%s,"information":%s,"lawful":%s,"outcome":"%s","person":%s,"unmet":[%s]}' % (
            b",".join([self.part(basis) for basis in item.bases]),
            _text(item.grants),
            _text(None if item.information is None else item.information.name),
            _true(item.lawful),
            item.outcome.value.encode(),
            _text(None if item.information is None else item.information.person),
            b",".join([self.unmet(reason) for reason in item.unmet]),
        )

    def unmet(self, reason: Unmet) -> bytes:
        """One reason against, with its citation."""
        return b'{"basis":%s,"code":%s,"fact":%s,"remedy":%s,"text":%s}' % (
            b"null" if reason.citation is None else self.part(reason.citation),
            _text(reason.code),
            _text(reason.fact),
            _text(reason.remedy),
            _text(reason.text),
        )

    @staticmethod
    def _brief(decision: Decision) -> bytes:
        whole = brief_json(decision)
        del whole["on"], whole["outcome"], whole["ruleset"]
        return canonical(whole)[:-1] + b',"on":"'


def _true(value: bool) -> bytes:
    return b"true" if value else b"false"
