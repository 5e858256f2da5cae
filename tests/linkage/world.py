"""A city with a gate, a vault and a permit office, for the tests of the linkage layer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from api.clock import FixedClock
from api.keys import KeyStore
from api.permits import Act
from api.publication import JAPAN
from api.storage.database import Database
from linkage.acts import ACTS
from linkage.addressee import numbering
from linkage.addressee.rotation import Rotation
from linkage.addressee.sealing import seal, sealed_handle
from linkage.addressee.secrets import FolderSecrets
from linkage.addressee.values import Basic, Kind, Numbered, Numbering, Sex
from linkage.addressee.vault import Vault
from linkage.gate import Acted, Gate, GateRefused, Ticket
from linkage.storage import migrate_linkage
from tests.linkage.office import CALLER, Office

T = TypeVar("T")
CITY = "042021"
OPERATOR = "kanri"


#: What a provider answers by: another city's request, for which this city's mayor holds the information.
ANOTHER_ASKS: dict[str, Any] = {
    "municipality": "青嶺市",
    "affair": "child-medical",
    "procedure": 1,
    "holder": "石巻市長",
    "information": ["住民票関係情報"],
    "facts": {"pia": "published"},
}


def only_the_operator(operator: str, operation: str) -> None:
    if operator != OPERATOR:
        raise GateRefused("G0615", "この操作を命じる権限がない。", "管理者の資格情報で行ってください。")


class World:
    """Everything opened; `set_up` false leaves the vault without keys."""

    def __init__(self, database: Database, folder: Path, *, set_up: bool = True) -> None:
        migrate_linkage(database)
        self.database = database
        self.clock = FixedClock(datetime(2026, 11, 26, 10, 0, tzinfo=JAPAN))
        self.keys = KeyStore(folder / "keys", self.clock)
        self.office = Office(database, self.clock, self.keys)
        self.digest = self.office.digest
        self.gate = Gate(database, self.clock, self.keys, lambda _: self.digest, body=CITY, authority=only_the_operator)
        self.secrets = FolderSecrets(self.keys)
        self.vault = Vault(self.secrets)
        if set_up:
            self.rotation().set_up()

    def rotation(self, **how: Any) -> Rotation:
        return Rotation(self.gate, self.vault, OPERATOR, **how)

    def act(self, name: str, *handles: str) -> Act:
        return Act(name, ACTS[name].target, handles)

    def permit(self, act: Act, *, action: str | None = None, caller: str = CALLER) -> str:
        """A permit of the office for exactly this act."""
        members = ANOTHER_ASKS if act.name == "provision.answer" else {}
        return self.office.permit(act, action or sorted(ACTS[act.name].actions)[0], caller, **members)

    def do(self, name: str, handles: tuple[str, ...], work: Callable[[Ticket], T], **more: Any) -> Acted[T]:
        """One act with a permit of its own."""
        act = self.act(name, *handles)
        return self.gate.act(self.permit(act), CALLER, act, work, **more)

    def sealed(self, text: str) -> str:
        """Sealed to the vault, as a caller does it."""
        return seal(text, self.vault.public_key())

    def number(self, digits: str | None, local: str, *, system: str = "juki", kind: Kind = Kind.RESIDENT) -> Numbered:
        """付番 of one person."""
        sealed = None if digits is None else self.sealed(digits)
        request = Numbering(system, local, person(local[-4:]), sealed, kind)
        return self.do("addressee.number", request.handles, lambda t: numbering.number(t, self.vault, request)).result

    def search(self, digits: str) -> Any:
        """個人番号による検索."""
        from linkage.addressee import looking

        sealed = self.sealed(digits)
        work = lambda t: looking.search(t, self.vault, sealed)  # noqa: E731
        return self.do("addressee.search", (sealed_handle(sealed),), work).result


def person(local: str) -> Basic:
    """基本4情報 of nobody."""
    return Basic(f"試験 {local}", f"石巻市穀町14番{local}号", date(1980, 1, 1), Sex.UNKNOWN)
