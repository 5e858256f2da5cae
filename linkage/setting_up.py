"""An installation of the layer made ready, and opened for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec

from api.clock import today
from api.service.opening import Opened
from api.service.settings import Settings
from dsl.organisation import Organisation, read_organisation
from linkage.addressee.rotation import Rotation
from linkage.addressee.vault import VaultRefused
from linkage.assessments.taking import take_over
from linkage.authority import COMMAND
from linkage.installation import FILE, Installation, InstallationRefused, Network, read, write
from linkage.layer import Layer
from linkage.network.wire import Enrolled
from linkage.people import organisation
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.network import wire
    from linkage.ticket import Ticket


@contextmanager
def opened(home: Path, rules: Path | None, ordinances: tuple[Path, ...], database_url: str | None) -> Iterator[Layer]:
    """The layer of a folder; nothing runs beside.

    Raises:
        InstallationRefused: G0912, it was never set up.
    """
    installation = read(home) if home.is_dir() else None
    if installation is None:
        raise InstallationRefused(
            "G0912", f"{home} に {FILE} がない。", "jorei linkage init で、先に層を用意してください。"
        )
    with _layer(home, installation, rules, ordinances, database_url) as layer:
        yield layer


@contextmanager
def _layer(
    home: Path, installation: Installation, rules: Path | None, ordinances: tuple[Path, ...], database_url: str | None
) -> Iterator[Layer]:
    settings = Settings(home=home, database_url=database_url, files=True, rules=rules, ordinances=ordinances)
    service = Opened(settings)
    try:
        layer = Layer(service.context, installation)
        try:
            yield layer
        finally:
            layer.close()
    finally:
        service.close()


def set_up(
    home: Path,
    municipality: str,
    *,
    network: str | None = None,
    network_home: Path | None = None,
    portal_url: str | None = None,
    rules: Path | None = None,
    ordinances: tuple[Path, ...] = (),
    database_url: str | None = None,
) -> list[str]:
    """Make an installation ready; gives what was done, in Japanese."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = None if network is None else Network(url=network, key="", member="unknown")
    installation = Installation(municipality=municipality, network=line, portal_url=portal_url)
    with _layer(home, installation, rules, ordinances, database_url) as layer:
        agencies = tuple(entry.code for entry in layer.codes.agencies() if entry.municipality == municipality)
        made = msgspec.structs.replace(installation, agencies=agencies)
        if network is not None and network_home is not None:
            made = msgspec.structs.replace(made, network=Network(url=network, key="", member=f"m{layer.body}"))
        done = [*_vault(layer), *_registers(layer)]
    if made.network is not None and network_home is not None:
        with _layer(home, made, rules, ordinances, database_url) as layer:
            member = layer.enrolment()
            assert member is not None
            key = enrol(made.network.url, network_home, member)
        made = msgspec.structs.replace(made, network=msgspec.structs.replace(made.network, key=key))
        done.append("情報提供ネットワークシステム（模擬装置）に加入した。")
    write(home, made)
    return [*done, f"設定を {home / FILE} に書いた。"]


def enrol(url: str, network_home: Path, member: wire.Member) -> str:
    """Register with the simulator as its administrator; gives the network's public key."""
    token = (network_home / "admin.token").read_text()
    answer = httpx.put(
        f"{url}/admin/members",
        content=msgspec.json.encode(member),
        headers={"authorization": f"Bearer {token}"},
        trust_env=False,
    )
    if not answer.is_success:
        raise InstallationRefused("G0913", "模擬装置に加入できない。", "所在と、模擬装置のフォルダを確かめてください。")
    return msgspec.json.decode(answer.content, type=Enrolled).sign


def _vault(layer: Layer) -> list[str]:
    with layer.database.read() as connection:
        try:
            layer.vault.state(connection)
        except VaultRefused as refused:
            if refused.code != "G0633":
                raise
        else:
            return ["保管庫の鍵は、すでにある。"]
    Rotation(layer.gate, layer.vault, COMMAND).set_up()
    return ["保管庫の鍵を作った。"]


def _registers(layer: Layer) -> list[str]:
    """The organisation register and the assessments, from organisation.yaml, once."""
    declared = _declared(layer)
    if declared is None:
        return ["組織の登録簿（organisation.yaml）が無いため、引き継がなかった。"]
    rule_set, body, on = layer.rule_set, layer.body, today(layer.clock)

    def work(ticket: Ticket) -> tuple[str, ...]:
        organisation.load(ticket, declared, rule_set, on)
        whose = {
            duty.affair: duty.agency
            for duty in organisation.duties(admit(ticket, "register.write").connection, body, on)
        }
        return take_over(ticket, rule_set, body, whose)

    taken = layer.gate.operate("register.write", COMMAND, work).result
    return [f"組織の登録簿と、保護評価{len(taken)}件を引き継いだ。"]


def _declared(layer: Layer) -> Organisation | None:
    """What the municipality's organisation.yaml says, of the rule set in force."""
    for one in layer.context.rules.current().project.municipalities:
        for source in one.sources:
            if source.path.endswith("organisation.yaml"):
                found = read_organisation(source.path, source.text)[0]
                if found is not None and found.code == layer.body:
                    return found
    return None
