"""What can come back instead of a yes, in words that a counter can use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Denied(Exception):
    """The decision is no: why, by which provision, and what could be done instead.

    Attributes:
        evaluation: id of the recorded decision.
        reasons: why, each with the article it rests on where there is one.
        remedies: what to do instead.
    """

    def __init__(self, evaluation: str, outcome: str, reasons: tuple[Reason, ...]) -> None:
        self.evaluation, self.outcome, self.reasons = evaluation, outcome, reasons
        super().__init__("; ".join(reason.text for reason in reasons) or outcome)

    @property
    def articles(self) -> tuple[str, ...]:
        """The provisions named."""
        return tuple(dict.fromkeys(reason.article for reason in self.reasons if reason.article))

    @property
    def remedies(self) -> tuple[str, ...]:
        """What to do instead."""
        return tuple(dict.fromkeys(reason.remedy for reason in self.reasons if reason.remedy))

    def lines(self) -> str:
        """As it is shown to the officer."""
        said = [f"認められません（判定 {self.evaluation}）。"]
        for reason in self.reasons:
            said.append(f"・{reason.text}")
            if reason.article:
                said.append(f"　根拠: {reason.article}")
            if reason.remedy:
                said.append(f"　代わりに: {reason.remedy}")
        return "\n".join(said)


class Reason:
    """One reason."""

    __slots__ = ("article", "remedy", "text")

    def __init__(self, text: str, article: str | None, remedy: str | None) -> None:
        self.text, self.article, self.remedy = text, article, remedy


class Refused(Exception):
    """The service or the gate refused; nothing was done."""

    def __init__(self, status: int, code: str, text: str, help_: str) -> None:
        super().__init__(f"{code} {text}")
        self.status, self.code, self.text, self.help = status, code, text, help_


class Unavailable(Exception):
    """The service did not answer. `done` is False when the act was certainly not done, None when nobody can say yet."""

    def __init__(self, done: bool | None) -> None:
        known = "何も行われていない。" if done is False else "行われたかどうかは、記録を確かめるまで分からない。"
        super().__init__(f"サービスから応答が無い。{known}")
        self.done = done


def denied(said: Mapping[str, Any]) -> Denied:
    """The denial in an answered decision."""
    decision = said["decision"]
    reasons = [
        Reason(unmet["text"], (unmet.get("basis") or {}).get("label"), unmet.get("remedy"))
        for item in decision["items"]
        for unmet in item["unmet"]
    ]
    return Denied(str(said["id"]), str(decision["outcome"]), tuple(reasons))
