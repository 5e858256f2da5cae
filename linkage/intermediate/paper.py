"""Back to paper: when the network is down or late for a same-day case, the citizen brings the document.

Nobody is refused for it: the case goes on with the attachment, and the engine is told so (`facts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from linkage.intermediate.states import InquiryState

if TYPE_CHECKING:
    from linkage.intermediate.inquiries import Standing

#: Why; said to the citizen by the clerk.
DOWN = (
    "情報提供ネットワークシステムが止まっているため、{provider}から「{information}」の提供を本日中に受けられません。"
    "お手数ですが、「{information}」を証明する書類を提出してください。申請は受け付けます。"
)
LATE = (
    "{provider}から「{information}」の回答が、本日の受付の時間内に届きません。"
    "お手数ですが、「{information}」を証明する書類を提出してください。申請は受け付けます。"
)


def sentence(provider: str, information: str, *, down: bool) -> str:
    """What the counter clerk shows."""
    return (DOWN if down else LATE).format(provider=provider, information=information)


def facts(standing: Standing) -> Mapping[str, Any]:
    """The facts for the engine's answer on the papers of the case: after a fallback nothing may be dropped for it."""
    gone = standing.state in (InquiryState.FALLBACK_TO_PAPER, InquiryState.FAILED, InquiryState.UNKNOWN)
    return {"same_day": standing.state is InquiryState.FALLBACK_TO_PAPER, "network_up": not gone}
