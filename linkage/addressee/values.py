"""What the systems send and receive about a person: 基本4情報, requests for a number, and what is answered."""

from __future__ import annotations

import base64
import enum
import hashlib
import unicodedata
from datetime import date

import msgspec

from dsl.masking import twelve_digits
from linkage.addressee.number import AddresseeRefused
from linkage.addressee.sealing import sealed_handle

#: 団体内統合宛名番号 and 宛名番号 in the external layout.
WIDTH = 15


class Sex(enum.StrEnum):
    """性別, as the resident record has it."""

    MALE = "男"
    FEMALE = "女"
    UNKNOWN = "不明"


class Basic(msgspec.Struct, frozen=True):
    """基本4情報: 氏名・住所・生年月日・性別."""

    name: str
    address: str
    birth: date
    sex: Sex

    def checked(self) -> Basic:
        """The same with widths unified.

        Raises:
            AddresseeRefused: G0625, a name or address is empty or holds twelve digits.
        """
        name, address = (" ".join(unicodedata.normalize("NFKC", text).split()) for text in (self.name, self.address))
        if not name or not address or twelve_digits(name) or twelve_digits(address):
            raise AddresseeRefused(
                "G0625", "基本4情報が正しくない。", "氏名と住所を確かめてください。個人番号は別の欄に入れてください。"
            )
        return Basic(name, address, self.birth, self.sex)

    @property
    def key(self) -> bytes:
        """By what a person is found without a number: name without blanks, and day of birth."""
        return f"{''.join(self.name.split())}|{self.birth.isoformat()}".encode()


class Kind(enum.StrEnum):
    """Whether the person is in the resident register."""

    RESIDENT = "resident"  # 住登者
    NON_RESIDENT = "non_resident"  # 住登外者


class Numbering(msgspec.Struct, frozen=True):
    """付番依頼: {個人番号, 宛名番号, 基本4情報}. `sealed` is the number sealed to the vault; a non-resident may have none."""

    system: str  # 業務ID
    local: str  # 宛名番号 in that system
    basic: Basic
    sealed: str | None
    kind: Kind = Kind.RESIDENT

    @property
    def handles(self) -> tuple[str, ...]:
        """What a permit for this request names."""
        own = local_handle(self.system, self.local)
        return (own,) if self.sealed is None else (own, sealed_handle(self.sealed))


class Numbered(msgspec.Struct, frozen=True):
    """付番の結果. `new` is false when the person was known, by the number or by the 宛名番号."""

    handle: str
    new: bool


class BatchRow(msgspec.Struct, frozen=True):
    """One person in a batch; the batch is sealed as a whole, so the number stands here in clear."""

    local: str
    basic: Basic
    number: str | None
    kind: Kind = Kind.RESIDENT

    def __repr__(self) -> str:
        return f"BatchRow({local_handle('', self.local)})"


class Batch(msgspec.Struct, frozen=True):
    """一括付番: the people of one system. Sealed as JSON; the permit names the sealed text (`sealed_handle`)."""

    system: str
    rows: tuple[BatchRow, ...]

    def __repr__(self) -> str:
        return f"Batch({self.system!r}, {len(self.rows)} rows)"


class Found(msgspec.Struct, frozen=True):
    """Whom a number belongs to. `current` is false for a number the person had before (従前の番号)."""

    handle: str
    current: bool


class Shown(msgspec.Struct, frozen=True):
    """A number as shown, inside the sealed answer only."""

    number: str
    since: date
    until: date | None
    ended_by: str | None = None

    def __repr__(self) -> str:
        return f"Shown(************, {self.since}, {self.until})"


def local_handle(system: str, local: str) -> str:
    """The handle of a person as one system knows them: `at_` and a hash of its 宛名番号, which may look like a number.

    Examples:
        >>> local_handle("juki", "000000000000015") == local_handle("juki", "15")
        True
    """
    digest = hashlib.sha256(f"{system}\0{local_form(local)}".encode()).digest()
    return "at_" + base64.b32encode(digest).decode()[:39].lower()


def local_form(local: str) -> str:
    """A 宛名番号 in the external layout: 15 characters, zeros before.

    Raises:
        AddresseeRefused: G0624, longer or with other characters than letters and digits.
    """
    if not local.isascii() or not local.isalnum() or len(local) > WIDTH:
        raise AddresseeRefused("G0624", "宛名番号の形が正しくない。", "15桁までの英数字で示してください。")
    return local.rjust(WIDTH, "0")


def serial_form(serial: int) -> str:
    """A 団体内統合宛名番号 in the external layout: 15 digits.

    Examples:
        >>> serial_form(42)
        '000000000000042'
    """
    return f"{serial:0{WIDTH}d}"
