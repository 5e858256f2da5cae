"""Who may order an operation: the layer's own parts each their one, the command line any, and callers by role and scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from api.callers import Role
from linkage.gate import GateRefused
from linkage.intermediate.server import OPERATOR as INTERMEDIATE
from linkage.portal.portal import OPERATOR as PORTAL

if TYPE_CHECKING:
    from api.callers.register import Register

#: `jorei linkage` on this machine, by whoever may read the key folder.
COMMAND: Final = "command-line"
#: Names that no caller may have.
RESERVED: Final = frozenset({INTERMEDIATE, PORTAL, COMMAND})

RIGHTS: Final = "linkage:rights:write"
_OWN: Final[Mapping[str, frozenset[str]]] = {
    INTERMEDIATE: frozenset({"network.settle"}),
    PORTAL: frozenset({"rights.write"}),
}


class Authority:
    """Says whether an operator may order an operation; asked by the gate."""

    def __init__(self, register: Register, body: str) -> None:
        self._register, self._body = register, body

    def __call__(self, operator: str, operation: str) -> None:
        """Return when the operator may.

        Raises:
            GateRefused: G0615.
        """
        if operator in RESERVED:
            if operator == COMMAND or operation in _OWN[operator]:
                return
            raise _may_not()
        for one in self._register.list():
            caller = one.caller
            if caller.client_id != operator or one.disabled_ms is not None or caller.body != self._body:
                continue
            by_scope = operation == "rights.write" and RIGHTS in caller.scopes
            if by_scope or (Role.ADMINISTRATOR in caller.roles and operation != "network.settle"):
                return
        raise _may_not()


def _may_not() -> GateRefused:
    return GateRefused("G0615", "この操作を命じる権限がない。", "この団体の管理者の資格情報で行ってください。", 403)
