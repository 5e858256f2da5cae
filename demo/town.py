"""The land of the story: the network simulator, and two cities with their services, registers and business systems."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import msgspec

from api.callers import Caller, Role
from api.callers.model import DECISION_READ, EVALUATE, PERMIT_ISSUE
from api.callers.opening import open_register
from api.clock import SystemClock, today
from api.keys import KeyStore
from api.storage.database import default_url, open_database
from demo.processes import JOREI, Process, Stage, free_port
from linkage.adapters.client import Client
from linkage.network import wire
from linkage.setting_up import set_up

if TYPE_CHECKING:
    from linkage.adapters.example import Example

E = TypeVar("E", bound="Example")
_SYSTEM = frozenset({EVALUATE, DECISION_READ, PERMIT_ISSUE, "linkage:addressee:read", "linkage:addressee:write"})
_LINKING = frozenset(
    {
        "linkage:inquiry:send",
        "linkage:inquiry:read",
        "linkage:copy:write",
        "linkage:code:acquire",
        "linkage:transfer:use",
        "linkage:file:create",
        "linkage:record:write",
        "linkage:record:read",
        "linkage:rights:write",
    }
)


@dataclass(frozen=True)
class Systems:
    """A caller: its name in the register, its 業務ID, its agency and section."""

    client_id: str
    name: str
    system: str
    agency: str
    section: str


class City:
    """One city: its folder, its service, the keys of its callers."""

    def __init__(self, stage: Stage, name: str, body: str) -> None:
        self.stage, self.name, self.body = stage, name, body
        self.home = stage.folder / body
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys: dict[str, str] = {}
        self._clients: list[Client] = []
        self.process: Process | None = None

    def prepare(self, network: Network, systems: tuple[Systems, ...]) -> list[str]:
        """Set the layer up, enrol at the network, register the callers."""
        if not entry_points(group="jorei.service"):
            raise RuntimeError("jorei を入れ直してください（.ci/install）。保管・連携の層が登録されていません")
        told = set_up(
            self.home, self.name, network=network.url, network_home=network.home, portal_url=f"{self.url}/portal"
        )
        clock = SystemClock()
        database = open_database(default_url(self.home))
        try:
            register = open_register(database, KeyStore(self.home / "keys", clock), clock)
            for one in systems:
                register.create(self._caller(one, Role.SYSTEM, _SYSTEM | _LINKING))
                self.keys[one.client_id] = register.rotate_key(one.client_id)
            admin = Systems("kanri", "管理者", "kanri", "市長", "情報政策課")
            register.create(self._caller(admin, Role.ADMINISTRATOR, frozenset({"linkage:register:write"})))
            self.keys["kanri"] = register.rotate_key("kanri")
        finally:
            database.close()
        return told

    def _caller(self, one: Systems, role: Role, scopes: frozenset[str]) -> Caller:
        return Caller(
            client_id=one.client_id,
            name=one.name,
            body=self.body,
            municipality=self.name,
            agency=one.agency,
            section=one.section,
            roles=frozenset({role}),
            scopes=scopes,
            system=one.system,
        )

    def start(self) -> None:
        """Start the service; `wait` for it."""
        command = [*JOREI, "serve", "--home", str(self.home), "--files", "--port", str(self.port)]
        self.process = self.stage.start(f"{self.name}のサービス", command, self.port)

    def wait(self) -> None:
        """Until it answers."""
        assert self.process is not None
        self.process.wait()

    def client(self, client_id: str) -> Client:
        """A line with the credential of a caller."""
        made = Client(self.url, self.keys[client_id])
        self._clients.append(made)
        return made

    def system(self, kind: type[E], client_id: str, *, handler: str | None = None, agency: str = "市長") -> E:
        """One of the example business systems."""
        return kind(self.client(client_id), self.name, handler=handler, agency=agency)

    def order(self, path: str, body: dict[str, Any]) -> Any:
        """What the administrator enters in a register."""
        with Client(self.url, self.keys["kanri"]) as client:
            answer = client.call("POST", f"/v1/linkage/registers/{path}", body)
            return answer.json() if answer.content else None

    def handler(self, id_: str, name: str, agency: str, section: str, *affairs: str, trained: bool = True) -> str:
        """A 事務取扱担当者, assigned and trained."""
        first = today(SystemClock()).isoformat()
        self.order("handlers", {"id": id_, "name": name, "first": first})
        for affair in affairs:
            whose = {"agency": agency, "section": section, "affair": affair, "first": first}
            self.order("duties", whose)
            self.order(f"handlers/{id_}/assignments", whose)
        for course in ("handling", "security") if trained else ():
            self.order(f"handlers/{id_}/trainings", {"course": course, "taken": first})
        return id_

    def assess(self, agency: str, affair: str, name: str, persons: int, staff: int, level: str) -> str:
        """A file with its impact assessment, drafted, submitted and published today; gives the assessment's id."""
        on = today(SystemClock()).isoformat()
        self.order("files", {"agency": agency, "affair": affair, "name": name, "persons": persons, "staff": staff})
        made = self.order("assessments", {"agency": agency, "affair": affair, "level": level, "on": on})
        self.order(f"assessments/{made['id']}/submission", {"on": on})
        self.order(f"assessments/{made['id']}/publication", {"on": on, "basic": on})
        return str(made["id"])

    def close(self) -> None:
        """Hang up."""
        for client in self._clients:
            client.close()

    def bytes_kept(self) -> list[tuple[Path, bytes]]:
        """Every file that the city keeps, as a thief of the disk would find it."""
        return [(path, path.read_bytes()) for path in sorted(self.home.rglob("*")) if path.is_file()]


class Network:
    """The simulator, and what its administrator does."""

    def __init__(self, stage: Stage) -> None:
        self.home, self.port = stage.folder / "network", free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "linkage.network", "--home", str(self.home), "--port", str(self.port)]
        self.process = stage.start("情報提供ネットワークシステム（模擬装置）", command, self.port)

    def residents(self, count: int) -> tuple[str, ...]:
        """References of synthetic residents."""
        answer = self._admin("POST", f"/admin/residents?count={count}")
        return msgspec.json.decode(answer.content, type=wire.Residents).residents

    def down(self, *, is_down: bool) -> None:
        """Break the network, or mend it."""
        self._admin("PUT", "/admin/faults", wire.Fault(down=is_down))

    def _admin(self, method: str, path: str, message: msgspec.Struct | None = None) -> httpx.Response:
        token = (self.home / "admin.token").read_text()
        content = b"" if message is None else msgspec.json.encode(message)
        headers = {"authorization": f"Bearer {token}"}
        answer = httpx.request(method, self.url + path, content=content, headers=headers, trust_env=False)
        answer.raise_for_status()
        return answer


def since() -> date:
    """From when copies are public: this year's first day."""
    return today(SystemClock()).replace(month=1, day=1)
