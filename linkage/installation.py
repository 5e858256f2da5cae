"""`linkage.yaml` in the folder of the service: whose layer it is, and where the network is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import yaml

from linkage.network import registers
from linkage.refusal import Refusal

if TYPE_CHECKING:
    from engine.rule_set import RuleSet

FILE = "linkage.yaml"
_CODE = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{16}$")]
_MEMBER = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_.-]{1,64}$")]


class InstallationRefused(Refusal):
    """The file cannot be used (G091x)."""


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The line to the network: the simulator's address, its public key, and the name this server has there."""

    url: str
    key: str
    member: _MEMBER


class Installation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the file says. Without `network` nothing is linked; without `agencies` no copies are kept."""

    municipality: str
    agencies: tuple[_CODE, ...] = ()
    network: Network | None = None
    portal_url: str | None = None

    def body(self, rule_set: RuleSet) -> str:
        """The code of the municipality.

        Raises:
            InstallationRefused: G0911, the rules do not know it.
        """
        code = rule_set.names.get(self.municipality)
        if code is None:
            raise InstallationRefused(
                "G0911",
                f"{FILE} の市町村「{self.municipality}」は、規則集にない。",
                "municipality に、条例の文書にある市町村の名を書いてください。",
            )
        return code


def read(home: Path) -> Installation | None:
    """The file of a folder; None when there is none.

    Raises:
        InstallationRefused: G0910, it cannot be read.
    """
    file = home / FILE
    if not file.is_file():
        return None
    try:
        return msgspec.convert(registers.read(file), type=Installation)
    except (msgspec.ValidationError, ValueError, OSError) as error:
        raise InstallationRefused(
            "G0910", f"{FILE} を読めない（{error}）。", "jorei linkage init で作り直すか、形を確かめてください。"
        ) from None


def write(home: Path, installation: Installation) -> None:
    """Write the file, whole or not at all."""
    text = yaml.safe_dump(msgspec.to_builtins(installation), allow_unicode=True, sort_keys=False)
    beside = home / f".{FILE}.new"
    beside.write_text("# 保管・連携の層の設定（jorei linkage init が作った）\n" + text, "utf-8")
    os.replace(beside, home / FILE)
