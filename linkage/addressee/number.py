"""The Individual Number as a value that does not show itself, and its check digit.

A number is entered once, checked, and from then on stands in an `IndividualNumber`, which gives its digits only to the
holder of a live ticket of an act on addressees. Every other way to see it (repr, str, format, JSON, pickle, copy) shows
nothing or refuses.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from typing import TYPE_CHECKING, NoReturn

from linkage.acts import ACTS, Kind
from linkage.refusal import Refusal
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.ticket import Ticket

#: Order No. 85 of 2014 (個人番号の検査用数字), Art. 5: from the left.
_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_TWELVE = re.compile(r"[0-9]{12}")
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—―−ー]")

#: The acts in which the digits are handled: on addressees, and the acquisition of a linkage code with them.
HANDLING = tuple(
    name
    for name, entry in ACTS.items()
    if entry.kind is Kind.ACT and (entry.target == "addressee" or name == "code.acquire")
)


class AddresseeRefused(Refusal):
    """Something about a person or a number is not right (G062x)."""


def check_digit(eleven: str) -> int:
    """The check digit of the first eleven digits.

    Raises:
        ValueError: When they are not eleven ASCII digits.

    Examples:
        >>> check_digit("0" * 11), check_digit("1" * 11)
        (0, 8)
    """
    if not re.fullmatch(r"[0-9]{11}", eleven):
        raise ValueError("eleven digits are needed")
    remainder = sum(int(digit) * weight for digit, weight in zip(eleven, _WEIGHTS, strict=True)) % 11
    return 0 if remainder <= 1 else 11 - remainder


class IndividualNumber:
    """An Individual Number with a right check digit. `IndividualNumber.entered` makes one."""

    __slots__ = ("__digits",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, digits: str) -> None:
        self.__digits = digits

    @classmethod
    def entered(cls, text: str) -> IndividualNumber:
        """The number as people enter it: any width, in groups or not.

        Raises:
            AddresseeRefused: G0621, without the digits.
        """
        digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
        if not _TWELVE.fullmatch(digits) or check_digit(digits[:11]) != int(digits[11]):
            raise AddresseeRefused(
                "G0621",
                "個人番号の検査用数字が合わない。",
                "通知カード又は個人番号カードの番号と見比べて、入れ直してください。",
            ) from None
        return cls(digits)

    def reveal(self, ticket: Ticket) -> str:
        """The twelve digits, to the running act on an addressee.

        Raises:
            GateRefused: Without a live ticket of such an act.
        """
        admit(ticket, *HANDLING)
        return self.__digits

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IndividualNumber):
            return NotImplemented
        return hmac.compare_digest(self.__digits, other.__digits)

    def __repr__(self) -> str:
        return "IndividualNumber(************)"

    def __str__(self) -> str:
        return "************"

    def __format__(self, spec: str) -> str:
        return str(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an Individual Number is not copied out")

    def __getstate__(self) -> NoReturn:
        raise TypeError("an Individual Number is not copied out")

    def __copy__(self) -> IndividualNumber:
        return self

    def __deepcopy__(self, _: object) -> IndividualNumber:
        return self
