"""The names by which a rule set is spoken of: municipalities, agencies, affairs, procedures, information, holders."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from engine.japanese import canonical, nearest, plain, provision_number
from engine.rule_set import SPECIFIC_FACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.rule_set import Affair, Body, Part, Party, RuleSet

MAYOR = "市町村長"
GOVERNOR_OR_WELFARE_OFFICE = "都道府県知事等"
GOVERNOR = "都道府県知事"

#: 「東京都知事」「女川町長」…: heads of bodies that are not registered.
_HEADS = (
    (re.compile(r".+[市区]長$"), frozenset({MAYOR, GOVERNOR_OR_WELFARE_OFFICE})),
    (re.compile(r".+[町村]長$"), frozenset({MAYOR})),
    (re.compile(r"他(の?)市(区?)町村(長?)$"), frozenset({MAYOR})),
    (re.compile(r".+[都道府県]知事$"), frozenset({GOVERNOR, GOVERNOR_OR_WELFARE_OFFICE})),
    (re.compile(r"他(の?)都道府県(知事?)$"), frozenset({GOVERNOR, GOVERNOR_OR_WELFARE_OFFICE})),
)


def head_designations(text: str) -> frozenset[str]:
    """What the head of one local body falls under, by the form of the name; nothing for a choice of heads."""
    if "又は" in text:
        return frozenset()
    return next((designations for form, designations in _HEADS if form.match(text)), frozenset())


class Holder(msgspec.Struct, frozen=True):
    """Who holds information, as a request carries it."""

    key: str
    designations: frozenset[str]
    body: str | None


class Names:
    """All names of one part, each with the key it stands for. Prepared once, then only read."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.parties = _parties(part)
        self.affairs = _affairs(part.affairs.values())
        self.information = {plain(name): name for name in part.information}
        self.persons: dict[str, str] = {}
        for grant in part.grants:
            for entry in grant.information or ():
                self.information.setdefault(plain(entry.name), entry.name)
                if entry.person is not None:
                    self.persons[plain(entry.person)] = entry.person
        self.designations = {
            plain(name): name
            for names in (*(grant.holders for grant in part.grants), *(p.designations for p in part.parties.values()))
            for name in names
        }
        self.specific = frozenset(_specific(part))
        self.procedures: dict[str, dict[str, str]] = {}
        for procedure in part.procedures.values():
            numbers = self.procedures.setdefault(procedure.affair, {})
            numbers[procedure.id] = procedure.id
            numbers.setdefault(provision_number(procedure.id.removeprefix(f"{procedure.affair}/")), procedure.id)
            for citation in procedure.citations:
                numbers.setdefault(canonical(citation.label), procedure.id)


class Directory:
    """Looks names up for requests about one body, own part first, then the nation's."""

    def __init__(self, rule_set: RuleSet, body: str | None, tables: tuple[Names, ...]) -> None:
        self.rule_set = rule_set
        self.body = body
        self.tables = tables
        #: specific facts that the parts ask for, without prefix
        self.specific: frozenset[str] = frozenset().union(*(table.specific for table in tables))
        #: the same as facts are named
        self.specific_facts = frozenset(SPECIFIC_FACT + name for name in self.specific)

    def agency(self, name: str) -> Party | None:
        """The acting agency: of the body itself or, without a body, of the nation."""
        own = self.tables[0]
        text = plain(name)
        if self.body is not None:
            registered = self.rule_set.bodies[self.body].body
            for prefix in () if registered is None else (registered.name, registered.code):
                if registered is not None and text.startswith(prefix):
                    short = text[len(prefix) :].lstrip("の/")
                    found = own.parties.get(text) or own.parties.get(short) or self._head(own, registered, short)
                    if found is not None:
                        return found
        return own.parties.get(text)

    @staticmethod
    def _head(own: Names, registered: Body, short: str) -> Party | None:
        """石巻市長 is 市長 of 石巻市: 石巻市 + 長."""
        return own.parties.get(registered.name[-1:] + short) if short == "長" else None

    def affair(self, name: str) -> Affair | None:
        """The affair with this id, legal name or citation."""
        text = canonical(name)
        return next((found for table in self.tables if (found := table.affairs.get(text)) is not None), None)

    def procedure(self, affair: Affair, name: str) -> str | None:
        """The procedure of the affair with this number or id, or of an affair in its scope when only one has it."""
        keys = (name.strip(), provision_number(name), canonical(name))
        for scope in ((affair.id,), sorted(affair.scope)):
            found = {
                table.procedures[id_][key]
                for table in self.tables
                for id_ in scope
                if id_ in table.procedures
                for key in keys
                if key in table.procedures[id_]
            }
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    def information(self, name: str) -> str | None:
        """The information with this name."""
        text = plain(name)
        return next((found for table in self.tables if (found := table.information.get(text)) is not None), None)

    def person(self, name: str) -> str:
        """The person as the 規則 words it; a wording that no rule has stays as it is and matches none."""
        text = plain(name)
        return next((table.persons[text] for table in self.tables if text in table.persons), name.strip())

    def holder(self, name: str, registered: Registered) -> Holder | None:
        """Who holds: own agency, national body, agency of a registered body, designation, other local head."""
        text = plain(name)
        own = self.agency(text) if self.body is not None else None
        if own is not None:
            return Holder(own.key, own.designations, own.body)
        national = self.tables[-1].parties.get(text)
        if national is not None:
            return Holder(national.key, national.designations, national.body)
        other = registered.agency(text)
        if other is not None:
            return Holder(other.key, other.designations, other.body)
        for table in self.tables:
            if text in table.designations:
                designation = table.designations[text]
                return Holder(designation, frozenset({designation}) | head_designations(text), None)
        designations = head_designations(text)
        return Holder(text, designations, None) if designations else None

    def nearest_agency(self, name: str) -> str | None:
        """The agency name most like `name`."""
        return nearest(name, self.tables[0].parties)

    def nearest_affair(self, name: str) -> str | None:
        """The affair most like `name`, as an id or name."""
        return nearest(canonical(name), [key for table in self.tables for key in table.affairs])

    def nearest_procedure(self, affair: Affair, name: str) -> str | None:
        """A procedure of the affair: the most alike, or the first."""
        ids = sorted({id_ for table in self.tables for id_ in table.procedures.get(affair.id, {}).values()})
        return nearest(name, ids) or (ids[0] if ids else None)

    def nearest_information(self, name: str) -> str | None:
        """The information most like `name`."""
        return nearest(name, [key for table in self.tables for key in table.information.values()])

    def nearest_holder(self, name: str) -> str | None:
        """The holder most like `name`."""
        names = [*self.tables[0].parties, *self.tables[-1].parties]
        return nearest(name, [*names, *(d for table in self.tables for d in table.designations.values())])


