"""改め文: the wording of an instrument that amends another. A rule file holds the text as amended, never the amendment."""

from __future__ import annotations

import re

from dsl.normalise import normalise

#: what is said of such a sentence, and how it is mended
AMENDING = "この文は、ほかの条文を改める改め文です"
CONSOLIDATE = (
    "改め文は書かず、改正を溶け込ませた後の条文の全部を、新しい版の文書として書いてください。"
    "改正の前の文書と〔番号 …〕を同じにし、〔範囲 初日から〕を付けます。"
    "附則がほかの条例を改めている文であれば、文の末尾に〔効力なし ほかの条例の改正〕と書いてください。"
)

_AMENDING = re.compile(
    r"の(?:一部|全部)を次のように改正する"
    r"|^(?:第\d+[条項号編章節款]|別表|附則|題名|目次|本則|同条|同項|前文|様式)[^「」。]{0,40}中?「[^」]*」(?:を「|を削|の(?:下|次)に「)"
    r"|」を「[^」]*」(?:に|と)(?:改め|する。)"
    r"|(?:を|に)次のように(?:改め|加え)る"
    r"|の(?:次|前|後)に次の[^。「」]{1,8}を加え|(?:条|項|表)に次の[^。「」]{1,8}を加え"
    r"|^第\d+条(?:の\d+)*(?:第\d+項)?を第\d+条(?:の\d+)*(?:第\d+項)?とし"
)


def is_amending(text: str) -> bool:
    """Whether a sentence amends the words of another text.

    Examples:
        >>> is_amending("みなと町個人番号の利用に関する条例の一部を次のように改正する。")
        True
        >>> is_amending("第九条中「町長」を「町長又は教育委員会」に改める。"), is_amending("別表に次のように加える。")
        (True, True)
        >>> is_amending("別表第2の左欄に掲げる機関は、「甲」を利用することができる。"), is_amending("次の表に掲げる事務とする。")
        (False, False)
    """
    return _AMENDING.search(normalise(text).text.strip()) is not None
