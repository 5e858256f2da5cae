"""Example of a 福祉 system: applications with their checklist. What may come from elsewhere is fetched, and its paper dropped.

Within the municipality by ordinance (庁内連携), from elsewhere by the network; where neither is open, or no answer comes
in time, the paper is asked for. Run: `python -m linkage.adapters.welfare --url … --key … --municipality 石巻市 --handler …`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from linkage.adapters.checklist import Checklist
from linkage.adapters.example import Example
from linkage.adapters.kit import Inquired, Office
from linkage.files.values import Written


class Application(msgspec.Struct, frozen=True):
    """An application as the counter works on it."""

    office: Office
    handle: str
    checklist: Checklist
    facts: Mapping[str, Any]


class Welfare(Example):
    """福祉."""

    SYSTEM = "fukushi"
    AFFAIR = "child-medical"

    def apply(self, handle: str, office: Office, action: str, words: Mapping[str, Any]) -> Application:
        """Take an application in, with the papers its procedure asks for and the way its information is to come."""
        checklist = self.kit.checklist(office.request(action, self.today(), **words))
        return Application(office, handle, checklist, dict(words.get("facts") or {}))

    def record(self, application: Application, file: str, fields: Mapping[str, str]) -> Written:
        """Keep the application in the file of the affair (特定個人情報ファイル)."""
        return self.kit.write_record(application.office, file, application.handle, fields)

    def within(
        self, application: Application, asked: Mapping[str, Any], holder: str, information: str
    ) -> Sequence[Mapping[str, str]]:
        """庁内連携: fetch from another section or agency of this municipality, and drop the papers it proves.

        Raises:
            Denied: With the reason and the provision.
        """
        words = {"holder": holder, "information": [information], "facts": dict(application.facts)}
        records = self.kit.transfer(application.office, asked, words)
        application.checklist.arrived(information)
        return records

    def by_network(
        self,
        application: Application,
        order: Mapping[str, Any],
        holder: str,
        information: str,
        *,
        seconds: float = 10,
        **facts: Any,
    ) -> Inquired:
        """情報連携: inquire elsewhere, and drop the papers it proves; without an answer in time ask for the paper."""
        words = {"holder": holder, "information": [information], "facts": {**application.facts, **facts}}
        made = self.kit.inquire(application.office, order, words, seconds=seconds)
        if made.paper:
            application.checklist.by_paper(f"情報連携では届かない（{made.text}）", information)
        else:
            application.checklist.arrived(information)
        return made


def run(system: Welfare) -> list[str]:
    """The checklist of an application of a resident."""
    office = system.office_of(system.AFFAIR, procedure="1")
    words = {"holder": "市長", "information": ["地方税関係情報"], "facts": {"resident": True}}
    application = system.apply("ad_" + "a" * 26, office, "transfer", words)
    return [f"{line.name}: {line.mark.value}（{line.why}）" for line in application.checklist.lines]


if __name__ == "__main__":
    Welfare.main(run)
