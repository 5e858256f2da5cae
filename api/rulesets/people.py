"""Who takes a step: by the credential of a caller, or by name at the console of a single node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from api.rulesets.refusal import WRONG_ROLE, RuleSetRefused
from dsl.masking import twelve_digits

if TYPE_CHECKING:
    from api.callers import Caller

EDITOR, APPROVER, ADMINISTRATOR = "editor", "approver", "administrator"
_WORDS = {EDITOR: "起案者（editor）", APPROVER: "承認者（approver）", ADMINISTRATOR: "管理者（administrator）"}
_LONGEST = 100


class Person(msgspec.Struct, frozen=True):
    """One who drafts, approves or publishes; two steps by one id are steps of one person."""

    id: str
    roles: frozenset[str]


def of_caller(caller: Caller) -> Person:
    """The person that a credential stands for."""
    return Person(caller.client_id, frozenset(str(role.value) for role in caller.roles))


def operator(name: str) -> Person:
    """One at the console, who may take every step but not both of two.

    Raises:
        RuleSetRefused: when that is no name.
    """
    clean = name.strip()
    if not clean or len(clean) > _LONGEST or not clean.isprintable() or twelve_digits(clean):
        raise RuleSetRefused(WRONG_ROLE, "実行する人の名（--as）が正しくありません", "100字までの名を書いてください。")
    return Person(clean, frozenset((EDITOR, APPROVER)))


def acting(person: Person, *roles: str) -> str:
    """The role in which a person takes a step: the first of `roles` that they have.

    Raises:
        RuleSetRefused: when they have none.
    """
    found = next((role for role in roles if role in person.roles), None)
    if found is None:
        wanted = "か".join(_WORDS[role] for role in roles)
        raise RuleSetRefused(
            WRONG_ROLE,
            f"この操作には、{wanted}の役割が要ります",
            "役割のある人が行うか、管理者に役割を付けてもらってください。",
        )
    return found


def takes_part(person: Person) -> bool:
    """Whether a registered caller has a role in the life of rule sets."""
    return not person.roles.isdisjoint((EDITOR, APPROVER))
