"""提供の停止 carried out: the flag that the intermediate server heeds, set by the section that holds the information.

The flag is that of `linkage.intermediate.disclosure`: with it nothing is answered automatically any more, and whoever
answers by hand reads the ground. It is set by a permit for `copy.correct`, in the same transaction as the step of the
request, so that there is never a request that says "stopped" while information still goes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.intermediate import disclosure
from linkage.rights import course
from linkage.rights.grounds import GROUND, is_stop
from linkage.rights.refusals import RightsRefused
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.ticket import Ticket

__all__ = ["GROUND", "is_stop", "stop_provision"]


def stop_provision(
    ticket: Ticket, request: str, person: str, agencies: tuple[str, ...], information: str = disclosure.ALL
) -> None:
    """Stop the provision from today. Act copy.correct, naming the person and the request.

    Raises:
        RightsRefused: M0101, M0102; M0111 the request is another, or another person's.
    """
    here = admit(ticket, "copy.correct", handles=(person, request))
    what = "すべての情報" if information == disclosure.ALL else f"情報（{information}）"
    if course.stopped(ticket, request, f"{what}の提供を停止した（個人情報保護法第100条）。") != person:
        raise RightsRefused("M0111")
    for agency in agencies:
        disclosure.flag(ticket, agency, person, GROUND, here.at.date(), information=information)
