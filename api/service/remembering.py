"""What was decided before, by the bytes of its request: a request holds no personal data, so the same one comes again.

Most requests that come again differ in their day only. So a plainly written one is kept without its day, as the bytes
before and after it, and a body of the same bytes around another day of the rule set is that request on that day. No
other body can be taken for it:

* A body is kept so only when it was read and decided, escapes nothing of ASCII (so that its quotation marks are those
  around its strings), and holds `on` in quotation marks once: there the member `on` stands, whose value is the day that
  is cut out.
* A day is ten bytes, digits and hyphens, between quotation marks, that a calendar and the rule set know. Within the
  marks it can neither end its string nor make twelve digits; so whatever was found of the form of the body, of doubled
  names and of runs of digits holds for every day.
* The key has a NUL where the day was. No body that was read holds one, so the place of the day is part of the key.

What such a request means without its day is one `engine.desk.Plain`: the same shape, the same facts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from api.canonical import NotCanonicalError, canonical
from api.service.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.callers import Caller
    from api.service.answers import Encoder, Form
    from engine.decision import Decision
    from engine.desk import Plain
    from engine.period import Period

#: Bodies remembered of each kind, and the longest of them.
_REMEMBERED: Final = 16_384
_LONGEST: Final = 1_024

_NAME: Final = b'"on"'
_MEMBER: Final = b'"on":'
_DAY: Final = re.compile(rb'"([0-9]{4}-[0-9]{2}-[0-9]{2})"')
_ASCII: Final = b"\\u00"
_PLACE: Final = "\0"

#: A day as an ordinal, and in the bytes of ISO.
Day = tuple[int, bytes]


class About:
    """A request that was read: its words, and who was last found to ask for its own municipality and agency."""

    __slots__ = ("approved", "words")

    def __init__(self, words: dict[str, Any]) -> None:
        self.words = words
        self.approved: Caller | None = None

    def request(self, on: bytes) -> bytes:
        """The words in canonical JSON."""
        return written(self.words)


class Prepared:
    """A request that is decided, in the pieces that answers and records are put together from.

    `answer` in canonical JSON is `head`, the day and `tail` in turn.
    """

    __slots__ = ("about", "form", "on")

    def __init__(self, about: About, form: Form, on: bytes) -> None:
        self.about = about
        self.form = form
        self.on = on

    @property
    def outcome(self) -> str:
        """The outcome, or that the request was refused."""
        return self.form.outcome

    @property
    def lawful(self) -> bool:
        """True only when permitted."""
        return self.form.lawful

    @property
    def head(self) -> bytes:
        """What stands before the day."""
        return self.form.full

    @property
    def tail(self) -> bytes:
        """What stands after the day."""
        return self.form.tail

    @property
    def request(self) -> bytes:
        """The words in canonical JSON."""
        return self.about.request(self.on)

    @property
    def answer(self) -> bytes:
        """The canonical JSON of the answer."""
        return b"".join((self.form.full, self.on, self.form.tail))


class Decided(Prepared):
    """The same with the decision itself, on its own day."""

    __slots__ = ("decision",)

    def __init__(self, about: About, form: Form, on: bytes, decision: Decision) -> None:
        super().__init__(about, form, on)
        self.decision = decision


class Template(About):
    """A plainly written request without its day."""

    __slots__ = ("_encoder", "_forms", "_pieces", "_plain")

    def __init__(self, words: dict[str, Any], plain: Plain, encoder: Encoder) -> None:
        super().__init__(words)
        self._plain = plain
        self._encoder = encoder
        self._forms: list[Form | None] = [None] * (len(plain.starts) + 1)
        self._pieces: tuple[bytes, bytes] | None = None

    def on(self, day: Day) -> Prepared:
        """The request on a day."""
        ordinal, iso = day
        run = bisect_right(self._plain.starts, ordinal)
        form = self._forms[run]
        if form is None:
            form = self._forms[run] = self._encoder.whole(self._plain.decide(ordinal))
        return Prepared(self, form, iso)

    def request(self, on: bytes) -> bytes:
        """The words on a day in canonical JSON."""
        if self._pieces is None:
            before, _, after = written(self.words | {"on": _PLACE}).partition(b"\\u0000")
            self._pieces = (before, after)
        return on.join(self._pieces)


class Memory:
    """The requests of one way of asking that were decided on one rule set. Used by the thread of the event loop."""

    def __init__(self, encoder: Encoder, plain: Callable[[dict[str, Any]], Plain | None], valid: Period) -> None:
        self._encoder = encoder
        self._plain = plain
        self._valid = valid
        self._days: dict[bytes, Day] = {}
        self._templates: dict[bytes, Template] = {}
        self._whole: dict[bytes, Prepared] = {}
        encoder.forgotten.append(self.forget)

    def find(self, body: bytes) -> Prepared | None:
        """What this body asks, decided; None when it has to be read."""
        at = body.find(_MEMBER)
        if at >= 0:
            at += 6 if body[at + 5 : at + 6] == b" " else 5
            written_day = body[at : at + 12]
            day = self._days.get(written_day) or self._day(written_day)
            if day is not None:
                template = self._templates.get(b"%b\0%b" % (body[:at], body[at + 12 :]))
                if template is not None:
                    return template.on(day)
        return self._whole.get(body)

    def keep(self, body: bytes, prepared: Prepared) -> None:
        """Keep what was decided on a body that was read: it follows from its bytes and the rule set alone."""
        if len(body) > _LONGEST:
            return
        key = self._key(body, prepared.about.words)
        plain = None if key is None or prepared.form.decision is None else self._plain(prepared.about.words)
        if key is None or plain is None:
            if len(self._whole) >= _REMEMBERED:
                self._whole.clear()
            self._whole[body] = prepared
            return
        if len(self._templates) >= _REMEMBERED:
            self._templates.clear()
        template = Template(prepared.about.words, plain, self._encoder)
        template.approved = prepared.about.approved
        self._templates[key] = template

    def forget(self) -> None:
        """Let everything go."""
        self._templates.clear()
        self._whole.clear()

    def _key(self, body: bytes, words: dict[str, Any]) -> bytes | None:
        """The bytes around the day, when the member `on` of a request can be nowhere else than where it is found."""
        if body.count(_NAME) != 1:
            return None
        if b"\\" in body and (_ASCII in body or body.count(b"\\") != body.count(b"\\u")):
            return None
        at = body.find(_MEMBER)
        if at < 0:
            return None
        at += 6 if body[at + 5 : at + 6] == b" " else 5
        found = _DAY.fullmatch(body[at : at + 12])
        if found is None or words.get("on") != found[1].decode():
            return None
        return b"%b\0%b" % (body[:at], body[at + 12 :])

    def _day(self, text: bytes) -> Day | None:
        """A day not met before, when it is one of the rule set; remembered."""
        found = _DAY.fullmatch(text)
        if found is None:
            return None
        try:
            on = date.fromisoformat(found[1].decode())
        except ValueError:
            return None
        if not self._valid.contains(on):
            return None
        if len(self._days) >= _REMEMBERED:
            self._days.clear()
        self._days[text] = day = (on.toordinal(), found[1])
        return day


def written(words: dict[str, Any]) -> bytes:
    """The words of a request in canonical JSON."""
    try:
        return canonical(words)
    except NotCanonicalError:
        raise Problem("request-invalid") from None
