"""What the command line tells of a layer, and how it fills one with synthetic residents."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import func, select

from api.clock import today
from api.permits import Act
from linkage.adapters.synthetic import residents
from linkage.addressee import numbering
from linkage.addressee.sealing import seal, sealed_handle
from linkage.addressee.values import Batch
from linkage.authority import COMMAND
from linkage.intermediate import tables as im
from linkage.people import handlers
from linkage.permits_here import PermitsHere
from linkage.refusal import Refusal
from linkage.storage.tables import addressee, provision_record, vault_state

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from linkage.layer import Layer

_BATCH = 1_000


def standing(layer: Layer) -> dict[str, object]:
    """Counts, in Japanese words."""
    with layer.database.read() as connection:
        states = connection.execute(select(im.inquiry.c.state, func.count()).group_by(im.inquiry.c.state)).all()
        waiting = select(func.count()).select_from(im.provision).where(im.provision.c.state == "waiting")
        vault = connection.execute(select(vault_state)).one_or_none()
        on = today(layer.clock)
        found: dict[str, object] = {
            "市町村": f"{layer.installation.municipality}（{layer.body}）",
            "規則集": layer.context.rules.current().digest[:12],
            "宛名": _count(connection, addressee),
            "保管庫の鍵の世代": "なし" if vault is None else int(vault.cells),
            "副本": _count(connection, im.copy),
            "情報照会": {str(state): int(number) for state, number in states},
            "手動の回答待ち": connection.scalar(waiting) or 0,
            "情報提供等の記録": _count(connection, provision_record),
            "事務取扱担当者": len({one.handler for one in handlers.assignments(connection, layer.body, on)}),
        }
    network = layer.installation.network
    found["ネットワーク"] = "未加入" if network is None else f"{network.url}（模擬装置）"
    return found


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def load_residents(layer: Layer, count: int, system: str, seed: int) -> int:
    """Number so many synthetic people, by permits of the municipality's resident tax affair; how many were made."""
    permits = PermitsHere(layer.context, layer.body, layer.installation.municipality)
    holder = next(
        (e for e in layer.codes.agencies() if e.municipality == layer.installation.municipality and e.holding), None
    )
    if holder is None:
        raise Refusal(
            "G0914",
            "この市町村の機関のコードが登録されていない。",
            "linkage/intermediate/codes.yaml を確かめてください。",
        )
    people = residents(count, seed=seed, town=layer.installation.municipality)
    made = 0
    while rows := tuple(one.row() for one in islice(people, _BATCH)):
        sealed = seal(msgspec.json.encode(Batch(system, rows)).decode(), layer.vault.public_key())
        act = Act("addressee.load", "addressee", (sealed_handle(sealed),))
        request = {
            "action": "use",
            "municipality": holder.municipality,
            "agency": holder.agency,
            "affair": holder.holding,
            "on": today(layer.clock).isoformat(),
        }
        token = permits.permit(request, act, COMMAND)
        done = layer.gate.act(token, COMMAND, act, lambda t, text=sealed: numbering.load(t, layer.vault, text))  # type: ignore[misc]
        made += sum(one.new for one in done.result)
    return made
