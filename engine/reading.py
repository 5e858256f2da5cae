"""Reads the members of one request with care, and says everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Final

from engine.facts import field_name, normalise, shown
from engine.japanese import day_of, has_twelve_digits, nearest, plain, spoken_day
from engine.request import Request, RequestProblem, RequestRefused
from engine.rule_set import Action, GrantedInformation

if TYPE_CHECKING:
    from engine.names import Directories, Directory, Holder
    from engine.rule_set import Affair

MUNICIPALITY, AGENCY, AFFAIR, PROCEDURE, INFORMATION, HOLDER = (f"R010{n}" for n in range(1, 7))
MISSING, ILL_TYPED, OUTSIDE, UNKNOWN_MEMBER, TWELVE_DIGITS, NO_INFORMATION, CARD_INFORMATION = (
    "R0107",
    "R0108",
    "R0109",
    "R0110",
    "R0111",
    "R0112",
    "R0113",
)
ACTION = "R0116"

MEMBERS: Final = (
    "action",
    "municipality",
    "agency",
    "affair",
    "procedure",
    "information",
    "holder",
    "on",
    "facts",
    "attachments",
)
#: What the action is called; values of `Action` are accepted too.
ACTION_WORDS = {action.value: action for action in Action} | {
    "利用": Action.USE,
    "提供": Action.TRANSFER,
    "移転": Action.TRANSFER,
    "庁内連携": Action.TRANSFER,
    "照会": Action.LINK,
    "情報照会": Action.LINK,
    "連携": Action.LINK,
    "情報連携": Action.LINK,
    "収集": Action.STORE,
    "保管": Action.STORE,
    "収集・保管": Action.STORE,
    "ファイル保有": Action.STORE,
    "カード": Action.CARD,
    "カード利用": Action.CARD,
    "個人番号カード": Action.CARD,
    "個人番号カードの利用": Action.CARD,
}


class Reading:
    """One careful reading of one request."""

    def __init__(self, directories: Directories, raw: Mapping[str, object]) -> None:
        self.directories = directories
        self.raw = raw
        self.problems: list[RequestProblem] = []

    def read(self) -> Request:
        """All members resolved; the facts as the request gives them, without the registers.

        Raises:
            RequestRefused: If anything is wrong.
        """
        self._digits()
        self._members()
        action = self._action()
        body, doubtful = self._municipality()
        directory = self.directories.of(body)
        party = None if doubtful else self._agency(directory)
        affair = None if doubtful else self._affair(directory)
        procedure = self._procedure(directory, affair)
        information = self._information(directory, action, doubtful=doubtful)
        holder = None if doubtful else self._holder(directory)
        on = self._on()
        facts, assumptions = self._facts(directory, on)
        attachments = self._attachments()
        if self.problems or action is None or party is None or affair is None or on is None:
            raise RequestRefused(tuple(dict.fromkeys(self.problems)))
        return Request(
            action,
            body,
            party,
            affair.id,
            on,
            procedure,
            information,
            None if holder is None else holder.key,
            frozenset() if holder is None else holder.designations,
            None if holder is None else holder.body,
            facts,
            attachments,
            assumptions,
        )

    def refuse(self, code: str, field: str, text: str, suggestion: str | None = None) -> None:
        """Note one problem."""
        self.problems.append(RequestProblem(code, field, text, suggestion))

    def _digits(self) -> None:
        for name, value in self.raw.items():
            if digits_anywhere(name) or digits_anywhere(value):
                text = "12桁以上の数字の並びがあります。個人番号は判断に要らないので、要求に書かないでください"
                self.refuse(TWELVE_DIGITS, field_name(name), text)

    def _members(self) -> None:
        for name in self.raw:
            if name not in MEMBERS:
                text = f"要求に「{shown(name)}」という項目はありません"
                self.refuse(UNKNOWN_MEMBER, field_name(name), text, nearest(str(name), MEMBERS))

    def _text(self, member: str, *, required: bool) -> str | None:
        value = self.raw.get(member)
        if isinstance(value, str) and value.strip():
            return value
        if value is None or value == "":
            if required:
                self.refuse(MISSING, member, f"項目 {member} がありません")
        else:
            self.refuse(ILL_TYPED, member, f"項目 {member} は文字列で書いてください")
        return None

    def _action(self) -> Action | None:
        word = self._text("action", required=True)
        if word is None:
            return None
        action = ACTION_WORDS.get(plain(word).lower())
        if action is None:
            text = f"行為「{shown(word)}」は知られていません"
            self.refuse(ACTION, "action", text, nearest(word, ACTION_WORDS))
        return action

    def _municipality(self) -> tuple[str | None, bool]:
        """The code, and whether the name given could not be resolved."""
        name = self._text("municipality", required=False)
        if name is None:
            return None, self.raw.get("municipality") not in (None, "")
        code = self.directories.registered.municipality(name)
        if code is None:
            text = f"市町村「{shown(name)}」の規則は読み込まれていません"
            self.refuse(MUNICIPALITY, "municipality", text, self.directories.registered.nearest_municipality(name))
            return None, True
        return code, False

    def _agency(self, directory: Directory) -> str | None:
        name = self._text("agency", required=True)
        if name is None:
            return None
        party = directory.agency(name)
        if party is not None:
            return party.key
        text = f"機関「{shown(name)}」は知られていません"
        suggestion = directory.nearest_agency(name)
        if directory.body is None:
            local = self.directories.registered.agency(plain(name))
            text += "。市町村の機関であれば municipality に市町村を書いてください"
            if local is not None and local.body is not None:
                suggestion = f"municipality: {local.body}, agency: {local.name}"
        self.refuse(AGENCY, "agency", text, suggestion)
        return None

    def _affair(self, directory: Directory) -> Affair | None:
        name = self._text("affair", required=True)
        if name is None:
            return None
        affair = directory.affair(name)
        if affair is None:
            text = f"事務「{shown(name)}」は知られていません"
            self.refuse(AFFAIR, "affair", text, directory.nearest_affair(name))
        return affair

    def _procedure(self, directory: Directory, affair: Affair | None) -> str | None:
        value = self.raw.get("procedure")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            self.refuse(ILL_TYPED, "procedure", "項目 procedure は番号か手続の識別子で書いてください")
            return None
        if affair is None:
            return None
        found = directory.procedure(affair, str(value))
        if found is None:
            text = f"事務「{affair.id}」に手続「{shown(value)}」はありません"
            self.refuse(PROCEDURE, "procedure", text, directory.nearest_procedure(affair, str(value)))
        return found

    def _information(
        self, directory: Directory, action: Action | None, *, doubtful: bool
    ) -> tuple[GrantedInformation, ...]:
        value = self.raw.get("information")
        entries = [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
        if not entries and action in (Action.TRANSFER, Action.LINK):
            text = "庁内連携と情報連携には、求める情報（information）を書いてください"
            self.refuse(NO_INFORMATION, "information", text)
        if entries and action is Action.CARD:
            text = "個人番号カードの利用は個人番号も特定個人情報も用いません。information を除いてください"
            self.refuse(CARD_INFORMATION, "information", text)
        read = (self._item(directory, entry, f"information[{n}]", doubtful) for n, entry in enumerate(entries))
        return tuple(item for item in read if item is not None)

    def _item(self, directory: Directory, entry: object, field: str, doubtful: bool) -> GrantedInformation | None:
        person: object = None
        if isinstance(entry, Mapping):
            record: Mapping[object, object] = entry
            unknown = [name for name in record if name not in ("name", "person")]
            for name in unknown:
                text = f"情報の記載に「{shown(name)}」という項目はありません"
                self.refuse(UNKNOWN_MEMBER, f"{field}.{field_name(name)}", text, nearest(str(name), ("name", "person")))
            entry, person = record.get("name"), record.get("person")
        if not isinstance(entry, str) or not entry.strip() or not (person is None or isinstance(person, str)):
            self.refuse(ILL_TYPED, field, "情報は、情報名か、name と person の組で書いてください")
            return None
        found = directory.information(entry)
        if found is None:
            if not doubtful:
                text = f"情報「{shown(entry)}」は知られていません"
                self.refuse(INFORMATION, field, text, directory.nearest_information(entry))
            return None
        return GrantedInformation(
            found, directory.person(person) if isinstance(person, str) and person.strip() else None
        )

    def _holder(self, directory: Directory) -> Holder | None:
        name = self._text("holder", required=False)
        if name is None:
            return None
        holder = directory.holder(name, self.directories.registered)
        if holder is None:
            text = f"情報の保有者「{shown(name)}」は知られていません"
            self.refuse(HOLDER, "holder", text, directory.nearest_holder(name))
        return holder

    def _on(self) -> date | None:
        value = self.raw.get("on")
        if value is None or value == "":
            self.refuse(MISSING, "on", "項目 on（判断する日）がありません")
            return None
        on = day_of(value) if isinstance(value, str) else value
        if type(on) is not date:
            text = "項目 on は日付で書いてください（例: 2016-01-01、平成28年1月1日）"
            self.refuse(ILL_TYPED, "on", text, "2016-01-01")
            return None
        valid = self.directories.rule_set.valid
        if not valid.contains(on):
            until = "" if valid.last is None else f"{spoken_day(valid.last)}まで"
            text = f"{spoken_day(on)}は判断できません。読み込まれた規則は{spoken_day(valid.first)}から{until}のものです"
            self.refuse(OUTSIDE, "on", text, (valid.first if on < valid.first else valid.last or on).isoformat())
            return None
        return on

    def _facts(self, directory: Directory, on: date | None) -> tuple[dict[str, bool], tuple[str, ...]]:
        value = self.raw.get("facts")
        if value is None:
            return {}, ()
        if not isinstance(value, Mapping):
            self.refuse(ILL_TYPED, "facts", "項目 facts は、事実の名とその値の組で書いてください")
            return {}, ()
        normal = normalise(value, on or self.directories.rule_set.valid.first, directory.specific)
        self.problems.extend(normal.problems)
        return dict(normal.facts), normal.assumptions

    def _attachments(self) -> tuple[str, ...] | None:
        value = self.raw.get("attachments")
        if value is None or value is True:
            return None
        if value is False:
            return ()
        names = [value] if isinstance(value, str) else value
        if isinstance(names, list | tuple) and all(isinstance(name, str) and name.strip() for name in names):
            return tuple(str(name).strip() for name in names)
        self.refuse(ILL_TYPED, "attachments", "項目 attachments は、書類名の並びか true で書いてください")
        return None


def digits_anywhere(value: object) -> bool:
    """Whether a run of twelve digits stands anywhere in a value, however deep."""
    if isinstance(value, Mapping):
        return any(digits_anywhere(name) or digits_anywhere(inner) for name, inner in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return any(digits_anywhere(inner) for inner in value)
    if value is None or isinstance(value, bool | date):
        return False
    return has_twelve_digits(value if isinstance(value, str) else str(value))
