"""SIMULATOR of the Information Provision Network System (情報提供ネットワークシステム).

It stands for no national system and speaks to none. It exists so that municipalities and example state bodies on one
machine can link by the rules of the Number Use Act: link codes that differ per agency, inquiries routed between
intermediate servers, the impact assessments of both sides asked for (番号法21条2項), records of its own (23条3項).
Every answer carries the header `X-Jorei-Simulator` that says so. Wire forms, keys and numbers are of its own making:
the interface specifications of the real system are not public.
"""

from __future__ import annotations

#: What every answer says about itself.
SIMULATOR_HEADER = "X-Jorei-Simulator"
SIMULATOR_TEXT = "simulator of the Information Provision Network System; stands for no national system"
SIMULATOR_JAPANESE = "これは情報提供ネットワークシステムの模擬装置であり、国のシステムではない。"
