"""References to the Act whose number is another one on some day (L0104), from the addresses of the national part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from dsl.compile import Nation
from dsl.editions import standing
from dsl.instrument import branch
from dsl.lint.days import union, within
from dsl.lint.finding import AMENDS, Edit, Fix, Lint, lint
from dsl.lint.splitting import Rewording, reworded
from dsl.lint.view import Edition, Passage, View, item_texts
from dsl.normalise import normalise, wareki_of
from dsl.syntax import NoEffect, ProvisionToOtherAgency, Text
from engine.period import Period

#: canonical numbers of article, paragraph and item; None below what a reference says
Address = tuple[str, str | None, str | None]

_REFERENCE = re.compile(r"法(第(\d+)条((?:の\d+)*)(?:第(\d+)項)?(?:第(\d+)号((?:の\d+)*))?)")
#: 法 is the end of another word (同法, 生活保護法), unless that word is the short name of the Act
_WORD_BEFORE = re.compile(r"(?<!番号)(?<!番号利用)(?<=[一-龥々])$")
_TERM = re.compile(r"に規定する([一-龥ァ-ヶー]+)")
_TITLE = "特定の個人を識別するための番号の利用等に関する法律"
_OTHER_LAW = re.compile(r"([^。、]{0,60})（[^（）]*以下「法」という。")
_KANJI = "〇一二三四五六七八九"


class Addresses:
    """Which provision of the Act stands at which address on which days."""

    def __init__(self, nation: Nation) -> None:
        self._at: dict[Address, list[tuple[Period, str]]] = {}
        self._of: dict[str, list[tuple[Period, Address]]] = {}
        self._terms: list[tuple[Period, str, str]] = []  # days, text of a provision, its identity
        for on, national in nation.slices:
            act = national.act
            for article in act.document.articles:
                for paragraph in (None, *article.paragraphs):
                    for item in (None, *(paragraph.items if paragraph else ())):
                        for cited in act.cite_provision(on, article, paragraph, item):
                            number = (cited.paragraph or paragraph.number) if paragraph else None
                            address = (cited.article or article.number, number, cited.item if item else None)
                            self._at.setdefault(address, []).append((cited.in_force, cited.clause))
                            self._of.setdefault(cited.clause, []).append((cited.in_force, address))
                            if paragraph is not None and item is None:
                                text = "".join(s.text.normal for s in paragraph.sentences)
                                self._terms.append((cited.in_force, text, cited.clause))

    def at(self, address: Address, period: Period) -> str | None:
        """The provision that stands at an address on the first day of a period."""
        return next((c for on, c in self._at.get(address, ()) if on.contains(period.first)), None)

    def lacking(self, address: Address, days: Period) -> str | None:
        """What stands in an article or paragraph of the Act on some of the days, where the address itself stands on none.

        Returns:
            `None` where the address stands on one of the days, and where the text of the article is not among the rules.
        """
        article, paragraph, item = address

        def stands(there: Address) -> bool:
            return any(on.intersect(days) is not None for on in (period for period, _ in self._at.get(there, ())))

        if stands(address) or not stands((article, None, None)):
            return None
        if item is not None and stands((article, paragraph, None)):
            held = [a[2] for a in self._at if a[:2] == (article, paragraph) and a[2] is not None and stands(a)]
            above, counter = (
                branch(article, "条") + (branch(paragraph, "項") if paragraph not in (None, "1") else ""),
                "号",
            )
        else:
            held = [a[1] for a in self._at if a[0] == article and a[1] is not None and a[2] is None and stands(a)]
            above, counter = branch(article, "条"), "項"
        if not held:
            return f"{above}に{counter}はありません"
        ordered = sorted(set(held), key=lambda number: [int(part) for part in number.split("-")])
        return f"{above}にあるのは" + "、".join(branch(number, counter) for number in ordered) + "です"

    def of(self, clause: str, days: Period) -> list[tuple[Period, Address]]:
        """The addresses of a provision in the course of a run of days, runs of one address joined."""
        held = sorted((p, a) for on, a in self._of.get(clause, ()) for p in within([on], days))
        runs: list[tuple[Period, Address]] = []
        for address, group in groupby(held, key=lambda pair: pair[1]):
            runs += [(run, address) for run in union(p for p, _ in group)]
        return runs

    def defining(self, term: str, period: Period) -> str | None:
        """The provision that defines a word on the first day of a period."""
        return next((c for on, t, c in self._terms if f"「{term}」とは" in t and on.contains(period.first)), None)


def check(view: View) -> Iterator[Lint]:
    """Every reference to the Act in the bodies of the instruments."""
    addresses = Addresses(view.nation)
    for edition in view.editions:
        if _calls_another_law(edition):
            continue
        passages = [p for p in view.passages if p.edition is edition]
        provisions = {
            p.formula.act_item for p in passages if isinstance(p.formula, ProvisionToOtherAgency) and p.formula.act_item
        }
        for passage in passages:
            yield from _text(view, addresses, passage, passage.sentence.text, provisions, sentence=True)
            if passage.sentence is passage.paragraph.sentences[0]:
                for text in item_texts(passage.paragraph.items):
                    yield from _text(view, addresses, passage, text, provisions, sentence=False)


def _calls_another_law(edition: Edition) -> bool:
    """Whether 「法」 is short for another law in this document (生活保護法（以下「法」という。）)."""
    match = _OTHER_LAW.search(edition.document.source)
    return match is not None and not match.group(1).endswith(_TITLE)


def _text(
    view: View, addresses: Addresses, passage: Passage, text: Text, provisions: set[str], *, sentence: bool
) -> Iterator[Lint]:
    for match in _REFERENCE.finditer(text.normal):
        start, end = normalise(text.raw).original(match.start(1), match.end(1))
        if _WORD_BEFORE.search(text.raw[: start - 1]):
            continue
        written = _address(match)
        intended = _intended(view, addresses, passage, written, text.normal[match.end() :], provisions)
        if intended is None:
            yield from _missing(addresses, passage, text, (start, end), written)
            continue
        depth = 3 if written[2] else 2 if match.group(4) else 1
        runs = addresses.of(intended, passage.days)
        wrong = [(run, there) for run, there in runs if there[:depth] != written[:depth]]
        if wrong:
            raw = text.raw[start:end]
            told = "、".join(f"{wareki_of(run.first)}からは{_words(there, match)}" for run, there in wrong)
            fix = _fix(passage, text, (start, end), runs, written, match, sentence=sentence)
            yield lint(
                "L0104",
                passage.edition.path,
                passage.edition.place(text, start, end),
                f"「法{raw}」で引いている規定は、{told}です",
                "その日からの番号に改めてください。施行の前後にまたがるときは、〔期間 …まで〕〔期間 …から〕の二つに分けます。"
                + AMENDS,
                fix,
            )


def _missing(
    addresses: Addresses, passage: Passage, text: Text, at: tuple[int, int], written: Address
) -> Iterator[Lint]:
    """A paragraph or item that the article has on none of the days."""
    held = addresses.lacking(written, passage.days)
    if held is not None:
        yield lint(
            "L0104",
            passage.edition.path,
            passage.edition.place(text, *at),
            f"「法{text.raw[at[0] : at[1]]}」という規定は、番号法にありません",
            f"番号法の{held}。番号を確かめてください。" + AMENDS,
        )


def _address(match: re.Match[str]) -> Address:
    article = match.group(2) + match.group(3).replace("の", "-")
    item = match.group(5) + match.group(6).replace("の", "-") if match.group(5) else None
    return article, match.group(4) or ("1" if item else None), item


def _intended(
    view: View, addresses: Addresses, passage: Passage, written: Address, after: str, provisions: set[str]
) -> str | None:
    """The provision that a reference means: by the formula, by the word it defines, else the one it met on its first day."""
    formula = passage.formula
    by_formula = isinstance(formula, ProvisionToOtherAgency) and formula.act_item == written[2]
    purpose = isinstance(formula, NoEffect) and written[2] in provisions and "提供" in after[:20]
    if written[0] == "19" and written[2] and (by_formula or purpose):
        for _, national in reversed(view.nation.slices):
            for citation in national.grounds.get("agency_provision", ()):
                return citation.clause
    term = _TERM.match(after)
    defining = addresses.defining(term.group(1), passage.days) if term else None
    return defining or addresses.at(written, passage.days)


def _words(address: Address, match: re.Match[str]) -> str:
    words = branch(address[0], "条")
    if match.group(4) and address[1]:
        words += branch(address[1], "項")
    if address[2]:
        words += branch(address[2], "号")
    return words


def _fix(
    passage: Passage,
    text: Text,
    at: tuple[int, int],
    runs: list[tuple[Period, Address]],
    written: Address,
    match: re.Match[str],
    *,
    sentence: bool,
) -> Fix | None:
    """The right number, for all days or split by 〔期間〕; nothing for items and for sentences without an effect of days."""
    raw = text.raw[at[0] : at[1]]
    kanji = any(ch in _KANJI or ch == "十" for ch in raw)
    if len(runs) == 1:
        new = _styled(_words(runs[0][1], match), kanji)
        return Fix((Edit(passage.edition.place(text, *at), new),))
    if not sentence or isinstance(passage.formula, NoEffect) or runs[0][0].first > passage.days.first:
        return None
    if text.raw.count(f"法{raw}") != 1 or standing(passage.paragraph.annotations):
        return None

    def rewording(there: Address) -> Rewording | None:
        new = _styled(_words(there, match), kanji)
        return None if new == raw else lambda line: line.replace(f"法{raw}", f"法{new}", 1)

    return reworded(passage, [(run, rewording(there)) for run, there in runs])


def _styled(words: str, kanji: bool) -> str:
    """The number in the numerals of the document."""
    return re.sub(r"\d+", lambda m: _in_kanji(int(m.group())), words) if kanji else words


def _in_kanji(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ((_KANJI[tens] if tens > 1 else "") + "十" if tens else "") + (_KANJI[ones] if ones else "")
