"""The ground that a stop of provision leaves in flags and records, told apart from 不開示情報."""

from __future__ import annotations

#: The ground that the flag bears; tells it from 不開示情報.
GROUND = (
    "本人の請求による提供の停止（番号法第30条第1項により読み替えて適用する個人情報保護法第98条第1項第2号、第100条）"
)


def is_stop(ground: str | None) -> bool:
    """Whether a ground is that of a stop, which the person asked for and may see."""
    return ground == GROUND