class Registered:
    """Agencies of all registered bodies, by full name (仙台市長, 石巻市/教育委員会)."""

    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set = rule_set
        self._codes = {plain(name): code for name, code in rule_set.names.items()}
        self._codes |= {code: code for code in rule_set.bodies}
        called = Counter(plain(part.body.name) for part in rule_set.bodies.values() if part.body is not None)
        for code, part in rule_set.bodies.items():
            if part.body is not None and called[plain(part.body.name)] == 1:  # 府中市 and 伊達市 are two bodies each
                self._codes.setdefault(plain(part.body.name), code)

    def municipality(self, name: str) -> str | None:
        """The code of the body with this name or code."""
        code = self._codes.get(plain(name))
        return code if code in self._rule_set.bodies else None

    def nearest_municipality(self, name: str) -> str | None:
        """The name of the body most like `name`."""
        return nearest(name, self._codes)

    def agency(self, text: str) -> Party | None:
        """The agency whose name begins with the name or code of its body."""
        for end in range(len(text) - 1, 1, -1):
            code = self._codes.get(text[:end])
            if code is None or code not in self._rule_set.bodies:
                continue
            short = text[end:].lstrip("の/")
            wanted = {short, text[end - 1] + short if short == "長" else short}
            parties = self._rule_set.bodies[code].parties.values()
            found = [party for party in parties if plain(party.name) in wanted]
            if len(found) == 1:
                return found[0]
        return None


class Directories:
    """The directories of all bodies, each made when first asked for. Safe for several threads."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self.registered = Registered(rule_set)
        self._national = Names(rule_set.national)
        self._made: dict[str | None, Directory] = {}

    def of(self, body: str | None) -> Directory:
        """The names known to requests about `body`, a code of the rule set or None for the nation."""
        found = self._made.get(body)
        if found is None:
            own = () if body is None else (Names(self.rule_set.bodies[body]),)
            found = self._made[body] = Directory(self.rule_set, body, (*own, self._national))
        return found


def _parties(part: Part) -> dict[str, Party]:
    names: dict[str, Party] = {}
    for party in part.parties.values():
        names[plain(party.name)] = party
    for party in part.parties.values():
        names[plain(party.key)] = party
    return names


def _affairs(affairs: Iterable[Affair]) -> dict[str, Affair]:
    known = list(affairs)
    names: dict[str, Affair] = {}
    for form in (lambda a: (a.name,), lambda a: a.aliases, lambda a: (a.id,)):
        level: dict[str, Affair] = {}
        doubtful: set[str] = set()
        for affair in known:
            for spelled in form(affair):
                text = canonical(spelled)
                if text in level and level[text].id != affair.id:
                    doubtful.add(text)
                level[text] = affair
        for text, affair in level.items():
            if text in doubtful:
                names.pop(text, None)  # a name of several affairs names none
            else:
                names[text] = affair
    return names


def _specific(part: Part) -> Iterator[str]:
    for grant in part.grants:
        for condition in grant.conditions:
            if condition.literal.fact.startswith(SPECIFIC_FACT):
                yield condition.literal.fact.removeprefix(SPECIFIC_FACT)
        for bar in grant.bars:
            for literal in bar.literals:
                if literal.fact.startswith(SPECIFIC_FACT):
                    yield literal.fact.removeprefix(SPECIFIC_FACT)
