"""The kit: ask for a decision, get a permit, seal, act, and keep the checklist. What a vendor builds an adapter from.

An Individual Number is taken as it is entered, sealed at once to the vault's key, and forgotten: the kit keeps the
sealed text, which is good for one permit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from api import ids
from linkage.adapters.checklist import Checklist
from linkage.adapters.client import Client, Permitted
from linkage.addressee.looking import Query
from linkage.addressee.sealing import Ephemeral, seal, sealed_handle
from linkage.addressee.values import Basic, Batch, BatchRow, Found, Kind, Numbered, Shown, local_handle
from linkage.files.values import Record, Written

_POLL = 0.05
_ENDS = frozenset({"answered", "refused", "failed", "fallback_to_paper"})


class Office(msgspec.Struct, frozen=True):
    """For whom a system asks: municipality, agency, affair, and the officer who acts."""

    municipality: str
    agency: str
    affair: str
    handler: str | None = None
    procedure: str | None = None

    def request(self, action: str, on: date, **members: Any) -> dict[str, Any]:
        """The request of a decision."""
        said: dict[str, Any] = {
            "action": action,
            "municipality": self.municipality,
            "agency": self.agency,
            "affair": self.affair,
            "on": on.isoformat(),
        }
        if self.procedure is not None:
            said["procedure"] = self.procedure
        return {**said, **{name: value for name, value in members.items() if value is not None}}


class Inquired(msgspec.Struct, frozen=True):
    """What came of an inquiry: the records, or why paper is asked for."""

    record_id: str
    state: str
    text: str
    records: tuple[Mapping[str, str], ...] | None
    permits: tuple[Permitted, ...]

    @property
    def paper(self) -> bool:
        """Whether the paper has to be brought."""
        return self.records is None


class Kit:
    """A business system's hands. `system` is its 業務ID; `today` tells the day."""

    def __init__(self, client: Client, system: str, today: Callable[[], date]) -> None:
        self.client, self.system, self._today = client, system, today

    # --- numbers ----------------------------------------------------------------------------------------------

    def seal(self, text: str) -> str:
        """Seal a text to the vault."""
        key = self.client.call("GET", "/v1/linkage/addressees/key").json()
        return seal(text, key)

    def number(
        self,
        office: Office,
        local: str,
        basic: Basic,
        entered: Callable[[], str] | None,
        *,
        kind: Kind = Kind.RESIDENT,
        action: str = "use",
    ) -> Numbered:
        """付番. `entered` gives the number once, when it is sealed."""
        sealed = None if entered is None else self.seal(entered())
        handles = (local_handle(self.system, local),) + (() if sealed is None else (sealed_handle(sealed),))
        body = {
            "system": self.system,
            "local": local,
            "basic": basic,
            "sealed": sealed,
            "kind": kind,
            "handler": office.handler,
        }
        return msgspec.convert(self._act(office, action, "addressee.number", handles, "numbering", body), Numbered)

    def load(self, office: Office, rows: Sequence[BatchRow]) -> tuple[Numbered, ...]:
        """一括付番: sealed as one text."""
        sealed = self.seal(msgspec.json.encode(Batch(self.system, tuple(rows))).decode())
        said = self._act(office, "use", "addressee.load", (sealed_handle(sealed),), "batches", {"sealed": sealed})
        return tuple(msgspec.convert(said["numbered"], list[Numbered]))

    def search(self, office: Office, entered: Callable[[], str]) -> Found | None:
        """個人番号による検索. The decision is asked for before the number is entered, so an unlawful search learns nothing."""
        self.allowed(office.request("use", self._today()))
        sealed = self.seal(entered())
        body = {"sealed": sealed, "handler": office.handler}
        said = self._act(office, "use", "addressee.search", (sealed_handle(sealed),), "search", body)
        return msgspec.convert(said["found"], Found | None)

    def find(self, office: Office, name: str, birth: date) -> tuple[str, ...]:
        """基本情報検索."""
        sealed = self.seal(msgspec.json.encode(Query(name, birth)).decode())
        body = {"sealed": sealed, "handler": office.handler}
        said = self._act(office, "use", "addressee.find", (sealed_handle(sealed),), "find", body)
        return tuple(said["handles"])

    def show(self, office: Office, handle: str, use: Callable[[str], Any]) -> Any:
        """個人番号の表示: the number is handed to `use` and kept nowhere; gives what `use` gives."""
        key = Ephemeral()
        body = {"handle": handle, "key": key.public, "handler": office.handler}
        said = self._act(office, "use", "addressee.show", (handle,), "show", body)
        shown = msgspec.json.decode(key.open(said["sealed"]), type=list[Shown])
        return use(shown[0].number)

    def basic(self, office: Office, handle: str) -> Basic:
        """基本4情報の表示."""
        key = Ephemeral()
        body = {"handle": handle, "key": key.public, "handler": office.handler}
        said = self._act(office, "use", "addressee.basic", (handle,), "basic", body)
        return msgspec.json.decode(key.open(said["sealed"]), type=Basic)

    def map_local(self, office: Office, handle: str, local: str) -> None:
        """対応付け."""
        body = {"handle": handle, "system": self.system, "local": local, "handler": office.handler}
        self._act(office, "use", "addressee.map", (handle, local_handle(self.system, local)), "mappings", body)

    # --- files and records ------------------------------------------------------------------------------------

    def create_file(self, office: Office, file: str) -> None:
        """特定個人情報ファイルの作成: open a file of the register for records of the office's affair."""
        request = office.request("store", self._today())
        permitted = self.client.permit(request, "file.create", "file", (file,))
        body = {"file": file, "handler": office.handler}
        self.client.call("POST", "/v1/linkage/files", body, permit=permitted.token)

    def write_record(
        self,
        office: Office,
        file: str,
        person: str,
        fields: Mapping[str, str],
        *,
        record: str | None = None,
        after: int = 0,
        closed: date | None = None,
    ) -> Written:
        """業務の記録の登録; with `record` and `after` (the version seen last), its next version."""
        handles = (file, person, *(() if record is None else (record,)))
        request = office.request("use", self._today())
        permitted = self.client.permit(request, "record.write", "record", handles)
        body = {
            "file": file,
            "person": person,
            "fields": dict(fields),
            "record": record,
            "after": after,
            "closed": closed,
            "handler": office.handler,
        }
        said = self.client.call("POST", "/v1/linkage/files/records", body, permit=permitted.token).json()
        return msgspec.convert(said, Written)

    def records(self, office: Office, person: str, *, versions: bool = False) -> tuple[Record, ...]:
        """業務の記録の検索: what the files of the office's affair hold about a person."""
        request = office.request("use", self._today())
        permitted = self.client.permit(request, "record.search", "record", (person,))
        body = {"person": person, "versions": versions, "handler": office.handler}
        said = self.client.call("POST", "/v1/linkage/files/records/search", body, permit=permitted.token).json()
        return tuple(msgspec.convert(said["records"], list[Record]))

    # --- decisions and papers ---------------------------------------------------------------------------------

    def allowed(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The decision on a request.

        Raises:
            Denied: It is no, with the reason and the provision.
        """
        from linkage.adapters.refusals import denied

        said = self.client.decide(request)
        if not said["decision"]["lawful"]:
            raise denied(said)
        return said

    def checklist(self, request: Mapping[str, Any]) -> Checklist:
        """The papers of a procedure; all are to be brought until their information has come."""
        return Checklist(self.client.papers(request))

    # --- linkage ----------------------------------------------------------------------------------------------

    def transfer(
        self, office: Office, asked: Mapping[str, Any], words: Mapping[str, Any]
    ) -> Sequence[Mapping[str, str]]:
        """庁内連携: `asked` in codes (`linkage.transfer.Transfer`), `words` of the decision (holder, information, facts)."""
        across = asked["requester"] != asked["holder"]
        act = "transfer.provide" if across else "transfer.use"
        permitted = self.client.permit(
            office.request("transfer", self._today(), **words), act, "transfer", (asked["handle"],)
        )
        body = {"transfer": asked, "handler": office.handler}
        said = self.client.call("POST", "/v1/linkage/transfers", body, permit=permitted.token).json()
        return tuple(said["records"])

    def copies(self, office: Office, given: Sequence[Mapping[str, Any]]) -> int:
        """副本の登録."""
        handles = tuple(dict.fromkeys(copy["handle"] for copy in given))
        permitted = self.client.permit(office.request("use", self._today()), "copy.register", "copy", handles)
        body = {"copies": list(given), "handler": office.handler}
        return int(self.client.call("POST", "/v1/linkage/copies", body, permit=permitted.token).json()["registered"])

    def link_code(self, office: Office, agency: str, handle: str, acquisition_number: str) -> None:
        """符号の取得. The acquisition number is good once and is kept nowhere."""
        permitted = self.client.permit(office.request("use", self._today()), "code.acquire", "network", (handle,))
        body = {"agency": agency, "handle": handle, "acquisition_number": acquisition_number}
        self.client.call("POST", "/v1/linkage/codes", body, permit=permitted.token)

    def inquire(
        self, office: Office, order: Mapping[str, Any], words: Mapping[str, Any], *, seconds: float = 10
    ) -> Inquired:
        """情報照会: send, wait so long, open. Without an answer in time the counter falls back to paper.

        Raises:
            Denied: The decision is no.
            Refused: By the gate, or by the network's list.
        """
        request = office.request("link", self._today(), **words)
        record_id = str(order.get("record_id") or ids.new("rq"))
        handles = (str(order["handle"]), record_id)
        sent = self.client.permit(request, "inquiry.send", "network", handles)
        body = {"order": {**order, "record_id": record_id}, "handler": office.handler}
        self.client.call("POST", "/v1/linkage/inquiries", body, permit=sent.token)
        standing = self._settled(record_id, seconds)
        if standing["state"] != "answered":
            return Inquired(record_id, standing["state"], standing["text"], None, (sent,))
        opened = self.client.permit(request, "inquiry.receive", "network", handles)
        answer = self.client.call(
            "POST", f"/v1/linkage/inquiries/{record_id}/answer", {"handler": office.handler}, permit=opened.token
        ).json()
        return Inquired(record_id, "answered", standing["text"], tuple(answer["records"]), (sent, opened))

    def _settled(self, record_id: str, seconds: float) -> Mapping[str, Any]:
        ends = time.monotonic() + seconds
        while True:
            standing: Mapping[str, Any] = self.client.call("GET", f"/v1/linkage/inquiries/{record_id}").json()
            if standing["state"] in _ENDS or time.monotonic() > ends:
                return standing
            time.sleep(_POLL)

    def _act(
        self, office: Office, action: str, act: str, handles: tuple[str, ...], path: str, body: Mapping[str, Any]
    ) -> Any:
        permitted = self.client.permit(office.request(action, self._today()), act, "addressee", handles)
        answer = self.client.call("POST", f"/v1/linkage/addressees/{path}", body, permit=permitted.token)
        return answer.json() if answer.content else None
